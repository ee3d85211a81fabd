"""A rule of the mapping, fitted to a spec: from a logged event to the states in which the spec may be after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tracecheck.codec import ArgumentError
from tracecheck.engine import Binding, Engine, Leaf, OneLeaf, OutsideError, Own, State
from tracecheck.errors import MappingError
from tracecheck.mapping import EventRule, Mapping
from tracecheck.read import Entry


@dataclass(frozen=True)
class Try:
    """One place of an action in Next, its quantified names bound. When the event cannot be this step, `outside` is the
    value that Next does not draw there, or `mismatch` the parameter on which event and spec differ."""

    leaf: OneLeaf
    binding: Binding
    mismatch: str | None = None
    outside: OutsideError | None = None

    @property
    def fits(self) -> bool:
        return self.mismatch is None and self.outside is None


class Move:
    """What an event may be, in every place where Next has its action."""

    def __init__(self, rule: EventRule, leaves: Sequence[OneLeaf], engine: Engine) -> None:
        self.rule = rule
        self.action = rule.action
        self.leaves = leaves
        self.engine = engine
        self._encoders = [(name, engine.encoder(rule.types[name])) for name in rule.types]
        self._logged = frozenset(rule.types) | rule.unused

    def observe(self, entry: Entry) -> Observation:
        """What the event `entry` says. Raises ArgumentError when its arguments are not the ones declared."""
        args = entry.event.args
        if args.keys() != self._logged:
            missing, extra = sorted(self._logged - args.keys()), sorted(args.keys() - self._logged)
            parts = [f"lacks {', '.join(missing)}"] if missing else []
            parts += [f"has {', '.join(extra)}, which the mapping does not know"] if extra else []
            raise ArgumentError(f"{self.rule.act} {' and '.join(parts)}")
        return Observation(entry, self, {name: encode(args[name], name) for name, encode in self._encoders})

    def tries(self, values: dict[str, Own], state: State) -> Iterator[Try]:
        """Each place of the action in Next, bound to the arguments. Raises EvaluationError."""
        arguments = [values[name] for name in self.rule.arguments]
        for leaf in self.leaves:
            yield from self._tries(leaf, arguments, state)

    def _tries(self, leaf: Leaf, arguments: list[Own], state: State) -> Iterator[Try]:
        equal = self.engine.equal
        logged = dict(zip(leaf.formals, arguments, strict=True))
        drawn: dict[str, Own] = {}
        mismatch = None
        for variable, formal in zip(leaf.variables, leaf.formals, strict=True):
            if variable is not None and not equal(drawn.setdefault(variable, logged[formal]), logged[formal]):
                mismatch = formal
        for derived in self.rule.derived:
            drawn[derived.name] = self.engine.domain(logged[derived.of])
        try:
            for binding in self.engine.bindings(leaf, drawn, state):
                yield Try(leaf, binding, mismatch or self._other(leaf, binding, logged, state))
        except OutsideError as outside:
            yield Try(leaf, None, mismatch, outside)

    def _other(self, leaf: Leaf, binding: Binding, logged: dict[str, Own], state: State) -> str | None:
        """The parameter for which the spec gives another value than was logged."""
        if None not in leaf.variables:
            return None
        given = zip(leaf.formals, leaf.variables, self.engine.arguments(leaf, binding, state), strict=True)
        for formal, variable, value in given:
            if variable is None and not self.engine.equal(value, logged[formal]):
                return formal
        return None


@dataclass(frozen=True)
class Observation:
    """An event with its values, ready to be compared with what the spec may do."""

    entry: Entry
    move: Move
    values: dict[str, Any]

    @property
    def action(self) -> str:
        """The action of the spec that the event is."""
        return self.move.action

    def successors(self, state: State) -> Iterator[State]:
        """The states to which the event may lead from `state`, lazily, perhaps one twice; invariants are not looked at.

        Raises EvaluationError.
        """
        for attempt in self.move.tries(self.values, state):
            if attempt.fits:
                yield from self.move.engine.successors(attempt.leaf, attempt.binding, state)


def compile_moves(mapping: Mapping, engine: Engine) -> dict[str, Move]:
    """The moves of `mapping` by event. Raises MappingError when it does not fit the spec."""
    by_action: dict[str, list[Leaf]] = {}
    for leaf in engine.leaves:
        by_action.setdefault(leaf.action, []).append(leaf)
    moves = {}
    for act, rule in mapping.rules.items():
        leaves = by_action.get(rule.action)
        if leaves is None:
            known = ", ".join(by_action) or "none that the checker can take apart"
            text = f"{rule.action} is no action of Next in {engine.files.name}; there are: {known}"
            raise _error(mapping, rule, text)
        for leaf in leaves:
            _fit(mapping, rule, leaf)
        moves[act] = Move(rule, leaves, engine)
    return moves


def _fit(mapping: Mapping, rule: EventRule, leaf: Leaf) -> None:
    """Refuses a rule with the wrong arguments, a name left unbound or bound twice."""
    if len(rule.arguments) != len(leaf.formals):
        wanted = f"{leaf.action}({', '.join(leaf.formals)})" if leaf.formals else f"{leaf.action} (no arguments)"
        raise _error(mapping, rule, f"the spec has {wanted}, the mapping gives it {len(rule.arguments)} arguments")
    bound = {variable for variable in leaf.variables if variable is not None}
    for derived in rule.derived:
        if derived.of not in leaf.formals:
            raise _error(mapping, rule, f"{derived.name} is derived from {derived.of}, no parameter of {leaf.action}")
        if rule.types[rule.arguments[leaf.formals.index(derived.of)]].kind not in ("map", "record", "seq"):
            raise _error(mapping, rule, f"{derived.name} is the domain of {derived.of}, which is no function")
        if derived.name not in leaf.quantified or derived.name in bound:
            raise _error(mapping, rule, f"{derived.name} is no name that Next quantifies and {leaf.action} leaves open")
        bound.add(derived.name)
    unbound = [name for name in leaf.quantified if name not in bound]
    if unbound:
        names = ", ".join(unbound)
        text = f"Next quantifies {names} before {leaf.action}, and nothing binds it; derive it in [derived]"
        raise _error(mapping, rule, text)


def _error(mapping: Mapping, rule: EventRule, message: str) -> MappingError:
    return MappingError(f"{mapping.path}: {rule.act}: {message}")
