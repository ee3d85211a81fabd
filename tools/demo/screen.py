"""What one sees: in a terminal a table that lives, and what has happened; elsewhere lines of text."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

Rows = list[tuple[str, ...]]


class Screen:
    """A context manager; between its ends, `say` what happens."""

    def __init__(self, console: Console, titles: tuple[str, ...], rows: Callable[[], Rows]) -> None:
        """`rows` are those of the table, asked for again and again."""
        self._console = console
        self._titles, self._rows = titles, rows
        self._begun = time.monotonic()
        self._live = (
            Live(console=console, get_renderable=self._render, refresh_per_second=4) if console.is_terminal else None
        )

    def __enter__(self) -> Screen:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str, style: str = "") -> None:
        """Something has happened."""
        stamp = f"{time.monotonic() - self._begun:5.1f} s  "
        self._console.print(Text.assemble((stamp, "dim"), (text, style)), soft_wrap=self._live is None)

    def show(self) -> None:
        """Where nothing lives, the table as it is now, in lines."""
        if self._live is None:
            for row in self._rows():
                self.say("    " + ", ".join(f"{title} {cell}" for title, cell in zip(self._titles, row, strict=True)))

    def _render(self) -> RenderableType:
        table = Table(*self._titles, title="two regions and a witness", expand=True)
        for row in self._rows():
            table.add_row(*row)
        return Group(Text(), table)
