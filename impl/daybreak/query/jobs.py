"""What a commit leaves to be done: builds of indexes, run by the session before it answers."""

from __future__ import annotations

from collections.abc import Callable

from daybreak.errors import DaybreakError, RetryError
from daybreak.query import pgmessages as pg
from daybreak.query.catalog import CatalogChange
from daybreak.query.indexbuild import ATTEMPTS, Build, fill
from daybreak.query.outcomes import checked
from daybreak.query.rowlocks import quote
from daybreak.query.store import Store
from daybreak.query.workspace import Workspace


async def run_build(store: Store, build: Build, new_workspace: Callable[[], Workspace]) -> list[bytes]:
    """Build an index; what to tell the client when it does not become valid."""
    try:
        work = new_workspace()
        await work.snapshot()
        tables = [table for table in work.catalog.tables.values() if table.id == build.table_id]
        await work.rollback()
        for table in tables:
            for index in table.indexes:
                if index.name == build.index_name:
                    await fill(store, table, index)
                    await _finish(build, new_workspace)
    except DaybreakError as error:
        return [pg.notice(error.sqlstate, error.message)]
    return []


async def _finish(build: Build, new_workspace: Callable[[], Workspace]) -> None:
    """Make the index valid, against DDL of other sessions."""
    for attempt in range(ATTEMPTS):
        work = new_workspace()
        try:
            if await _make_valid(work, build):
                await work.commit()
            else:
                await work.rollback()
            return
        except RetryError:
            if attempt + 1 == ATTEMPTS:
                raise
        except BaseException:
            await work.rollback()
            raise


async def _make_valid(work: Workspace, build: Build) -> bool:
    """Record that the index is complete: a DDL of its own. False when the index or its table is gone."""
    await work.snapshot()
    table = next((t for t in work.catalog.tables.values() if t.id == build.table_id), None)
    if table is None or all(index.name != build.index_name for index in table.indexes):
        return False
    name = f"{quote(table.schema)}.{quote(build.index_name)}"
    definition = await _definition(work, name)
    version = work.catalog.version + 1
    await work.change_catalog(CatalogChange(version, f"DROP INDEX {name}"))
    unique = definition.replace("CREATE INDEX", "CREATE UNIQUE INDEX", 1)
    await work.change_catalog(CatalogChange(version + 1, unique, table.with_valid_index(build.index_name)))
    return True


async def _definition(work: Workspace, name: str) -> str:
    literal = "'" + name.replace("'", "''") + "'"
    sql = f"SELECT pg_catalog.pg_get_indexdef({literal}::regclass)"
    rows = pg.text_rows(checked(await work.engine.direct([pg.query(sql.encode())])))
    return rows[0][0] or ""
