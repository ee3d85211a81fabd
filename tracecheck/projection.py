"""What an event says of the variables after its step, compared with what the spec has there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from immutables import Map

from tracecheck.codec import ArgumentError, Type, natural
from tracecheck.deltas import OPERATIONS, DeltaError, changed
from tracecheck.engine import Engine, Own, State
from tracecheck.mapping.expressions import Expression
from tracecheck.mapping.rules import EQUAL, Case
from tracecheck.placement import Slots
from tracecheck.read import Event
from tracecheck.values import Value, function, items, to_text

_NOTHING = "nothing"
_NAMES = {
    "set": "update",
    "replace": "update",
    "addelement": "add",
    "removeelement": "remove",
    "appendelement": "append",
}
"""Other names that logs have for the operations."""


@dataclass(frozen=True)
class Difference:
    """A part of a variable that is not as the event says: its value in the log and in the spec, as TLA+ text."""

    part: str
    logged: str
    actual: str


@dataclass(frozen=True)
class Part:
    """The part of `variable` at the keys in the slots `path` has the value in the slot `value`."""

    variable: str
    path: tuple[int, ...]
    value: int


@dataclass(frozen=True)
class Change:
    """A change of `variable`: `operation` with `operand` on its part at `path`."""

    variable: str
    operation: str
    path: tuple[Value, ...]
    operand: Value


class Projections:
    """What the events of one case say. `parts` are compared as they are; what is said as a change from before is
    applied to the value before, and the whole variable is compared."""

    def __init__(self, case: Case, engine: Engine, slots: Slots) -> None:
        self._engine = engine
        self._case = case
        for projection in case.projections:
            if projection.variable not in engine.variables:
                known = ", ".join(engine.variables)
                raise case.error(f"{projection.variable} is no variable of {engine.files.name}; there are: {known}")
        fitted = [(p, tuple(slots.of(key) for key in p.path), slots.of(p.value)) for p in case.projections]
        self.parts = [Part(p.variable, path, value) for p, path, value in fitted if p.operation == EQUAL]
        self._deltas = [(p.variable, p.operation, path, value) for p, path, value in fitted if p.operation != EQUAL]
        self._dynamic = case.changes
        self._encode_model = engine.encoder(Type("model"))

    def __bool__(self) -> bool:
        return bool(self.parts or self._deltas or self._dynamic is not None)

    def changes(self, event: Event, values: Sequence[Own]) -> list[Change]:
        """The changes that `event` speaks of. Raises ArgumentError."""
        export = self._engine.export
        found = [
            Change(variable, operation, tuple(export(values[key]) for key in path), export(values[value]))
            for variable, operation, path, value in self._deltas
        ]
        return found if self._dynamic is None else found + self._logged_changes(self._dynamic, event)

    def _logged_changes(self, expression: Expression, event: Event) -> list[Change]:
        content = expression.evaluate(event)
        if not isinstance(content, dict):
            raise ArgumentError(f"{expression.text} is no object from variable to changes")
        found = []
        for variable, listed in content.items():
            if variable not in self._engine.variables:
                raise ArgumentError(f"{expression.text} speaks of {variable}, no variable of the spec")
            where = f"{expression.text}.{variable}"
            for one in listed if isinstance(listed, list) else [listed]:
                change = _change(variable, one, where)
                path = tuple(map(self._with_models, change.path))
                found.append(replace(change, path=path, operand=self._with_models(change.operand)))
        return found

    def _with_models(self, value: Value) -> Value:
        """`value` with model values for the strings that are names of such: a log of changes has no types."""
        match value:
            case str():
                try:
                    return cast(Value, self._engine.export(self._encode_model(value, "")))
                except ArgumentError:
                    return value
            case frozenset():
                return frozenset(map(self._with_models, value))
            case tuple() | Map():
                return function({self._with_models(key): self._with_models(held) for key, held in items(value)})
        return value

    def difference(
        self, values: Sequence[Own], changes: Sequence[Change], before: State, after: State
    ) -> Difference | None:
        """The first part that is not as the event says. Raises EvaluationError."""
        for part in self.parts:
            found = self._unlike(part, values, after)
            if found is not None:
                return found
        for variable in dict.fromkeys(change.variable for change in changes):
            found = self._changed_otherwise(variable, changes, before, after)
            if found is not None:
                return found
        return None

    def _unlike(self, part: Part, values: Sequence[Own], after: State) -> Difference | None:
        engine = self._engine
        actual = engine.look(after, part.variable)
        for key in part.path:
            actual = engine.select(actual, values[key])
            if actual is None:
                return self._told(part, values, _NOTHING)
        if engine.equal(actual, values[part.value]):
            return None
        return self._told(part, values, to_text(engine.export(actual)))

    def _told(self, part: Part, values: Sequence[Own], actual: str) -> Difference:
        keys = [self._engine.export(values[key]) for key in part.path]
        return Difference(
            part.variable + "".join(map(_step, keys)), to_text(self._engine.export(values[part.value])), actual
        )

    def _changed_otherwise(
        self, variable: str, changes: Sequence[Change], before: State, after: State
    ) -> Difference | None:
        engine = self._engine
        expected = engine.export(engine.look(before, variable))
        try:
            for change in changes:
                if change.variable == variable:
                    expected = changed(expected, change.operation, change.path, change.operand)
        except DeltaError as error:
            return Difference(variable, f"a change that cannot be made: {error}", to_text(expected))
        actual = engine.look(after, variable)
        if engine.equal(actual, engine.adopt(expected)):
            return None
        return _nearest(variable, changes, expected, engine.export(actual))


def _nearest(variable: str, changes: Sequence[Change], expected: Value, actual: Value) -> Difference:
    """The first changed part that differs, else the whole variable."""
    for change in changes:
        if change.variable == variable:
            one, other = _part(expected, change.path), _part(actual, change.path)
            if one is not None and other is not None and one != other:
                return Difference(variable + "".join(map(_step, change.path)), to_text(one), to_text(other))
    return Difference(variable, to_text(expected), to_text(actual))


def _part(value: Value, path: Sequence[Value]) -> Value | None:
    for key in path:
        pairs = dict(items(value)) if isinstance(value, tuple | Map) else {}
        if key not in pairs:
            return None
        value = pairs[key]
    return value


def _step(key: Value) -> str:
    return f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{to_text(key)}]"


def _change(variable: str, one: Any, where: str) -> Change:
    """A change as a log writes it: {"op": "add", "path": ["r1"], "value": 3}, or "args" with one value in a list."""
    if not isinstance(one, dict) or not isinstance(one.get("op"), str) or not isinstance(one.get("path", []), list):
        raise ArgumentError(f'{where} is no change such as {{"op": "add", "path": ["r1"], "value": 3}}')
    name = one["op"].lower()
    operation = _NAMES.get(name, name)
    if operation not in OPERATIONS:
        raise ArgumentError(f"{where}: there is no operation {one['op']}; there are {', '.join(OPERATIONS)}")
    arguments = [one["value"]] if "value" in one else one.get("args", [])
    wanted = 0 if operation == "clear" else 1
    if not isinstance(arguments, list) or len(arguments) != wanted:
        raise ArgumentError(f"{where}: {one['op']} takes {wanted} value in `value`, or in a list in `args`")
    path = tuple(natural(key, f"the path of {where}") for key in one.get("path", []))
    return Change(variable, operation, path, natural(arguments[0], where) if arguments else ())
