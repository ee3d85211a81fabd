"""FOR UPDATE and FOR KEY SHARE: which rows a statement has locked, told by the private database.

PostgreSQL marks a locked row in its system column ``xmax``. All rows there were put in by the transaction itself, so
any mark is a lock of this transaction. A later FOR UPDATE thereby also takes the rows that an earlier FOR KEY SHARE
on the same table has marked: more conflicts than necessary, never fewer.
"""

from __future__ import annotations

from collections.abc import Iterable

from daybreak.base.writes import Access
from daybreak.query import pgmessages as pg
from daybreak.query.catalog import Table
from daybreak.query.outcomes import checked
from daybreak.query.statements import Statement
from daybreak.query.workspace import Workspace

_COPY_HEADER_BYTES = 19
_COPY_DATA = ord("d")


async def lock_rows(work: Workspace, statement: Statement) -> None:
    """Give the rows that `statement`, which has just run, has locked their class of access."""
    for lock in statement.locks:
        for table in work.tables([lock.table]):
            rows = work.writes.keys_of(table, await _marked(work, table))
            if lock.access is Access.SHARE:
                await work.share(rows)
            else:
                await work.write(work.writes.lock(rows), rows=0)


async def _marked(work: Workspace, table: Table) -> list[bytes]:
    name = f"{quote(table.schema)}.{quote(table.name)}"
    sql = f"COPY (SELECT t.* FROM {name} AS t WHERE t.xmax <> 0) TO STDOUT (FORMAT binary)"
    replies = checked(await work.engine.direct([pg.query(sql.encode())]))
    return list(_tuples(b"".join(m[5:] for m in replies if m[0] == _COPY_DATA)))


def _tuples(data: bytes) -> Iterable[bytes]:
    """The rows in COPY's binary format: after a header, up to a field count of -1."""
    at = _COPY_HEADER_BYTES
    while (count := int.from_bytes(data[at : at + 2], "big", signed=True)) >= 0:
        end = at + 2
        for _ in range(count):
            size = int.from_bytes(data[end : end + 4], "big", signed=True)
            end += 4 + max(size, 0)
        yield data[at:end]
        at = end


def quote(identifier: str) -> str:
    """An identifier as SQL text."""
    return '"' + identifier.replace('"', '""') + '"'
