"""The conflict table of P10, written down a second time, for tests to compare with."""

from __future__ import annotations

from daybreak.base.writes import Access

TABLE = """
      W  N  S
  W   x  x  x
  N   x  x  -
  S   x  -  -
  R   x  x  -
"""
"""Rows: the access that wants to commit; columns: the access committed after its start; x: they conflict."""


def cells() -> list[tuple[Access, Access, bool]]:
    """The twelve pairs of `TABLE`: the access wanted, the one committed, and whether they conflict."""
    header, *rows = (line.split() for line in TABLE.strip().splitlines())
    return [
        (Access(row[0]), Access(column), cell == "x")
        for row in rows
        for column, cell in zip(header, row[1:], strict=True)
    ]


CONFLICTING = {(wanted, committed) for wanted, committed, conflict in cells() if conflict}
