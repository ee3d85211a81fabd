"""Sets that are not written out: infinite ones, and those that have many more elements than parts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from immutables import Map

from tracecheck.compiled.kinds import LazySet, shown, written_out
from tracecheck.compiled.large import LIMIT, Large, Sequence, function
from tracecheck.compiled.membership import each, in_functions, member, subset_of
from tracecheck.engine import EvaluationError
from tracecheck.values import ModelValue


class Predicate(LazySet):
    """An infinite set of which is known what belongs to it."""

    finite = False

    def __init__(self, name: str, test: Callable[[Any], bool]) -> None:
        self._name = name
        self.has = test  # type: ignore[method-assign, assignment]

    def __str__(self) -> str:
        return self._name


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise EvaluationError(f"{shown(value)} is compared with integers")
    return value


def _string(value: Any) -> bool:
    if type(value) is str:
        return True
    if type(value) is ModelValue:
        return False
    raise EvaluationError(f"{shown(value)} is compared with strings")


NAT = Predicate("Nat", lambda value: type(value) is not ModelValue and _integer(value) >= 0)
INT = Predicate("Int", lambda value: type(value) is not ModelValue and _integer(value) is not None)
STRING = Predicate("STRING", _string)
ANY = Predicate("Any", lambda value: True)
BOOLEAN = frozenset((False, True))


class Interval(LazySet):
    """low .. high, with more than LIMIT elements."""

    def __init__(self, low: int, high: int) -> None:
        self._range = range(low, high + 1)

    def has(self, value: Any) -> bool:
        return type(value) is not ModelValue and _integer(value) in self._range

    def size(self) -> int:
        return len(self._range)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._range)


def interval(low: Any, high: Any) -> Any:
    """low .. high"""
    if type(low) is not int or type(high) is not int:
        raise EvaluationError(f"{shown(low)} .. {shown(high)}: both ends must be integers")
    return frozenset(range(low, high + 1)) if high - low < LIMIT else Interval(low, high)


class Domain(LazySet):
    """The domain of a large function."""

    def __init__(self, function: Large) -> None:
        self.function = function
        self._first = next(iter(function.pairs))

    def has(self, value: Any) -> bool:
        alike = type(value) is type(self._first)
        return value in self.function.pairs if alike else member(value, frozenset(self.function.pairs))

    def size(self) -> int:
        return len(self.function)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.function.pairs)


class Subsets(LazySet):
    """SUBSET base"""

    def __init__(self, base: Any) -> None:
        each(base)
        self._base = base
        self.finite = getattr(base, "finite", True)

    def has(self, value: Any) -> bool:
        return subset_of(value, self._base)

    def size(self) -> int:
        return 1 << min(64, len(written_out(self._base)))

    def __iter__(self) -> Iterator[Any]:
        elements = list(written_out(self._base))
        for count in range(len(elements) + 1):
            yield from map(frozenset, itertools.combinations(elements, count))

    def __str__(self) -> str:
        return f"SUBSET {self._base}"


class Functions(LazySet):
    """[domain -> range]"""

    def __init__(self, domain: Any, values: Any) -> None:
        each(domain), each(values)
        self._domain, self._values = domain, values
        self.finite = getattr(domain, "finite", True) and getattr(values, "finite", True)

    def has(self, value: Any) -> bool:
        return in_functions(value, self._domain, self._values)

    def size(self) -> int:
        return int(min(1 << 64, len(written_out(self._values)) ** min(64, len(written_out(self._domain)))))

    def __iter__(self) -> Iterator[Any]:
        keys = list(written_out(self._domain))
        for held in itertools.product(list(written_out(self._values)), repeat=len(keys)):
            yield function(Map(zip(keys, held, strict=True)))

    def __str__(self) -> str:
        return f"[{self._domain} -> {self._values}]"


class Records(LazySet):
    """[a : S, b : T]"""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields
        self.finite = all(getattr(values, "finite", True) for values in fields.values())

    def has(self, value: Any) -> bool:
        if type(value) is not Map or not all(type(name) is str for name in value):
            if value == () or type(value) is ModelValue:
                return False
            raise EvaluationError(f"{shown(value)} is compared with records")
        if len(value) != len(self._fields):
            return False
        return all(name in value and member(value[name], values) for name, values in self._fields.items())

    def size(self) -> int:
        return _product_size(self._fields.values())

    def __iter__(self) -> Iterator[Any]:
        for held in itertools.product(*(list(written_out(values)) for values in self._fields.values())):
            yield Map(zip(self._fields, held, strict=True))


class Product(LazySet):
    """S \\X T \\X ..."""

    def __init__(self, *factors: Any) -> None:
        self._factors = [each(factor) for factor in factors]
        self._tests = [_test(factor) for factor in self._factors]
        self.finite = all(getattr(factor, "finite", True) for factor in factors)

    def has(self, value: Any) -> bool:
        if type(value) is not tuple:
            if isinstance(value, Sequence | ModelValue):
                return False
            raise EvaluationError(f"{shown(value)} is compared with tuples")
        if len(value) != len(self._tests):
            return False
        return all(test(part) for test, part in zip(self._tests, value, strict=True))

    def size(self) -> int:
        return _product_size(self._factors)

    def __iter__(self) -> Iterator[Any]:
        return itertools.product(*(list(written_out(factor)) for factor in self._factors))

    def __str__(self) -> str:
        return " \\X ".join(str(factor) for factor in self._factors)


def _test(elements: Any) -> Callable[[Any], bool]:
    return elements.has if isinstance(elements, LazySet) else lambda value: member(value, elements)


def _product_size(factors: Iterable[Any]) -> int:
    size = 1
    for factor in factors:
        size *= len(written_out(factor))
    return size


class Sequences(LazySet):
    """Seq(base)"""

    finite = False

    def __init__(self, base: Any) -> None:
        self._base = each(base)

    def has(self, value: Any) -> bool:
        if isinstance(value, tuple | Sequence):
            return all(member(element, self._base) for element in value)
        if type(value) is ModelValue:
            return False
        raise EvaluationError(f"{shown(value)} is compared with sequences")

    def __str__(self) -> str:
        return f"Seq({self._base})"


class Filtered(LazySet):
    """The elements of a set that is not written out for which a test holds."""

    def __init__(self, base: LazySet, test: Callable[[Any], bool]) -> None:
        self._base, self._test = base, test
        self.finite = base.finite

    def has(self, value: Any) -> bool:
        return self._base.has(value) and self._test(value)

    def size(self) -> int:
        return self._base.size()

    def __iter__(self) -> Iterator[Any]:
        return filter(self._test, self._base)

    def __str__(self) -> str:
        return f"a part of {self._base}"


class Joined(LazySet):
    """The union of sets of which one is not written out."""

    def __init__(self, parts: list[Any]) -> None:
        self._parts = parts
        self.finite = all(getattr(part, "finite", True) for part in parts)

    def has(self, value: Any) -> bool:
        return any(member(value, part) for part in self._parts)

    def size(self) -> int:
        return sum(part.size() if isinstance(part, LazySet) else len(part) for part in self._parts)

    def __iter__(self) -> Iterator[Any]:
        if not self.finite:
            return super().__iter__()
        return iter(frozenset().union(*map(written_out, self._parts)))

    def __str__(self) -> str:
        return " \\cup ".join(str(part) for part in self._parts)
