"""The Python functions that translated text calls by name, beside those of the operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from immutables import Map

from tracecheck.compiled import functions, kinds, lazysets, membership, sets, standard
from tracecheck.compiled.large import Sequence, sequence
from tracecheck.compiled.order import Order
from tracecheck.engine import EvaluationError

_NOTHING = object()


class Found(Exception):  # noqa: N818
    """A step exists, which is all that ENABLED asks."""


def fail(text: str) -> NoReturn:
    """Raises EvaluationError, in an expression."""
    raise EvaluationError(text)


def lazy(compute: Callable[[], Any]) -> Callable[[], Any]:
    """A function that computes a value when it is called first, and remembers it."""
    held: Any = _NOTHING

    def get() -> Any:
        nonlocal held
        if held is _NOTHING:
            held = compute()
        return held

    return get


def forall(elements: Any, test: Callable[[Any], bool]) -> bool:
    """\\A x \\in elements : test(x)"""
    for value in membership.each(elements):  # noqa: SIM110 - no generator: it would nest Python's own stack
        if not test(value):
            return False
    return True


def exists(elements: Any, test: Callable[[Any], bool]) -> bool:
    """\\E x \\in elements : test(x)"""
    for value in membership.each(elements):  # noqa: SIM110 - as above
        if test(value):
            return True
    return False


def parts_of(value: Any, count: int) -> tuple[Any, ...]:
    """The elements of a tuple of `count` elements."""
    if isinstance(value, tuple | Sequence) and len(value) == count:
        return tuple(value)
    raise EvaluationError(f"{kinds.shown(value)} is no tuple of {count} elements")


_CALLED = {
    functions: "call built built_of_many recursive put without rebuilt in_domain domain",
    sets: "filtered image set_of selected",
    membership: "member subset_of in_functions",
    lazysets: "Functions Records Product Subsets",
    standard: "lt le gt ge add sub",
    kinds: "eq ne truth",
}


def python_names(order: Order) -> dict[str, Any]:
    """What translated text may call."""
    return {
        **{name: getattr(module, name) for module, names in _CALLED.items() for name in names.split()},
        "sequence": sequence,
        "Map": Map,
        "fail": fail,
        "lazy": lazy,
        "forall": forall,
        "exists": exists,
        "parts_of": parts_of,
        "Found": Found,
        "ordered": order.ordered,
        "choose": order.choose,
    }
