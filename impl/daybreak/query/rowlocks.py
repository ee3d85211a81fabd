"""FOR UPDATE and FOR KEY SHARE: which rows a statement has locked, told by the private database.

PostgreSQL's executor writes who locks a row into the row's system column ``xmax``. A statement that locks rows runs
at a savepoint of its own and so under a transaction number of its own: the rows whose ``xmax`` it has changed are the
rows that it has locked, whatever the shape of the statement. A row that stays as it was had the same or a stronger
lock before, and COMMIT checks it already.

What a statement has marked does not tell how strongly. Where one statement takes both strengths on the same table,
FOR UPDATE is tried on the marked rows and undone: only rows that had no more than FOR KEY SHARE get another mark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from daybreak.base.writes import Access
from daybreak.query import pgmessages as pg
from daybreak.query.catalog import Table
from daybreak.query.grammar import nodes_of
from daybreak.query.load import sql_name
from daybreak.query.outcomes import checked
from daybreak.query.rows import join_row, split_row
from daybreak.query.statements import Shape, Statement
from daybreak.query.workspace import Workspace

_COPY_HEADER_BYTES = 19
_COPY_DATA = ord("d")

Marks = dict[bytes, bytes]
"""The marked rows of a table: from a row's place (ctid) to its mark (xmax)."""


class Marked(NamedTuple):
    """A marked row: where it stands, its mark, and the row itself."""

    place: bytes
    mark: bytes
    row: bytes


async def marks(work: Workspace, statement: Statement) -> dict[int, Marks]:
    """The marks, by table, that `statement` finds when it is run next: nothing of them is its own."""
    before: dict[int, Marks] = {}
    for table in _tables(work, statement):
        known = work.marks.get(table.id, {})
        if table.id not in work.unclear:
            before[table.id] = _marks(await _marked(work, table)) if known is None else known
    return before


async def lock_rows(work: Workspace, statement: Statement, before: dict[int, Marks]) -> None:
    """Give the rows that `statement`, which has just run, has locked their class of access.

    `before` is what `marks` gave before that run.
    """
    for table, accesses in _tables(work, statement).items():
        everything = await _marked(work, table)
        known = before.get(table.id, {})
        new = [found for found in everything if known.get(found.place) != found.mark]
        weak = await _weak(work, table, everything) if new and len(accesses) > 1 else set()
        work.marks[table.id] = None if weak else _marks(everything)
        strong = Access.WRITE in accesses
        await _lock(work, table, everything, [m for m in new if strong and m.place not in weak], Access.WRITE)
        await _lock(work, table, everything, [m for m in new if not strong or m.place in weak], Access.SHARE)


def note_changes(work: Workspace, shape: Shape, captures: Sequence[Table]) -> None:
    """A statement that writes `captures` has run: it may have left marks that are no locks of the client's.

    ON CONFLICT DO UPDATE locks rows that its WHERE then lets alone. Whether a later lock of such a row is new cannot
    be told; it is taken for new, which is one conflict too many at worst.
    """
    work.marks.update((table.id, None) for table in captures)
    if _may_only_lock(shape):
        work.unclear.update(table.id for table in captures)


def note_undone(work: Workspace, statement: Statement, captures: Sequence[Table]) -> None:
    """A run of `statement`, which may write `captures`, was undone: its marks stay and count for nothing."""
    tables = (*captures, *work.tables(lock.table for lock in statement.locks))
    work.marks.update((table.id, None) for table in tables)


@lru_cache(maxsize=1024)
def _may_only_lock(shape: Shape) -> bool:
    return any("whereClause" in clause for clause in nodes_of(shape.tree).get("onConflictClause", ()))


def _marks(found: Iterable[Marked]) -> Marks:
    return {row.place: row.mark for row in found}


def _tables(work: Workspace, statement: Statement) -> dict[Table, set[Access]]:
    """The tables that `statement` may lock rows of, each with the strengths that it asks for."""
    found: dict[int, tuple[Table, set[Access]]] = {}
    for lock in statement.locks:
        for table in work.tables([lock.table]):
            found.setdefault(table.id, (table, set()))[1].add(lock.access)
    return dict(found.values())


async def _lock(
    work: Workspace, table: Table, everything: Sequence[Marked], locked: Sequence[Marked], access: Access
) -> None:
    rows = [found.row for found in locked]
    if table.primary_key is None:  # rows that are equal in all columns stand for each other: only their number counts
        numbers = Counter(found.row for found in everything)
        rows = [row for row in dict.fromkeys(rows) for _ in range(numbers[row])]
    keys = work.writes.keys_of(table, rows)
    if keys and access is Access.SHARE:
        await work.share(keys)
    elif keys:
        await work.write(work.writes.lock(keys), rows=0)


async def _weak(work: Workspace, table: Table, everything: Sequence[Marked]) -> set[bytes]:
    """The places of those marked rows that have no more than FOR KEY SHARE."""
    sql = f"SELECT FROM {sql_name(table)} AS t WHERE t.xmax <> 0 FOR UPDATE"
    checked((await work.engine.run([pg.query(sql.encode())], captures=())).messages)
    known = _marks(everything)
    weak = {found.place for found in await _marked(work, table) if known.get(found.place) != found.mark}
    await work.engine.undo()
    return weak


async def _marked(work: Workspace, table: Table) -> list[Marked]:
    sql = f"COPY (SELECT t.ctid, t.xmax, t.* FROM {sql_name(table)} AS t WHERE t.xmax <> 0) TO STDOUT (FORMAT binary)"
    replies = checked(await work.engine.direct([pg.query(sql.encode())]))
    return list(_tuples(m[5:] for m in replies if m[0] == _COPY_DATA))


def _tuples(chunks: Iterable[bytes]) -> Iterator[Marked]:
    """The rows in COPY's binary format: after a header, up to a field count of -1."""
    data = b"".join(chunks)
    at = _COPY_HEADER_BYTES
    while (count := int.from_bytes(data[at : at + 2], "big", signed=True)) >= 0:
        end = at + 2
        for _ in range(count):
            end += 4 + max(int.from_bytes(data[end : end + 4], "big", signed=True), 0)
        place, mark, *fields = split_row(data[at:end])
        yield Marked(place or b"", mark or b"", join_row(fields))
        at = end
