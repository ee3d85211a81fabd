"""A rule of the mapping, fitted to a spec: from a logged event to the states in which the spec may be after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from tracecheck.codec import ArgumentError, TypeSyntaxError
from tracecheck.engine import Encode, Engine, EvaluationError, Leaf, Own, State
from tracecheck.mapping.functions import truth
from tracecheck.mapping.rules import Application, Case, EventRule, Mapping, Operand
from tracecheck.placement import Placement, Slots, Try, place
from tracecheck.projection import Change, Difference, Projections
from tracecheck.read import Entry, Event

_MOST_HIDDEN = 20_000
"""How many states hidden steps may lead to before one event."""


class Passage(NamedTuple):
    """A way through states: the actions taken, hidden ones too, and the states after each."""

    actions: tuple[str, ...]
    states: tuple[State, ...]


@dataclass(frozen=True)
class Attempt:
    """One way in which an event may be what its rule says, and how far it got.

    `state` is where the last step was tried, after the actions `before`. That step is `tried`, None in a stutter; when
    it fits and there is no `difference`, the state allows no such step, or the attempt succeeds.
    `logged` are the parameters of the step that the event gives.
    """

    action: str
    state: State
    before: tuple[str, ...]
    tried: Try | None
    logged: dict[str, Own]
    difference: Difference | None = None


class _Fitted:
    """A case of a rule, fitted to the spec."""

    def __init__(self, case: Case, engine: Engine, leaves: dict[str, list[Leaf]]) -> None:
        self.case = case
        self.engine = engine
        self.slots = Slots()
        self.steps = [self._placements(choice, leaves) for choice in case.steps]
        self.most_hidden = case.hidden.most if case.hidden else 0
        self.hidden = self._placements(case.hidden.actions if case.hidden else (), leaves)
        self.projections = Projections(case, engine, self.slots)
        self.is_plain = len(self.steps) == 1 and not self.most_hidden and not self.projections
        self.plain = self.steps[0] if self.is_plain else []
        self._getters = [self._getter(operand) for operand in self.slots.operands]
        self._domains = self.slots.domains

    def _placements(self, choice: Sequence[Application], leaves: dict[str, list[Leaf]]) -> list[Placement]:
        found = []
        for application in choice:
            if application.action not in leaves:
                known = ", ".join(leaves) or "none that the checker can take apart"
                text = f"{application.action} is no action of Next in {self.engine.files.name}; there are: {known}"
                raise self.case.error(text)
            found += [place(self.case, application, leaf, self.slots) for leaf in leaves[application.action]]
        return found

    def _getter(self, operand: Operand) -> tuple[str | None, Callable[[Event], Any], Encode, str]:
        """The argument that is merely named, else None; what computes the operand; its encoder; words for it."""
        try:
            encode = self.engine.encoder(operand.type)
        except TypeSyntaxError as error:
            raise self.case.error(f"{operand.text}: {error}") from None
        return operand.expression.argument, operand.expression.evaluate, encode, operand.text

    def values(self, event: Event) -> list[Own]:
        """The values of the slots. Raises ArgumentError."""
        case, args = self.case, event.args
        if args.keys() != case.required:
            self._check_fields(args)
        found = [
            encode(args[name] if name is not None else evaluate(event), words)
            for name, evaluate, encode, words in self._getters
        ]
        if self._domains:
            found += [self.engine.domain(found[slot]) for slot in reversed(self._domains)]
        return found

    def _check_fields(self, args: dict[str, Any]) -> None:
        case = self.case
        missing = sorted(case.required - args.keys())
        extra = [] if case.any_more else sorted(args.keys() - case.allowed)
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has {', '.join(extra)}, which the mapping does not know"] if extra else []
        if parts:
            raise ArgumentError(f"{case.act} {' and '.join(parts)}")


class Move:
    """What an event may be, in every place where Next has its actions."""

    def __init__(self, rule: EventRule, engine: Engine, leaves: dict[str, list[Leaf]]) -> None:
        self.rule = rule
        self.action = rule.action
        self.engine = engine
        self._cases = [_Fitted(case, engine, leaves) for case in rule.cases]
        self._only = self._cases[0] if len(rule.cases) == 1 and rule.cases[0].when is None else None

    def observe(self, entry: Entry) -> Observation:
        """What the event `entry` says. Raises ArgumentError when its arguments are not the ones declared."""
        event = entry.event
        fitted = self._only or self._choose(event)
        values = fitted.values(event) if fitted.case.ignored is None else []
        changes = fitted.projections.changes(event, values) if fitted.projections else []
        return Observation(entry, self, fitted, values, changes)

    def _choose(self, event: Event) -> _Fitted:
        for fitted in self._cases:
            when = fitted.case.when
            if when is None or _holds(when.evaluate(event), when.text):
                return fitted
        raise ArgumentError(f"no rule of the mapping is for this {self.rule.act}: each has a `when`, and none is true")


def _holds(value: Any, text: str) -> bool:
    try:
        return truth(value)
    except ArgumentError as error:
        raise ArgumentError(f"when {text}: {error}") from None


@dataclass(frozen=True, slots=True)
class Observation:
    """An event with its values, ready to be compared with what the spec may do."""

    entry: Entry
    move: Move
    fitted: _Fitted
    values: list[Own]
    changes: list[Change]

    @property
    def action(self) -> str:
        """The action of the spec that the event is, for a reader."""
        return self.fitted.case.action

    @property
    def logged(self) -> dict[str, Own]:
        """The parameters of its actions that the event gives."""
        placements = (placement for choice in self.fitted.steps for placement in choice)
        return {formal: self.values[slot] for placement in placements for formal, slot in placement.logged}

    @property
    def ignored(self) -> str | None:
        """Why the event is no step, None when it is one: then no state needs to be asked."""
        return self.fitted.case.ignored

    def successors(self, state: State) -> Iterator[State]:
        """The states to which the event may lead from `state`, lazily, perhaps one twice. Invariants are looked at in
        the states on the way only. Raises EvaluationError.
        """
        fitted = self.fitted
        if fitted.is_plain:
            for placement in fitted.plain:
                yield from placement.successors(fitted.engine, self.values, state)
        else:
            for passage in self.passages(state):
                yield passage.states[-1] if passage.states else state

    def passages(self, state: State) -> Iterator[Passage]:
        """The ways from `state` through the event, hidden steps included, lazily. A stutter takes no step.

        Raises EvaluationError.
        """
        if self.ignored is not None:
            yield Passage((), ())
            return
        for before in self._hidden(state):
            start = before.states[-1] if before.states else state
            for passage in self._through(before, start, 0):
                end = passage.states[-1] if passage.states else state
                if self._difference(start, end) is None:
                    yield passage

    def attempts(self, state: State) -> Iterator[Attempt]:
        """What becomes of each way in which the event may happen in `state`. Raises EvaluationError."""
        for before in self._hidden(state):
            start = before.states[-1] if before.states else state
            yield from self._attempts(before, start, start, 0)

    # -- the ways ------------------------------------------------------------------------------------------------

    def _hidden(self, state: State) -> Iterator[Passage]:
        """The ways to the states from which the event may start: `state` itself first, then what fewer steps reach."""
        passage = Passage((), ())
        yield passage
        if not self.fitted.most_hidden:
            return
        engine = self.fitted.engine
        seen, layer = {engine.key(state)}, [passage]
        for _ in range(self.fitted.most_hidden):
            following = []
            for known in layer:
                for longer in self._further(known, known.states[-1] if known.states else state, self.fitted.hidden):
                    key = engine.key(longer.states[-1])
                    if key not in seen:
                        seen.add(key)
                        following.append(longer)
                        yield longer
                    if len(seen) > _MOST_HIDDEN:
                        raise EvaluationError(f"hidden steps lead to more than {_MOST_HIDDEN} states before the event")
            layer = following

    def _through(self, passage: Passage, state: State, step: int) -> Iterator[Passage]:
        """The ways on from `state` through the steps of the event, from number `step` on."""
        steps = self.fitted.steps
        if step == len(steps):
            yield passage
            return
        is_last = step == len(steps) - 1
        for longer in self._further(passage, state, steps[step], may_break=is_last):
            yield from self._through(longer, longer.states[-1], step + 1)

    def _further(
        self, passage: Passage, state: State, placements: Sequence[Placement], *, may_break: bool = False
    ) -> Iterator[Passage]:
        """`passage` with one more step. A state that breaks an invariant leads nowhere, unless it `may_break` one."""
        engine = self.fitted.engine
        for placement in placements:
            for after in placement.successors(engine, self.values, state):
                if may_break or engine.broken_invariant(after) is None:
                    yield Passage((*passage.actions, placement.leaf.action), (*passage.states, after))

    def _attempts(self, passage: Passage, start: State, state: State, step: int) -> Iterator[Attempt]:
        engine, steps = self.fitted.engine, self.fitted.steps
        if not steps:
            yield Attempt(self.action, state, passage.actions, None, {}, self._difference(start, state))
            return
        for placement in steps[step]:
            logged = {formal: self.values[slot] for formal, slot in placement.logged}
            for tried in placement.tries(engine, self.values, state):
                attempt = Attempt(placement.leaf.action, state, passage.actions, tried, logged)
                after = engine.successors(tried.leaf, tried.binding, state) if tried.fits else []
                if not after:
                    yield attempt
                elif step == len(steps) - 1:
                    yield from (replace(attempt, difference=self._difference(start, end)) for end in after)
                else:
                    longer = (*passage.actions, attempt.action)
                    for end in after:
                        yield from self._attempts(Passage(longer, (*passage.states, end)), start, end, step + 1)

    def _difference(self, before: State, after: State) -> Difference | None:
        projections = self.fitted.projections
        return projections.difference(self.values, self.changes, before, after) if projections else None


def compile_moves(mapping: Mapping, engine: Engine) -> dict[str, Move]:
    """The moves of `mapping` by event. Raises MappingError when it does not fit the spec."""
    leaves: dict[str, list[Leaf]] = {}
    for leaf in engine.leaves:
        leaves.setdefault(leaf.action, []).append(leaf)
    return {act: Move(rule, engine, leaves) for act, rule in mapping.rules.items()}


__all__ = ["Attempt", "Move", "Observation", "Passage", "Try", "compile_moves"]
