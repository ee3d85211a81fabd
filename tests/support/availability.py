"""The table in docs/availability.md: what can be done at each endpoint while something fails."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).parents[2] / "docs" / "availability.md"
HEADER = ["Case", "Orders", "At", "New session", "Read", "Commit"]
NO_STATE = {"refused", "lost"}
"""Nobody listens there, or the connection breaks: there is no SQLSTATE."""
_STATE = re.compile(r"[0-9A-Z]{5}")


class Expected(NamedTuple):
    """What comes of trying something."""

    works: bool
    states: frozenset[str | None]
    """Else one of these SQLSTATEs; None: there is none."""


class Side(NamedTuple):
    """One endpoint."""

    region: str
    session: Expected
    read: Expected
    commit: Expected

    @property
    def works(self) -> bool:
        """Whether everything does."""
        return self.session.works and self.read.works and self.commit.works


class Case(NamedTuple):
    """Something that fails, by the orders that make it fail."""

    name: str
    orders: tuple[str, ...]
    sides: tuple[Side, ...]


def cases(document: Path = DOCUMENT) -> list[Case]:
    """All rows of the table, in its order."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in document.read_text().splitlines()
        if line.startswith("|")
    ]
    assert rows[0] == HEADER, f"{document}: the columns are to be {HEADER}"
    found: list[Case] = []
    for name, orders, *side in rows[2:]:
        if name:
            found.append(Case(name, tuple(re.findall("`([^`]+)`", orders)), ()))
        found[-1] = found[-1]._replace(sides=(*found[-1].sides, _side(*side)))
    return found


def _side(region: str, *cells: str) -> Side:
    return Side(region, *map(_expected, cells))


def _expected(cell: str) -> Expected:
    words = cell.split(", ")
    assert words == ["yes"] or all(word in NO_STATE or _STATE.fullmatch(word) for word in words), cell
    return Expected(words == ["yes"], frozenset(None if word in NO_STATE else word for word in words))
