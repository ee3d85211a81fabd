"""What it takes to step a spec: the interface of the two engines.

    tlc        exact: TLC itself, in this process
    compiled   fast: the spec's syntax tree, translated into Python

The values and states of an engine are its own, and are never given to another engine. What goes from one to the other,
into a file or to a reader goes as a `tracecheck.values.Value` (`export`, `adopt`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from tracecheck.codec import Type
from tracecheck.tlc.spec import SpecFiles

State: TypeAlias = Any
"""A state of the spec, as its engine represents it. Never changed once made."""

Own: TypeAlias = Any
"""A value of the spec, as its engine represents it. Never changed once made."""

Encode: TypeAlias = Callable[[Any, str], Own]
"""From a JSON value, and words for where it stands, to the engine's value. Raises ArgumentError."""

Binding: TypeAlias = Any
"""The quantified names on the path through Next to an action, all bound, as the engine represents that."""


class EvaluationError(Exception):
    """An expression of the spec cannot be evaluated; the text says why, on one line."""


class OutsideError(Exception):
    """A given value is not in the set that a quantifier of Next draws it from.

    `names` are the quantifier's names (several when it draws a tuple), `bound` its set as the spec writes it, at
    `file`:`line`; `value` is the value as TLA+ text.
    """

    def __init__(self, names: tuple[str, ...], value: str, bound: str, file: str, line: int) -> None:
        super().__init__(", ".join(names))
        self.names = names
        self.value = value
        self.bound = bound
        self.file = file
        self.line = line


class Leaf(Protocol):
    """An action applied at the end of a path through Next: the unit in which a spec is stepped."""

    @property
    def action(self) -> str:
        """The name of the action."""

    @property
    def formals(self) -> tuple[str, ...]:
        """The names of its parameters."""

    @property
    def variables(self) -> tuple[str | None, ...]:
        """For each parameter the quantified name that is given for it, None when it is some other expression."""

    @property
    def quantified(self) -> tuple[str, ...]:
        """The names that the quantifiers on the way bind, outermost first."""


OneLeaf: TypeAlias = Any
"""One of the engine's own leaves."""


class Engine(Protocol):
    """A loaded spec that can be stepped. For one thread at a time."""

    @property
    def name(self) -> str:
        """`tlc` or `compiled`."""

    @property
    def files(self) -> SpecFiles:
        """Where the spec lies."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The spec's variables, in its order."""

    @property
    def leaves(self) -> Sequence[Leaf]:
        """The actions of Next, in its order; both engines have the same."""

    def encoder(self, kind: Type) -> Encode:
        """How a logged value of the type `kind` becomes a value of the spec."""

    def initial(self) -> list[State]:
        """The distinct initial states. Raises EvaluationError."""

    def bindings(self, leaf: OneLeaf, given: Mapping[str, Own], state: State) -> Iterator[Binding]:
        """Every way to bind the quantified names of `leaf`: those of `given` to their values, the others to each
        element of their sets, lazily and in an order that is the same each time.

        Raises OutsideError when a value of `given` is not in its quantifier's set (for every choice of the others),
        and EvaluationError, also when a set that has to be gone through is not finite.
        """

    def arguments(self, leaf: OneLeaf, binding: Binding, state: State) -> list[Own]:
        """The values of the action's parameters. Raises EvaluationError."""

    def successors(self, leaf: OneLeaf, binding: Binding, state: State) -> list[State]:
        """The distinct successors of `state` by `leaf`, invariants not looked at. Raises EvaluationError."""

    def broken_invariant(self, state: State) -> str | None:
        """The name of the first invariant of the configuration that `state` breaks. Raises EvaluationError."""

    def key(self, state: State) -> Hashable:
        """Equal for equal states, different for different ones (but for a chance below 2^-50)."""

    def same(self, one: State, other: State) -> bool:
        """Whether two states are the same, which for large ones is cheaper to see than their keys."""

    def look(self, state: State, variable: str) -> Own:
        """The value of a variable."""

    def equal(self, one: Own, other: Own) -> bool:
        """Whether two values are the same. Raises EvaluationError when they cannot be compared."""

    def domain(self, function: Own) -> Own:
        """The domain of a function. Raises EvaluationError when it is none."""

    def select(self, function: Own, argument: Own) -> Own | None:
        """The value of a function (a record, a sequence) at `argument`; None when that is not in its domain, or when it
        is no function. Raises EvaluationError when `argument` cannot be compared with the elements of the domain."""

    def export(self, value: Own) -> Any:
        """The same value as a `tracecheck.values.Value`. Raises EvaluationError when it is no finite value."""

    def adopt(self, value: Any) -> Own:
        """The engine's own form of a `tracecheck.values.Value`."""

    def show(self, state: State) -> dict[str, str]:
        """The variables of `state` as TLA+ text, in the order of the spec."""

    def state(self, values: Mapping[str, Any]) -> State:
        """The state in which the variables have these values (`tracecheck.values.Value`), all of them."""
