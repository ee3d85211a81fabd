"""What the user sees while seeds run: a bar in a terminal, lines in a log."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from daybreak.simulation.campaign import Judged
from daybreak.simulation.totals import Totals

INTERVAL_SECONDS = 30.0
"""In a log, so often is told how far a long campaign is."""


def verdict_lines(judged: Judged, command: str) -> list[str]:
    """The verdict on a seed; with what was found and how to see it again, if something was."""
    case, verdict, directory = judged
    if verdict.clean:
        seconds = verdict.virtual_us / 1e6
        counts = f"{verdict.committed} committed, {verdict.failed} failed, {verdict.unknown} unknown"
        return [f"seed {case.seed}: clean ({counts}, {verdict.faults.total()} faults, {seconds:.1f} s)"]
    lines = [f"seed {case.seed}: FAILED"]
    lines += [f"  {finding.judge}: {finding.sentence}" for finding in verdict.findings]
    return [*lines, f"  again: {command}", f"  trace: {directory}"]


class Display:
    """Shows verdicts as they come; a context, as the bar has an end. `count` is None where `minutes` says how long."""

    def __init__(self, console: Console, count: int | None, minutes: float | None) -> None:
        self._console = console
        self._each = minutes is None
        """Whether clean seeds are told too."""
        self._seconds = None if minutes is None else 60 * minutes
        self._begun = self._said = time.monotonic()
        self._progress = Progress(
            BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
        )
        self._task = self._progress.add_task("preparing the specs", total=self._seconds or count)

    def __enter__(self) -> Display:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def told(self, judged: Judged, totals: Totals, command: str) -> None:
        """A seed has its verdict; `totals` are those so far, with this one."""
        if self._each or not judged.verdict.clean:
            for line in verdict_lines(judged, command):
                self._console.print(line)
        now = time.monotonic()
        done = totals.seeds if self._seconds is None else now - self._begun
        so_far = f"{totals.seeds:,} seeds, {totals.seeds - totals.clean:,} failed"
        self._progress.update(self._task, completed=done, description=so_far)
        if not self._each and not self._console.is_terminal and now - self._said >= INTERVAL_SECONDS:
            self._said = now
            self._console.print(f"{(now - self._begun) / 60:.1f} min: {so_far}")
