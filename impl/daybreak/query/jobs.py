"""What a commit leaves to be done: builds of indexes, run by the session before it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from daybreak.base.keys import Key, space_bounds
from daybreak.errors import DaybreakError, RetryError
from daybreak.query import pgmessages as pg
from daybreak.query.catalog import CatalogChange
from daybreak.query.indexbuild import ATTEMPTS, Build, fill
from daybreak.query.load import quoted
from daybreak.query.outcomes import checked
from daybreak.query.workspace import Workspace

Done = TypeVar("Done")


async def run_build(build: Build, new_workspace: Callable[[], Workspace]) -> list[bytes]:
    """Build an index; what to tell the client when it does not become valid. Ends early when the index is dropped."""
    low: Key | None = space_bounds(build.table_id)[0]
    try:
        while low is not None:
            low = await _in_transaction(new_workspace, partial(_fill, build=build, low=low))
        await _in_transaction(new_workspace, partial(_make_valid, build=build))
    except DaybreakError as error:
        return [pg.notice(error.sqlstate, error.message)]
    return []


async def _in_transaction(new_workspace: Callable[[], Workspace], step: Callable[[Workspace], Awaitable[Done]]) -> Done:
    """Do a step in a transaction of its own, again with a new snapshot when another transaction was first.

    Like every transaction it commits only if the catalog is as it was at its snapshot (P21).
    """
    attempts = 0
    while True:
        attempts += 1
        work = new_workspace()
        try:
            done = await step(work)
            await work.commit()
            return done
        except BaseException as error:
            await work.rollback()
            if not isinstance(error, RetryError) or attempts == ATTEMPTS:
                raise


async def _fill(work: Workspace, *, build: Build, low: Key) -> Key | None:
    """One batch, from `low` on; where the next one begins, if there is one."""
    snapshot = await work.snapshot()
    found = build.find(work.catalog)
    return await fill(snapshot, *found, low) if found is not None else None


async def _make_valid(work: Workspace, *, build: Build) -> None:
    """Record that the index is complete: a DDL of its own."""
    await work.snapshot()
    found = build.find(work.catalog)
    if found is None:
        return
    table, index = found
    name = f"{quoted(table.schema)}.{quoted(index.name)}"
    definition = await _definition(work, name)
    version = work.catalog.version + 1
    await work.change_catalog(CatalogChange(version, f"DROP INDEX {name}"))
    unique = definition.replace("CREATE INDEX", "CREATE UNIQUE INDEX", 1)
    await work.change_catalog(CatalogChange(version + 1, unique, table.with_valid_index(index.name)))


async def _definition(work: Workspace, name: str) -> str:
    literal = "'" + name.replace("'", "''") + "'"
    sql = f"SELECT pg_catalog.pg_get_indexdef({literal}::regclass)"
    rows = pg.text_rows(checked(await work.engine.direct([pg.query(sql.encode())])))
    return rows[0][0] or ""
