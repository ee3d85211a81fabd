"""A rule of the mapping, compiled against the spec: from a logged event to the successors that Next allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tracecheck.codec import ArgumentError
from tracecheck.errors import MappingError
from tracecheck.mapping import EventRule, Mapping
from tracecheck.tlc.engine import Context, Engine, JavaValue, OutsideError, State
from tracecheck.tlc.next import Leaf


@dataclass(frozen=True)
class Try:
    """One leaf with its quantified names bound. When the event cannot be this leaf, `outside` is the value that Next
    does not draw there, or `mismatch` the argument on which event and spec differ."""

    leaf: Leaf
    context: Context
    mismatch: str | None = None
    outside: OutsideError | None = None

    @property
    def fits(self) -> bool:
        return self.mismatch is None and self.outside is None


class Move:
    """What an event may be, in every place where Next has its action.

    Invariant: each name that Next quantifies on the way to the action is a logged argument or derived from one.
    """

    def __init__(self, rule: EventRule, leaves: Sequence[Leaf], engine: Engine) -> None:
        self.rule = rule
        self.action = rule.action
        self.leaves = leaves
        self._engine = engine
        self._encoders = [(name, engine.values.encoder(rule.types[name])) for name in rule.types]
        self._logged = frozenset(rule.types) | rule.unused

    def values(self, args: dict[str, Any]) -> dict[str, JavaValue]:
        """The TLA+ values of the logged arguments. Raises ArgumentError when they are not the ones declared."""
        if args.keys() != self._logged:
            missing, extra = sorted(self._logged - args.keys()), sorted(args.keys() - self._logged)
            parts = [f"lacks {', '.join(missing)}"] if missing else []
            parts += [f"has {', '.join(extra)}, which the mapping does not know"] if extra else []
            raise ArgumentError(f"{self.rule.act} {' and '.join(parts)}")
        return {name: encode(args[name], name) for name, encode in self._encoders}

    def tries(self, values: dict[str, JavaValue], state: State) -> list[Try]:
        """Each place of the action in Next, bound to the arguments. Raises EvaluationError."""
        arguments = [values[name] for name in self.rule.arguments]
        return [self._try(leaf, arguments, state) for leaf in self.leaves]

    def _try(self, leaf: Leaf, arguments: list[JavaValue], state: State) -> Try:
        given = dict(zip(leaf.formals, arguments, strict=True))
        drawn: dict[str, JavaValue] = {}
        mismatch = None
        for variable, formal in zip(leaf.variables, leaf.formals, strict=True):
            if variable is not None and not drawn.setdefault(variable, given[formal]).equals(given[formal]):
                mismatch = formal
        for derived in self.rule.derived:
            drawn[derived.name] = given[derived.of].getDomain()
        try:
            context = self._engine.bind(leaf, drawn, state)
        except OutsideError as outside:
            return Try(leaf, None, mismatch, outside)
        for index, (variable, formal) in enumerate(zip(leaf.variables, leaf.formals, strict=True)):
            if variable is None and not self._engine.argument(leaf, index, context, state).equals(given[formal]):
                mismatch = formal
        return Try(leaf, context, mismatch)

    def successors(self, values: dict[str, JavaValue], state: State) -> list[State]:
        """The states to which the event may lead from `state`. Raises EvaluationError."""
        found: list[State] = []
        for attempt in self.tries(values, state):
            if attempt.fits:
                found += self._engine.successors(attempt.leaf, attempt.context, state)
        return found if len(self.leaves) == 1 else self._engine.distinct(found)


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
