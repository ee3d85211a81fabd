"""One slice of a trace: one behaviour of the spec, searched for, judged, counted."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from tracecheck.codec import ArgumentError
from tracecheck.engine import EvaluationError
from tracecheck.observe import Move, Observation
from tracecheck.plan import Plan
from tracecheck.precedence import Placed
from tracecheck.read import Entry, Finding
from tracecheck.recheck import Recheck
from tracecheck.report import CONFORMS, INCONCLUSIVE, VIOLATES, Rejection, SliceResult
from tracecheck.search import BudgetError, Item, Limits, Refusal, Stepper, Window
from tracecheck.symmetry import Symmetry


@dataclass
class Shared:
    """What the slices of one check have in common. `count` is told of each event that conforms; `is_past` and
    `horizon_us` say what nothing can come before any more."""

    plan: Plan
    limits: Limits
    symmetry: Symmetry | None
    recheck: Recheck
    count: Callable[[str], None]
    is_past: Callable[[Placed], bool]
    horizon_us: int = -1


class Behaviour:
    """`rejection` and `problem` end it: what comes after is not checked."""

    def __init__(self, name: str | None, shared: Shared) -> None:
        self.name = name
        self.checked = 0
        self.unchecked = 0
        self.rejection: Rejection | None = None
        self.problem: Finding | None = None
        self.over: Placed | None = None
        """The event with which the behaviour ended, if the mapping says that it ends with one."""
        self.noted = False
        """Whether its end has been counted."""
        self._shared = shared
        self.window = Window(Stepper(shared.plan.engine, shared.symmetry), shared.limits)

    def start(self) -> None:
        """Begins at the initial states."""
        plan = self._shared.plan
        try:
            self.window.start()
        except EvaluationError as error:
            self.problem = Finding("evaluation", f"TLC cannot evaluate the initial states: {error}", plan.spec)
        else:
            if not self.window.roots:
                text = "the spec has no initial state that keeps its invariants"
                self.problem = Finding("initial", text, plan.spec)

    @property
    def ended(self) -> bool:
        return self.rejection is not None or self.problem is not None

    @property
    def waiting(self) -> bool:
        """Whether an event waits for another one, which may come yet, to let it in."""
        return not self.ended and self.window.waiting

    @property
    def verdict(self) -> str:
        if self.rejection is not None:
            return VIOLATES
        return INCONCLUSIVE if self.problem is not None or self.window.waiting else CONFORMS

    def result(self) -> SliceResult:
        return SliceResult(self.name, self.verdict, self.checked, self.unchecked, self.rejection)

    # -- events --------------------------------------------------------------------------------------------

    def feed(self, entry: Entry, move: Move, placed: Placed) -> bool:
        """Takes the next event; false if it turned out to be no step of the spec."""
        self.judge()
        if self.ended:
            self.unchecked += 1
            return True
        try:
            observation = move.observe(entry)
            if observation.ignored is not None:
                return False
            self.window.settle(self._shared.is_past, self._shared.horizon_us)
            self._note_late(entry, placed)
            self._take(Item(observation, placed, self._names(entry, observation)))
        except ArgumentError as error:
            self._fail(Finding("arguments", str(error), entry.file, entry.line))
        except BudgetError as error:
            self._fail(Finding("budget", str(error), entry.file, entry.line))
        else:
            if self._shared.plan.mapping.retire and entry.event.act in self._shared.plan.mapping.retire:
                self.over = placed
        return True

    def retake(self, entries: list[tuple[Entry, Placed]], covered: int) -> None:
        """Takes events again that were not settled when the check was saved. `covered` of them have been counted."""
        for entry, placed in entries:
            observation = self._shared.plan.moves[entry.event.act].observe(entry)
            self.window.take(Item(observation, placed, self._names(entry, observation)))
        self._count(self.window.items[covered : self.window.covered])

    def _take(self, item: Item) -> None:
        accepted = self.window.take(item)
        self._count(accepted)
        if accepted and self._shared.recheck.is_due():
            step = self.window.last_step()
            finding = self._shared.recheck.step(*step) if step is not None else None
            if finding is not None:
                self._fail(finding)

    def _count(self, accepted: list[Item]) -> None:
        self.checked += len(accepted)
        for item in accepted:
            self._shared.count(item.observed.action)

    def _names(self, entry: Entry, observation: Observation) -> frozenset[Hashable]:
        """The interchangeable identities that an event names, as it is logged or as it is understood."""
        symmetry = self._shared.symmetry
        if symmetry is None:
            return frozenset()
        export = self._shared.plan.engine.export
        values = [export(value) for value in observation.values]
        changes = [(change.path, change.operand) for change in observation.changes]
        return symmetry.named([entry.event.args, entry.event.state, values, changes])

    def _note_late(self, entry: Entry, placed: Placed) -> None:
        if self.window.forgone is None and self.window.is_late(placed):
            self.window.forgone = f"the event at {entry.place} may have come before some that were settled already"

    # -- verdicts ------------------------------------------------------------------------------------------

    def judge(self, *, at_end: bool = False) -> None:
        """Refuses an event that waits in vain; at the end of the trace every one that waits does."""
        if self.ended or not self.window.waiting:
            return
        refusal = self.window.refused((lambda _: True) if at_end else self._shared.is_past)
        if refusal is not None:
            self._refuse(refusal)

    def _refuse(self, refusal: Refusal) -> None:
        window = self.window
        entry = refusal.item.observed.entry
        if window.stepper.failure is not None:
            item, error = window.stepper.failure
            place = item.observed.entry
            text = f"TLC cannot evaluate {item.observed.action}: {error}"
            self._fail(Finding("evaluation", text, place.file, place.line))
        elif window.forgone is not None:
            text = f"not allowed by any behaviour that was followed, but {window.forgone}"
            text = f"{text}; log more arguments, causes, or closer times"
            self._fail(Finding("budget", text, entry.file, entry.line))
        elif (finding := self._shared.recheck.refusal(window, refusal)) is not None:
            self._fail(finding)
        else:
            states = window.states_before(refusal)
            self.rejection = self._shared.plan.reject(entry, self.name, states, self._broken(refusal))
            self._empty()

    def _broken(self, refusal: Refusal) -> str | None:
        """The invariant that every step of the refused event from that state breaks, if there is such a step."""
        engine, found = self._shared.plan.engine, None
        for successor in refusal.item.observed.successors(refusal.state):
            found = engine.broken_invariant(successor)
        return found

    def _fail(self, finding: Finding) -> None:
        self.problem = finding
        self._empty()

    def _empty(self) -> None:
        """Forgets the states: a behaviour that has ended keeps its counts only."""
        self.unchecked += max(0, len(self.window.items) - self.window.covered - 1)
        self.window = Window(self.window.stepper, self.window.limits)
