"""Feeds ordered events to a spec: one set of candidate states per slice, a verdict after each event."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tracecheck.codec import ArgumentError
from tracecheck.engine import EvaluationError
from tracecheck.observe import Move
from tracecheck.plan import Plan
from tracecheck.read import Entry, Finding
from tracecheck.report import (
    CONFORMS,
    INCONCLUSIVE,
    VIOLATES,
    Problem,
    Rejection,
    Result,
    SliceResult,
    shorten,
)
from tracecheck.search import DEFAULT_CANDIDATES, BudgetError, Candidates
from tracecheck.slice import slice_of


@dataclass
class _Slice:
    """One behaviour. `rejection` and `problem` end it: what comes after is not checked."""

    name: str | None
    candidates: Candidates
    checked: int = 0
    unchecked: int = 0
    rejection: Rejection | None = None
    problem: Finding | None = None

    @property
    def verdict(self) -> str:
        if self.rejection is not None:
            return VIOLATES
        return INCONCLUSIVE if self.problem is not None else CONFORMS


class Checker:
    """Checks one trace, fed to it in order, event by event. `candidates` bounds how many states a slice may be in."""

    def __init__(self, plan: Plan, *, candidates: int = DEFAULT_CANDIDATES) -> None:
        self.plan = plan
        self.seconds = 0.0
        self._budget = candidates
        self._slices: dict[str | None, _Slice] = {}
        self._rejections: list[Rejection] = []
        self._consumed: dict[str, int] = {}
        self._ignored: dict[str, int] = {}
        self._halt: Finding | None = None

    def feed(self, entry: Entry) -> None:
        """Takes the next event."""
        if self._halt is not None:
            return
        act = entry.event.act
        move = self.plan.moves.get(act)
        if move is not None:
            self._step(entry, move)
        elif self.plan.mapping.ignores(act):
            self._ignored[act] = self._ignored.get(act, 0) + 1
        else:
            text = f"the mapping says nothing of {act}; map it in [events], or ignore it in [ignored] and say why"
            self.halt(Finding("unmapped", text, entry.file, entry.line))

    def halt(self, finding: Finding) -> None:
        """Ends the check here for all slices: what comes after cannot be judged."""
        self._halt = self._halt or finding

    @property
    def first_rejection(self) -> Rejection | None:
        """The first event that was rejected so far, in the order of the events."""
        return self._rejections[0] if self._rejections else None

    def result(self) -> Result:
        """The verdict on what was fed so far."""
        slices = list(self._slices.values())
        findings = [s.problem for s in slices if s.problem is not None] + ([self._halt] if self._halt else [])
        rejected = self.first_rejection
        total = sum(self._consumed.values())
        if rejected is not None:
            verdict, reason = VIOLATES, str(rejected)
        elif findings:
            verdict, reason = INCONCLUSIVE, str(findings[0])
        elif total == 0:
            seen = f"{sum(self._ignored.values())} events, all ignored" if self._ignored else "no event"
            verdict, reason = INCONCLUSIVE, f"nothing was checked: the logs hold {seen}"
        else:
            verdict, reason = CONFORMS, f"all {total} events are steps of the spec"
        return Result(
            spec=self.plan.spec,
            mapping=str(self.plan.mapping.path),
            verdict=verdict,
            reason=reason,
            consumed=dict(self._consumed),
            ignored=dict(self._ignored),
            slices=[SliceResult(s.name, s.verdict, s.checked, s.unchecked, s.rejection) for s in slices],
            rejection=rejected,
            problems=[Problem(f.kind, f.message, f.file, f.line) for f in findings],
            seconds=round(self.seconds, 3),
        )

    def _step(self, entry: Entry, move: Move) -> None:
        began = time.perf_counter()
        try:
            part = self._slice(entry)
            if part is not None:
                self._advance(part, entry, move)
        finally:
            self.seconds += time.perf_counter() - began

    def _slice(self, entry: Entry) -> _Slice | None:
        name, problem = slice_of(self.plan.mapping.slice_by, entry)
        if problem is not None:
            self.halt(problem)
            return None
        known = self._slices.get(name)
        if known is None:
            known = self._slices[name] = _Slice(name, Candidates(self.plan.engine, self._budget))
            try:
                known.candidates.start()
            except EvaluationError as error:
                known.problem = Finding(
                    "evaluation", f"TLC cannot evaluate the initial states: {error}", self.plan.spec
                )
            if not known.candidates.states and known.problem is None:
                known.problem = Finding(
                    "initial", "the spec has no initial state that keeps its invariants", self.plan.spec
                )
        return known

    def _advance(self, part: _Slice, entry: Entry, move: Move) -> None:
        if part.rejection is not None or part.problem is not None:
            part.unchecked += 1
            return
        place = (entry.file, entry.line)
        try:
            allowed = part.candidates.advance(move.observe(entry))
        except ArgumentError as error:
            part.problem = Finding("arguments", str(error), *place)
        except BudgetError as error:
            part.problem = Finding("budget", f"{error}; log more arguments", *place)
        except EvaluationError as error:
            part.problem = Finding("evaluation", f"TLC cannot evaluate {move.action}: {error}", *place)
        else:
            if allowed:
                part.checked += 1
                self._consumed[move.action] = self._consumed.get(move.action, 0) + 1
            else:
                part.rejection = self._reject(part, entry)
                self._rejections.append(part.rejection)

    def _reject(self, part: _Slice, entry: Entry) -> Rejection:
        event, state = entry.event, part.candidates.states[0]
        nearest = self.plan.why_not(entry, state, part.candidates.broken)
        return Rejection(
            act=event.act,
            node=event.node,
            n=event.n,
            file=entry.file,
            line=entry.line,
            raw=entry.raw.decode(errors="replace"),
            slice=part.name,
            nearest=nearest,
            state={name: shorten(text) for name, text in self.plan.engine.show(state).items()},
        )
