"""DDL: tried on the private database, described from there, recorded as a change of the catalog (P21).

The private transaction in which it ran is rolled back like any other. Once the change has committed, every private
database, this session's own included, applies it at the start of its next transaction (`catalogview`).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence

from daybreak.errors import InternalError, RequestError
from daybreak.query import pgmessages as pg
from daybreak.query.catalog import CatalogChange, Table
from daybreak.query.indexbuild import Build
from daybreak.query.introspection import introspection, table_from_introspection
from daybreak.query.outcomes import StatementError, checked
from daybreak.query.statements import Ddl, DdlKind, Statement, TableName
from daybreak.query.workspace import Workspace

_TEXT_OID = 25
_COMMAND_COMPLETE = ord("C")


async def run_ddl(work: Workspace, statement: Statement) -> list[bytes]:
    """Run one DDL statement; its replies."""
    ddl = statement.shape.ddl
    if ddl is None:
        raise InternalError("a DDL statement without its description")
    work.refuse_if_read_only(statement.shape.command)
    if work.changed_catalog:
        raise RequestError("multiple ddl statements not supported in a transaction")
    if work.modified:
        raise RequestError("ddl and dml are not supported in the same transaction")
    await work.snapshot()
    sql = ddl.declaration or statement.sql
    outcome = await work.run([pg.query(sql.encode())], captures=(), savepoint=False)
    if outcome.error is not None:
        raise StatementError(outcome.messages, statement.location)
    change = await _change(work, ddl, sql)
    if change is None:  # IF EXISTS, IF NOT EXISTS: nothing to do
        return outcome.messages
    await work.change_catalog(change)
    if ddl.kind is DdlKind.CREATE_INDEX:
        return _with_job(work, change, outcome.messages)
    return outcome.messages


async def _change(work: Workspace, ddl: Ddl, sql: str) -> CatalogChange | None:
    version = work.catalog.version + 1
    if ddl.kind is DdlKind.DROP_TABLE:
        dropped = tuple(table.qualified_name for table in work.tables(ddl.names))
        return CatalogChange(version, sql, dropped=dropped) if dropped else None
    if ddl.kind is DdlKind.DROP_INDEX:
        found = work.catalog.find_index(*ddl.names[0])
        return CatalogChange(version, sql, table=found[0].without_index(found[1].name)) if found else None
    name = ddl.names[0]
    before = work.catalog.find(*name)
    if before is not None and ddl.kind is DdlKind.CREATE_TABLE:
        return None
    table = await _describe(work, name, before, building_unique=ddl.unique)
    return None if table == before else CatalogChange(version, sql, table=table)


async def _describe(work: Workspace, name: TableName, before: Table | None, *, building_unique: bool) -> Table:
    sql = introspection(name.schema or "public", name.name)
    rows = pg.text_rows(checked(await work.engine.direct([pg.query(sql.encode())])))
    if not rows:
        raise RequestError(f'schema "{name.schema or "public"}" not supported for tables')
    version = work.catalog.version + 1
    return table_from_introspection(rows, version, before, building_unique=building_unique)


def _with_job(work: Workspace, change: CatalogChange, replies: Sequence[bytes]) -> list[bytes]:
    """CREATE INDEX ASYNC answers with the name of the job that builds the index once the change has committed."""
    table = change.table
    if table is not None and not all(index.valid for index in table.indexes):
        built = next(index for index in reversed(table.indexes) if index.id >> 6 == change.version)
        if not built.valid:
            work.jobs.append(Build(table.id, built.id))
    job = base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
    notices = [m for m in replies if m[0] != _COMMAND_COMPLETE]
    row = [pg.row_description("job_id", _TEXT_OID), pg.data_row([job.encode()])]
    return [*notices, *row, pg.command_complete("CREATE INDEX")]
