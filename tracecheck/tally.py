"""The counts of a check, and the first of everything that went wrong: bounded, however many slices there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Protocol

from tracecheck.plan import Plan
from tracecheck.read import Finding
from tracecheck.report import CONFORMS, INCONCLUSIVE, VIOLATES, Problem, Rejection, Result, SliceResult

SHOWN = 100
"""How many slices, rejections and problems a result has at most; beyond that they are counted."""


class Slice(Protocol):
    """What the tally needs of a slice."""

    name: str | None
    rejection: Rejection | None
    problem: Finding | None

    @property
    def waiting(self) -> bool: ...

    @property
    def verdict(self) -> str: ...

    def result(self) -> SliceResult: ...


class Tally:
    """`consumed` counts conforming events by action, `ignored` ignored ones by event, `retired` slices by verdict."""

    def __init__(self) -> None:
        self.consumed: Counter[str] = Counter()
        self.ignored: Counter[str] = Counter()
        self.retired: Counter[str] = Counter()
        self.kept: list[SliceResult] = []
        self.rejections: list[Rejection] = []
        self.problems: list[Finding] = []

    def count(self, action: str) -> None:
        """An event conforms."""
        self.consumed[action] += 1

    def ignore(self, act: str) -> None:
        """An event is no step of the spec."""
        self.ignored[act] += 1

    def end(self, part: Slice) -> None:
        """A slice has met a rejection or a problem."""
        if part.rejection is not None and len(self.rejections) < SHOWN:
            self.rejections.append(part.rejection)
        if part.problem is not None and len(self.problems) < SHOWN:
            self.problems.append(part.problem)

    def retire(self, result: SliceResult) -> None:
        """A slice is over."""
        self.retired[result.verdict] += 1
        if len(self.kept) < SHOWN:
            self.kept.append(result)
        elif result.verdict != CONFORMS:
            self._displace(result)

    def _displace(self, result: SliceResult) -> None:
        """Keeps a slice that does not conform instead of one that does."""
        at = next((i for i, kept in enumerate(self.kept) if kept.verdict == CONFORMS), None)
        if at is not None:
            del self.kept[at]
            self.kept.append(result)

    def result(self, plan: Plan, live: Collection[Slice], halt: Finding | None, seconds: float) -> Result:
        """The verdict."""
        counts = self.retired + Counter(part.verdict for part in live)
        findings = [*self.problems, *self._undecided(live), *([halt] if halt else [])]
        verdict, reason = self._verdict(counts, findings)
        return Result(
            spec=plan.spec,
            mapping=str(plan.mapping.path),
            verdict=verdict,
            reason=reason,
            consumed=dict(self.consumed),
            ignored=dict(self.ignored),
            slices=self._slices(live),
            slice_counts=dict(counts),
            rejection=self.rejections[0] if self.rejections else None,
            problems=[Problem(f.kind, f.message, f.file, f.line) for f in findings],
            seconds=round(seconds, 3),
        )

    def _verdict(self, counts: Counter[str], findings: list[Finding]) -> tuple[str, str]:
        total = self.consumed.total()
        if self.rejections:
            return VIOLATES, str(self.rejections[0])
        if findings:
            return INCONCLUSIVE, str(findings[0])
        if total == 0:
            seen = f"{self.ignored.total()} events, all ignored" if self.ignored else "no event"
            return INCONCLUSIVE, f"nothing was checked: the logs hold {seen}"
        return CONFORMS, f"all {total} events are steps of the spec"

    @staticmethod
    def _undecided(live: Collection[Slice]) -> list[Finding]:
        waiting = [part for part in live if part.waiting]
        if not waiting:
            return []
        where = f"in slice {waiting[0].name}" if waiting[0].name is not None else "in the trace"
        text = f"an event {where} is not allowed so far, and what may still come may let it in"
        return [Finding("undecided", text)]

    def _slices(self, live: Collection[Slice]) -> list[SliceResult]:
        """The slices to show: all when they are few, else first those that do not conform."""
        if len(self.kept) + len(live) <= SHOWN:
            return [*self.kept, *(part.result() for part in live)]
        bad = [kept for kept in self.kept if kept.verdict != CONFORMS]
        for part in live:
            if len(bad) >= SHOWN:
                break
            if part.verdict != CONFORMS:
                bad.append(part.result())
        return bad
