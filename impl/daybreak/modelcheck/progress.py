"""What the user sees while models run: a table redrawn in place, or lines in a log."""

from __future__ import annotations

import threading
import time

from rich.console import Console
from rich.live import Live
from rich.table import Table

from daybreak.modelcheck.manifest import Model
from daybreak.modelcheck.runner import Observer, Result
from daybreak.modelcheck.tlc import Progress

_PLAIN_INTERVAL_S = 10.0


def _far(at: Progress) -> str:
    """How far a model is, in words."""
    if at.traces:
        return f"{at.traces:,} random behaviours, {at.generated:,} states, {at.rate:,.0f} states/s"
    return f"{at.distinct:,} distinct states, {at.queue:,} to go, depth {at.depth}, {at.rate:,.0f} states/s"


class PlainProgress(Observer):
    """One line per finished model, and one every `interval_s` seconds for a long one: for logs."""

    def __init__(self, console: Console, total: int, *, interval_s: float = _PLAIN_INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._console = console
        self._total = total
        self._done = 0
        self._told: dict[str, float] = {}
        self._lock = threading.Lock()

    def started(self, model: Model) -> None:
        with self._lock:
            self._told[model.name] = time.monotonic()

    def progressed(self, model: Model, progress: Progress) -> None:
        with self._lock:
            now = time.monotonic()
            if now - self._told[model.name] < self._interval_s:
                return
            self._told[model.name] = now
            self._console.print(f"        {model.name}: {_far(progress)}", soft_wrap=True)

    def finished(self, result: Result) -> None:
        with self._lock:
            self._done += 1
            verdict = "OK" if result.ok else f"{result.standing}: {result.wrong}"
            self._console.print(
                f"[{self._done}/{self._total}] {result.model.name}: {verdict} ({result.outcome.seconds:.1f} s)",
                markup=False,
                soft_wrap=True,
            )


class LiveProgress(Observer):
    """A table of the models that run, redrawn in place: for a terminal."""

    def __init__(self, live: Live, total: int) -> None:
        self._live = live
        self._total = total
        self._done: list[Result] = []
        self._running: dict[str, Progress | None] = {}
        self._lock = threading.Lock()

    def started(self, model: Model) -> None:
        with self._lock:
            self._running[model.name] = None
            self._live.update(self._table())

    def progressed(self, model: Model, progress: Progress) -> None:
        with self._lock:
            self._running[model.name] = progress
            self._live.update(self._table())

    def finished(self, result: Result) -> None:
        with self._lock:
            del self._running[result.model.name]
            self._done.append(result)
            self._live.update(self._table())

    def _table(self) -> Table:
        bad = ", ".join(f"{result.model.name} {result.standing}" for result in self._done if not result.ok)
        told = f"{len(self._done)} of {self._total} models done" + (f"; {bad}" if bad else "")
        table = Table(title=told, title_justify="left", box=None)
        table.add_column("model")
        for heading in ("generated", "distinct", "queue", "depth", "states/s", "seconds"):
            table.add_column(heading, justify="right")
        for name, at in self._running.items():
            figures = (at.generated, at.distinct, at.queue, at.depth, int(at.rate), int(at.seconds)) if at else ()
            table.add_row(name, *(f"{figure:,}" for figure in figures))
        return table
