"""Reads [events]: for each event its rules, in the order in which they are tried."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Protocol

from tracecheck.errors import MappingError
from tracecheck.mapping.applications import TypeOf, parse_choice, parse_operand, parse_target
from tracecheck.mapping.document import EventValue, HiddenTable, Literals, RuleTable, Targets
from tracecheck.mapping.expressions import EVERYTHING, Expression, ExpressionError, parse
from tracecheck.mapping.rules import OPERATIONS, Application, Case, EventRule, Hidden, Projection
from tracecheck.mapping.typetable import TypeTable

_OTHERS = "*"
_SHORT = "a rule is an action applied to arguments, such as Commit(txn, ts)"


class Places(Protocol):
    """What can tell where in the mapping something stands."""

    def error(self, message: str, *path: str | int) -> MappingError:
        """An error with its place."""

    def place(self, *path: str | int) -> str:
        """File and line."""


class RuleReader:
    """Reads the rules of all events. `hidden` holds for those without one of their own; `unused` is
    by event, or for all of them under "*"; `sliced` are the arguments that tell slices apart."""

    def __init__(
        self,
        places: Places,
        types: TypeTable,
        hidden: HiddenTable | None,
        unused: dict[str, str | dict[str, str]],
        sliced: frozenset[str],
    ) -> None:
        self._places = places
        self._types = types
        self._hidden = hidden
        self._unused = unused
        self._sliced = sliced

    def rule(self, act: str, value: EventValue) -> EventRule:
        """What one event is. Raises MappingError."""
        tables = _tables(value)
        found = []
        for index, table in enumerate(tables):
            path = ("events", act, index) if len(tables) > 1 else ("events", act)
            if table.when is None and index < len(tables) - 1:
                text = "the rules after one without `when` are never tried"
                raise self._places.error(f"{act}: {text}", *path)
            found.append(_OneCase(self, act, table, path).case())
        return self._with_fields(act, found)

    def _with_fields(self, act: str, cases: list[Case]) -> EventRule:
        """Adds which arguments the event must and may have: what one case looks at, another must not stumble over."""
        unused, everything = self._unused.get(act, {}), _OTHERS in self._unused
        named = frozenset(unused) - {_OTHERS} if isinstance(unused, dict) else frozenset()
        others = everything or isinstance(unused, str) or _OTHERS in unused
        seen = frozenset[str]().union(*(case.allowed for case in cases))
        for name in named:
            if name in seen:
                raise self._places.error(f"{act}: {name} is both used and unused", "unused", act, name)
        tested = frozenset[str]().union(*(case.when.fields for case in cases if case.when is not None))
        if len(cases) == 1:
            tested |= named
        complete = tuple(
            replace(
                case,
                required=frozenset() if case.ignored else case.required | tested,
                allowed=seen | named | self._sliced,
                any_more=others or EVERYTHING in seen or case.ignored is not None,
            )
            for case in cases
        )
        return EventRule(act, complete, named)

    def type_of(self, act: str) -> TypeOf:
        return partial(self._types.find, act)

    def hidden(self, own: HiddenTable | None) -> HiddenTable | None:
        """The hidden steps before an event; its own table takes the actions of the one for all when it names none."""
        if own is None or own.actions or self._hidden is None:
            return own or self._hidden
        return HiddenTable(most=own.most, actions=self._hidden.actions)

    def error(self, message: str, *path: str | int) -> MappingError:
        return self._places.error(message, *path)

    def place(self, *path: str | int) -> str:
        return self._places.place(*path)


class _OneCase:
    """Reads one case of the event `act`, which stands at `path`."""

    def __init__(self, all_rules: RuleReader, act: str, table: RuleTable, path: tuple[str | int, ...]) -> None:
        self._all = all_rules
        self._act = act
        self._table = table
        self._path = path
        self._type_of = all_rules.type_of(act)

    def case(self) -> Case:
        """What the rule says. Raises MappingError."""
        table = self._table
        said = [name for name in ("step", "stutter", "ignore") if getattr(table, name) is not None]
        if len(said) != 1:
            raise self._error("a rule says one of step, stutter, ignore")
        found = Case(
            act=self._act,
            place=self._all.place(*self._path),
            when=None if table.when is None else self._expression(table.when, "when"),
            steps=self._steps() if table.step is not None else (),
            projections=tuple(p for operation in OPERATIONS for p in self._projections(operation)),
            changes=None if table.changes is None else self._expression(table.changes, "changes"),
            hidden=None if table.ignore is not None else self._hidden(),
            ignored=table.ignore,
        )
        looks = bool(found.projections) or found.changes is not None
        if table.stutter is not None and not looks:
            raise self._error("a stutter that speaks of no variable checks nothing; say ignore, and why", "stutter")
        if table.ignore is not None and (looks or table.hidden is not None):
            raise self._error("what is ignored says nothing of variables or hidden steps; say stutter", "ignore")
        required = frozenset[str]().union(*(one.fields for one in found.expressions))
        optional = frozenset[str]().union(*(one.optional for one in found.expressions))
        return replace(found, required=required - optional, allowed=required | optional)

    def _steps(self) -> tuple[tuple[Application, ...], ...]:
        step = self._table.step
        texts = step if isinstance(step, list) else [step]
        if not texts:
            raise self._error(_SHORT, "step")
        return tuple(self._choice(text or "", "step") for text in texts)

    def _choice(self, text: str, field: str, *, may_be_open: bool = False) -> tuple[Application, ...]:
        try:
            return parse_choice(text, self._type_of, may_be_open=may_be_open)
        except ExpressionError as error:
            raise self._error(str(error), field) from None

    def _hidden(self) -> Hidden | None:
        table = self._all.hidden(self._table.hidden)
        if table is None or table.most == 0:
            return None
        if not table.actions:
            raise self._error("[hidden] names no actions", "hidden")
        found = [one for text in table.actions for one in self._choice(text, "hidden", may_be_open=True)]
        return Hidden(table.most, tuple(found))

    def _projections(self, operation: str) -> tuple[Projection, ...]:
        targets: Targets = getattr(self._table, operation)
        found = []
        for target, value in targets.items():
            try:
                variable, path = parse_target(target, self._type_of)
                operand = parse_operand(literal(value), self._type_of)
            except ExpressionError as error:
                raise self._error(f"{operation}: {target}: {error}", operation, target) from None
            found.append(Projection(operation, variable, path, operand, target))
        return tuple(found)

    def _expression(self, text: str, field: str) -> Expression:
        try:
            return parse(text)
        except ExpressionError as error:
            raise self._error(f"{field}: {error}", field) from None

    def _error(self, message: str, *inner: str) -> MappingError:
        return self._all.error(f"{self._act}: {message}", *self._path, *inner)


def _tables(value: EventValue) -> list[RuleTable]:
    """The rules that are written: in a list of actions they are steps of one rule, otherwise each is one."""
    if not isinstance(value, list):
        return [value if isinstance(value, RuleTable) else RuleTable(step=value)]
    steps = [part for part in value if isinstance(part, str)]
    if len(steps) == len(value):
        return [RuleTable(step=steps)]
    return [part if isinstance(part, RuleTable) else RuleTable(step=part) for part in value]


def literal(value: Literals) -> str:
    """What TOML wrote as a number or a truth value, as an expression."""
    return value if isinstance(value, str) else str(value)
