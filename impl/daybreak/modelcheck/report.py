"""What the user sees when models are done: a table of them all, and counterexamples."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from daybreak.modelcheck.counterexample import print_exhibit
from daybreak.modelcheck.manifest import Model
from daybreak.modelcheck.pages.exhibit import Gallery
from daybreak.modelcheck.runner import Result

_PLAIN_WIDTH = 140


def make_console() -> Console:
    """Standard output, with room for a table when nobody sees how wide it is."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


def expectation(model: Model) -> str:
    return f"violates {model.property}" if model.property else "holds"


def summary(results: Sequence[Result]) -> Table:
    """All results beside what was expected."""
    table = Table(title="Models")
    table.add_column("model", no_wrap=True)
    for heading in ("kind", "expected", "result"):
        table.add_column(heading, overflow="fold")
    for heading in ("distinct", "depth", "length", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for result in results:
        model, outcome = result.model, result.outcome
        came = Text("as expected" if result.ok else result.wrong)
        mark = Text(result.standing, style="green" if result.ok else "bold red")
        found = (outcome.distinct, outcome.depth, outcome.length)
        figures = [f"{figure:,}" if figure else "" for figure in found]
        table.add_row(model.name, model.kind, expectation(model), came, *figures, f"{outcome.seconds:.1f}", mark)
    return table


def show(console: Console, gallery: Gallery, results: Sequence[Result], *, expected: bool = False) -> None:
    """The counterexamples that nobody expected, then the table and a last line that says it all.

    `expected` shows those that were expected too.
    """
    for result in results:
        if result.outcome.steps and (expected or not result.ok):
            print_exhibit(console, gallery.exhibit(result))
    console.print(summary(results))
    for standing in ("WRONG", "UNUSABLE"):
        bad = [result.model.name for result in results if result.standing == standing]
        if bad:
            console.print(f"{len(bad)} of {len(results)} models {standing}: {', '.join(bad)}", soft_wrap=True)
    if all(result.ok for result in results):
        console.print(f"all {len(results)} models as expected")
