"""Makes a case that failed small, in a process of its own that has the same bug planted, and tells of it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from daybreak.runtime.sim.strikes import read_hits
from daybreak.simulation.campaign import Judged, Worker
from daybreak.simulation.case import Case
from daybreak.simulation.report import Told, tell
from daybreak.simulation.shrink import Bounds, Shrunk, Tried, shrink
from daybreak.simulation.verdict import Finding
from daybreak.simulation.worker import Orders

LIMIT_SECONDS = 60.0
"""Of real time: a smaller run that takes longer shows nothing."""
SMALLER = "smaller"
"""In the directory of a run that failed: those of smaller ones."""


class Attempts:
    """Runs of smaller cases, one after the other; those that failed leave their directories."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._worker = Worker(orders)
        self._failed: list[Judged] = []
        self._count = 0
        self._began: float | None = None

    def attempt(self, case: Case) -> Tried:
        """Run a case. What went wrong by chance is told only if a judge has found something."""
        self._worker.take(self._count, case)
        self._count += 1
        result = self._worker.answer()
        if self._began is None:
            self._began = time.monotonic()
        if not self._worker.process.is_alive():
            self._worker.end()
            self._worker = Worker(self._orders)
        if result.verdict.clean or not is_whole(result.directory):
            return Tried((), ())
        self._failed.append(result)
        return Tried(result.verdict.findings, read_hits(result.directory / "faults.json"))

    def lasted(self) -> float:
        """Seconds since the first run was over, when all that the process needs was loaded."""
        return time.monotonic() - self._began if self._began is not None else 0.0

    def of(self, case: Case) -> Judged | None:
        """What came of a case, if it failed."""
        return next((result for result in self._failed if result.case == case), None)

    def end(self, keep: Path | None) -> None:
        """End the process, and leave nothing but one directory."""
        self._worker.end()
        for result in self._failed:
            if result.directory != keep:
                shutil.rmtree(result.directory)


def is_whole(directory: Path) -> bool:
    """Whether a run left all that is told of it: it may have died, or a judge may have broken down."""
    return (directory / "faults.json").exists() and not (directory / "broken.txt").exists()


def explain(case: Case, finding: Finding, directory: Path, *, plant: str | None, seconds: float) -> Told:
    """Look for up to `seconds` for a smaller case that fails in the same way, and tell of the smallest one. The run
    that shows that the case fails again is not counted: to load the specs takes seconds.

    `directory` is that of the run in which `finding` was found; the smallest one's is left in it, with the report as
    ``report.html``.
    """
    attempts = Attempts(Orders(str(directory / SMALLER), plant, LIMIT_SECONDS, states=False))
    kept: Judged | None = None
    try:
        small = shrink(case, finding, attempts.attempt, Bounds(enough=lambda: attempts.lasted() > seconds))
        kept = attempts.of(small.case)
        place = kept.directory if kept is not None else directory
        findings = kept.verdict.findings if kept is not None else (finding,)
        told = tell(small.case, findings, place, plant=plant, note=_note(small, kept is not None))
    finally:
        attempts.end(keep=kept.directory if kept is not None else None)
    (place / "report.html").write_text(told.page())
    return told


def _note(small: Shrunk, again: bool) -> str:
    if not again:
        return "it did not fail again"
    how = "as small as it gets" if small.smallest else "as small as there was time for"
    return f"{how}: {small.runs} runs"
