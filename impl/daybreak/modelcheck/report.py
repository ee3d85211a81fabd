"""What the user sees: progress while models run, a table at the end, a counterexample step by step."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from daybreak.modelcheck.manifest import Model
from daybreak.modelcheck.messages import Step
from daybreak.modelcheck.runner import NOTED, Observer, Result
from daybreak.modelcheck.tlc import Progress

_PLAIN_WIDTH = 140
_PLAIN_INTERVAL_S = 10.0


def make_console() -> Console:
    """Standard output, with room for a table when nobody sees how wide it is."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


def expectation(model: Model) -> str:
    return f"violates {model.property}" if model.property else "holds"


class PlainProgress(Observer):
    """One line per finished model, and one now and then for a long one: for logs."""

    def __init__(self, console: Console, total: int) -> None:
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
            if now - self._told[model.name] < _PLAIN_INTERVAL_S:
                return
            self._told[model.name] = now
            self._console.print(
                f"        {model.name}: {progress.distinct:,} distinct states, {progress.queue:,} to go,"
                f" depth {progress.depth}, {progress.rate:,.0f} states/s"
            )

    def finished(self, result: Result) -> None:
        with self._lock:
            self._done += 1
            verdict = "OK" if result.ok else f"WRONG: {result.wrong}"
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
        wrong = sum(not result.ok for result in self._done)
        told = f"{len(self._done)} of {self._total} models done" + (f", {wrong} WRONG" if wrong else "")
        table = Table(title=told, title_justify="left", box=None)
        table.add_column("model")
        for heading in ("generated", "distinct", "queue", "depth", "states/s", "seconds"):
            table.add_column(heading, justify="right")
        for name, at in self._running.items():
            figures = (at.generated, at.distinct, at.queue, at.depth, int(at.rate), int(at.seconds)) if at else ()
            table.add_row(name, *(f"{figure:,}" for figure in figures))
        return table


def summary(results: Sequence[Result]) -> Table:
    """All results beside what was expected."""
    table = Table(title="Models")
    table.add_column("model", no_wrap=True)
    for heading in ("kind", "expected", "result"):
        table.add_column(heading, overflow="fold")
    for heading in ("distinct", "depth", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for result in results:
        model, outcome = result.model, result.outcome
        steps = f", in {len(outcome.steps)} steps" if outcome.steps else ""
        came = Text("as expected" + steps if result.ok else result.wrong)
        mark = "[green]OK[/]" if result.ok else "[bold red]WRONG[/]"
        figures = (f"{outcome.distinct:,}", str(outcome.depth), f"{outcome.seconds:.1f}")
        table.add_row(model.name, model.kind, expectation(model), came, *figures, mark)
    return table


def counterexample(result: Result) -> Table:
    """How the violated property came to be violated: each step with the variables it changed."""
    table = Table()
    table.add_column("step", justify="right")
    table.add_column("action")
    table.add_column("changes", overflow="fold")
    before: dict[str, str] = {}
    for step in result.outcome.steps:
        changed = Text("\n".join(changes(before, step)))  # a record in brackets is no markup
        table.add_row(str(step.number), step.action.removesuffix(NOTED), changed)
        before = step.values
    return table


def changes(before: dict[str, str], step: Step) -> list[str]:
    """The variables that `step` left other than they were, with their new values."""
    return [f"{name} = {value}" for name, value in sorted(step.values.items()) if before.get(name) != value]


def show(console: Console, results: Sequence[Result]) -> None:
    """The counterexamples nobody expected, then the table and a last line that says it all."""
    for result in results:
        steps = len(result.outcome.steps)
        if not result.ok and steps:
            console.print(f"{result.model.name}: {result.outcome.property} is violated in {steps} steps")
            console.print(counterexample(result))
    console.print(summary(results))
    wrong = [result.model.name for result in results if not result.ok]
    last = f"{len(wrong)} of {len(results)} models WRONG: {', '.join(wrong)}" if wrong else ""
    console.print(last or f"all {len(results)} models as expected", soft_wrap=True)


def write_json(path: Path, results: Sequence[Result]) -> None:
    """Writes all results, counterexamples included, to `path`."""
    document = [
        {**msgspec.to_builtins(result.outcome), "model": result.model.name, "kind": result.model.kind,
         "expected": expectation(result.model), "ok": result.ok, "wrong": result.wrong}
        for result in results
    ]  # fmt: skip
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
