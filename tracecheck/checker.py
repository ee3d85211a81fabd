"""Feeds ordered events to a spec, and judges: a behaviour per slice, a verdict for all.

An event is refused when no order of the events, as far as it is open, and no choice that the spec has, lets it in. So
the verdict on an event may have to wait until nothing can come any more that might have happened before it: after the
last event say `finish`.

A slice begins with its first event. It is over with an event that the mapping names in `retire`, and then keeps nothing
but a count; an event of the same name that certainly came later begins a new behaviour. A log may end anywhere: what
is under way at its end is no violation, since nothing says that it will not go on.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from tracecheck import saved
from tracecheck.behaviour import Behaviour, Shared
from tracecheck.observe import Move
from tracecheck.plan import Plan
from tracecheck.precedence import Placed, Precedence
from tracecheck.read import Entry, Finding
from tracecheck.recheck import DEFAULT_EVERY, Recheck
from tracecheck.report import Problem, Rejection, Result
from tracecheck.search import DEFAULT_CANDIDATES, Limits
from tracecheck.slice import slice_of
from tracecheck.symmetrycheck import symmetry_of
from tracecheck.tally import Tally
from tracecheck.unfinished import Unfinished

_ENDLESS_US = 1 << 61
"""An interval that ends later says nothing of time."""


class Checker:
    """Checks one trace, fed to it in order, event by event.

    `candidates` bounds how many states a slice may be in; `limits` says that and more. One step in `recheck` is taken
    again with the exact engine, if the plan has another one. Raises MappingError when the spec tells apart what the
    mapping calls symmetric.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        candidates: int = DEFAULT_CANDIDATES,
        limits: Limits | None = None,
        recheck: int = DEFAULT_EVERY,
        seed: int = 0,
    ) -> None:
        self.plan = plan
        self.seconds = 0.0
        self.limits = limits or Limits(candidates=candidates)
        self.tally = Tally()
        symmetry = symmetry_of(plan)
        rechecks = Recheck(plan, self.limits, symmetry, every=recheck, seed=seed)
        self.shared = Shared(plan, self.limits, symmetry, rechecks, self.tally.count, self._is_past)
        self._slices: dict[str | None, Behaviour] = {}
        self._waiting: dict[str | None, Behaviour] = {}
        self._leaving: deque[Behaviour] = deque()
        self.precedence = Precedence()
        self.halted: Finding | None = None
        self._unfinished = Unfinished(plan.mapping.pairs) if plan.mapping.pairs else None
        self._notes: list[Finding] = []

    # -- events --------------------------------------------------------------------------------------------

    def feed(self, entry: Entry) -> None:
        """Takes the next event."""
        if self.halted is not None:
            return
        placed = self._placed(entry)
        if self._unfinished is not None:
            self._unfinished.see(entry)
        act = entry.event.act
        move = self.plan.moves.get(act)
        if move is not None:
            began = time.perf_counter()
            try:
                self._step(entry, move, placed)
            finally:
                self.seconds += time.perf_counter() - began
        elif self.plan.mapping.ignores(act):
            self.tally.ignore(act)
        else:
            text = f"the mapping says nothing of {act}; map it in [events], or ignore it in [ignored] and say why"
            self.halt(Finding("unmapped", text, entry.file, entry.line))

    def halt(self, finding: Finding) -> None:
        """Ends the check here for all slices: what comes after cannot be judged."""
        self.halted = self.halted or finding

    def finish(self) -> None:
        """Says that the trace is complete: what waits for an event that might let it in waits in vain."""
        if self.halted is None:
            for part in list(self._waiting.values()):
                part.judge(at_end=True)
                self._judged(part)
            self._notes = [] if self._unfinished is None else self._unfinished.findings()

    def _placed(self, entry: Entry) -> Placed:
        placed = self.precedence.place(entry.event)
        if placed.latest < _ENDLESS_US:
            # What comes later though its clock says otherwise was waiting for a cause that is no earlier than this.
            self.shared.horizon_us = max(self.shared.horizon_us, placed.earliest)
        return placed

    def _is_past(self, placed: Placed) -> bool:
        """Whether all that is still to come is certainly later than an event."""
        if placed.latest < self.shared.horizon_us or not self.limits.reorder:
            return True
        return placed.latest >= _ENDLESS_US and self.precedence.is_known(placed)

    def _step(self, entry: Entry, move: Move, placed: Placed) -> None:
        for waiting in list(self._waiting.values()):
            waiting.judge()
            self._judged(waiting)
        while self._leaving and self._is_over(self._leaving[0]):
            self._leave(self._leaving.popleft())
        part = self._slice(entry, placed)
        if part is None:
            return
        was_over = part.over
        if not part.feed(entry, move, placed):
            self.tally.ignore(entry.event.act)
            return
        if part.over is not None and was_over is None:
            self._leaving.append(part)
        self._judged(part)

    def _slice(self, entry: Entry, placed: Placed) -> Behaviour | None:
        name, problem = slice_of(self.plan.mapping.slice_by, entry)
        if problem is not None:
            self.halt(problem)
            return None
        known = self._slices.get(name)
        if known is not None and known.over is not None and known.over.before(placed) and not known.waiting:
            self._leaving.remove(known)
            self._leave(known)
            known = None
        if known is None:
            known = self._slices[name] = Behaviour(name, self.shared)
            known.start()
        return known

    def _is_over(self, part: Behaviour) -> bool:
        return not part.waiting and part.over is not None and self._is_past(part.over)

    def _leave(self, part: Behaviour) -> None:
        """Forgets a behaviour that is over, but for its verdict."""
        self.tally.retire(part.result())
        if self._slices.get(part.name) is part:
            del self._slices[part.name]

    def _judged(self, part: Behaviour) -> None:
        """Takes note of what became of a slice."""
        part.judge()
        if part.waiting:
            self._waiting[part.name] = part
        else:
            self._waiting.pop(part.name, None)
        if part.ended and not part.noted:
            part.noted = True
            self.tally.end(part)

    @property
    def slices(self) -> Collection[Behaviour]:
        """The behaviours that are not over."""
        return self._slices.values()

    # -- results -------------------------------------------------------------------------------------------

    @property
    def first_rejection(self) -> Rejection | None:
        """The first event that was rejected so far, in the order in which they were found."""
        return self.tally.rejections[0] if self.tally.rejections else None

    @property
    def candidates(self) -> int:
        """In how many states the spec may be, the slices added up, as far as they are settled."""
        return sum(len(part.window.roots) for part in self._slices.values())

    def result(self) -> Result:
        """The verdict on what was fed so far. An event that waits for another to let it in makes it INCONCLUSIVE."""
        found = self.tally.result(self.plan, self._slices.values(), self.halted, self.seconds)
        return replace(found, notes=[Problem(f.kind, f.message, f.file, f.line) for f in self._notes])

    # -- across restarts -----------------------------------------------------------------------------------

    def resume(self, order: list[list[Any]], horizon_us: int) -> None:
        """What nodes knew, and the latest time, when the checker was saved."""
        self.precedence.restore(order)
        self.shared.horizon_us = horizon_us

    def adopt(self, part: Behaviour) -> None:
        """Takes over a behaviour that was saved."""
        self._slices[part.name] = part
        if part.over is not None:
            self._leaving.append(part)
        if part.waiting:
            self._waiting[part.name] = part

    def save(self) -> dict[str, Any]:
        """All that `restore` needs to go on, as JSON's own types. See `tracecheck.saved`."""
        return saved.save(self)

    def restore(self, content: dict[str, Any]) -> None:
        """Goes on where `save` was called, with the same spec and mapping. Raises ValueError when that is not to be
        read."""
        saved.restore(self, content)
