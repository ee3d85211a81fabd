"""What a mapping says, once it has been read: rules for events, made of actions applied to operands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tracecheck.codec import Type
from tracecheck.errors import MappingError
from tracecheck.mapping.expressions import Expression
from tracecheck.mapping.log import LogFormat

EQUAL, UPDATE, ADD, REMOVE, APPEND = "after", "update", "add", "remove", "append"
OPERATIONS = (EQUAL, UPDATE, ADD, REMOVE, APPEND)
"""What a projection says of a part of a variable: its value after the step, and of the others how it differs from
before: another value, one more element, one less, one more at the end."""


@dataclass(frozen=True)
class Operand:
    """A value of the spec that an event gives."""

    expression: Expression
    type: Type

    @property
    def text(self) -> str:
        return self.expression.text


@dataclass(frozen=True)
class Domain:
    """The domain of the function that is one of the action's arguments, at the position `of`."""

    of: int
    text: str


@dataclass(frozen=True)
class Application:
    """An action of the spec with its arguments; None stands for `_`, an argument that no event gives.

    `arguments` is None when they are all left open. `named` are names that Next quantifies, beside the arguments.
    """

    action: str
    arguments: tuple[Operand | None, ...] | None
    named: dict[str, Operand | Domain | None]
    text: str

    @property
    def operands(self) -> Iterator[Operand]:
        """All that events give."""
        for operand in (*(self.arguments or ()), *self.named.values()):
            if isinstance(operand, Operand):
                yield operand


@dataclass(frozen=True)
class Projection:
    """What an event says of a part of a variable: the part at `path`, a key or index for each level."""

    operation: str
    variable: str
    path: tuple[Operand, ...]
    value: Operand
    text: str


@dataclass(frozen=True)
class Hidden:
    """Up to `most` steps of these actions may come before an event, and leave no trace in the log."""

    most: int
    actions: tuple[Application, ...]


@dataclass(frozen=True)
class Case:
    """What the event `act` is, if `when` is true of it.

    `steps` come one after the other, each by one of its alternatives; when there are none, the spec stutters.
    `ignored` is the reason why it is no step at all. `required` and `allowed` are the arguments that the event must and
    may have; `any_more` says that others are not looked at. `place` is where the case stands in the mapping.
    """

    act: str
    place: str
    when: Expression | None = None
    steps: tuple[tuple[Application, ...], ...] = ()
    projections: tuple[Projection, ...] = ()
    changes: Expression | None = None
    hidden: Hidden | None = None
    ignored: str | None = None
    required: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    any_more: bool = False

    @property
    def action(self) -> str:
        """The action that the event is, for a reader: "A", "A or B", "A, B", "no step"."""
        return ", ".join(" or ".join(one.action for one in choice) for choice in self.steps) or "no step"

    @property
    def applications(self) -> Iterator[Application]:
        """All actions that the event may be."""
        return (one for choice in self.steps for one in choice)

    @property
    def expressions(self) -> Iterator[Expression]:
        """All that looks at the event."""
        for one in (*self.applications, *(self.hidden.actions if self.hidden else ())):
            yield from (operand.expression for operand in one.operands)
        for projection in self.projections:
            yield from (operand.expression for operand in (*projection.path, projection.value))
        yield from (one for one in (self.when, self.changes) if one is not None)

    @property
    def constrains(self) -> bool:
        """Whether an event can contradict the spec by more than its kind's being allowed at all."""
        bound = (next(one.operands, None) is not None or one.arguments == () for one in self.applications)
        return bool(self.projections) or self.changes is not None or any(bound)

    def error(self, message: str) -> MappingError:
        """What to raise when the case does not fit the spec."""
        return MappingError(f"{self.place}: {self.act}: {message}")


@dataclass(frozen=True)
class EventRule:
    """What the event `act` is: the first of the `cases` that is true of it. `unused` are arguments not looked at."""

    act: str
    cases: tuple[Case, ...]
    unused: frozenset[str] = frozenset()

    @cached_property
    def action(self) -> str:
        """The action that the event is, or those that it may be, for a reader."""
        return " or ".join(dict.fromkeys(case.action for case in self.cases))

    @cached_property
    def types(self) -> dict[str, Type]:
        """The arguments that are given to actions as they are, with their types."""
        operands = (operand for case in self.cases for one in case.applications for operand in one.operands)
        return {o.expression.argument: o.type for o in operands if o.expression.argument is not None}


@dataclass(frozen=True)
class Pair:
    """What the values of `field` begin with, and what ends them: for the end of a log to say what was under way."""

    field: Expression
    begin: frozenset[str]
    end: frozenset[str]


@dataclass(frozen=True)
class Mapping:
    """A mapping that is well-formed; whether it fits its spec, `tracecheck.observe` finds out.

    `rules` says for each event what it is. `retire` are the events after
    which a slice is over; `symmetric` the constants whose elements are interchangeable.
    """

    path: Path
    rules: dict[str, EventRule]
    ignored: dict[str, str] = field(default_factory=dict)
    slice_by: str | None = None
    retire: frozenset[str] = frozenset()
    symmetric: tuple[str, ...] = ()
    log: LogFormat | None = None
    pairs: tuple[Pair, ...] = ()
    _known: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def ignores(self, act: str) -> bool:
        """Whether `act` is declared to be no step of the spec."""
        known = self._known.get(act)
        if known is None:
            patterns = (name[:-1] for name in self.ignored if name.endswith("*"))
            known = self._known[act] = act in self.ignored or any(act.startswith(start) for start in patterns)
        return known


def common_format(mappings: Iterable[Mapping]) -> LogFormat | None:
    """The format of the logs that all of `mappings` are for; None is Daybreak's. Raises MappingError."""
    first, *others = mappings
    for other in others:
        if other.log != first.log:
            raise MappingError(
                f"{other.path}: its [log] is not that of {first.path}, and they are to read the same logs"
            )
    return first.log
