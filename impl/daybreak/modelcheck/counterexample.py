"""A counterexample in a terminal: a table of steps, each with what it changed, and why the last state is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from daybreak.modelcheck.pages.exhibit import Exhibit
from daybreak.modelcheck.pages.scene import Event
from daybreak.modelcheck.values import show, value_of


def print_exhibit(console: Console, exhibit: Exhibit) -> None:
    """Prints how the property came to be violated."""
    states = f"{exhibit.length} state{'s' if exhibit.length != 1 else ''}"
    console.print(Text(f"{exhibit.model.name}: {exhibit.property} is violated, in {states}", style="bold"))
    console.print(_steps(exhibit))
    for line in _reason(exhibit):
        console.print(Text(line), soft_wrap=True)
    console.print()


def _steps(exhibit: Exhibit) -> Table:
    table = Table()
    table.add_column("step", justify="right")
    table.add_column("action", overflow="fold")
    table.add_column("changes", overflow="fold")
    seen = exhibit.scene.initial.items()
    initial = (f"{name} = {show(value)}" for name, value in seen if name not in exhibit.spec.watching)
    table.add_row("1", Text("Initial state", style="bold"), Text("\n".join(initial)))
    for event in exhibit.scene.events:
        table.add_row(str(event.number), _action(event), _changes(event))
    if exhibit.scene.ending:
        table.add_row("", Text(exhibit.scene.ending, style="italic"), "")
    return table


def _action(event: Event) -> Text:
    arguments = (f"\n  {name} = {show(value)}" for name, value in event.arguments.items())
    return Text.assemble((event.action, "bold"), *arguments)


def _changes(event: Event) -> Text:
    """What a step changed; what only watches is dim."""
    text = Text("\n".join(map(str, event.seen)))
    noted = Text("\n".join(map(str, event.noted)), style="dim")
    return Text("\n").join(part for part in (text, noted) if part)


def _reason(exhibit: Exhibit) -> Iterator[str]:
    cause = exhibit.cause
    if cause is None:
        return
    verdict = "true, and must not be" if cause.forbidden else "false"
    yield f"In the end this is {verdict}: {' '.join(cause.text.split())}"
    for name, value in cause.where.items():
        yield f"  {name} = {show(value_of(value))}"
