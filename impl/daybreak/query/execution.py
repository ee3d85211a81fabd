"""The flow of one statement.

    statement ──► needs ──► store reads (only what is not covered) ──► queued loads
                                                                          │
        client ◄── result messages ◄── verified? ◄── changes ◄── engine.run (one round trip)
                                          │ no: rows turned up that the statement could have met
                                          └──► load them, undo, run again

Nothing of a statement is passed on before its verification, and nothing is written to the store but what was
verified.
"""

from __future__ import annotations

from collections.abc import Sequence

from daybreak.base.writes import Access
from daybreak.errors import InternalError, RequestError
from daybreak.query.asking import run_asking, tell
from daybreak.query.catalog import Table
from daybreak.query.needs import needs
from daybreak.query.outcomes import StatementError, checked
from daybreak.query.rowlocks import lock_rows, marks, note_changes, note_undone
from daybreak.query.statements import AllRows, Kind, Need, Parameter, Statement
from daybreak.query.verify import look_up_building, may_avoid_errors, rows_turned_up
from daybreak.query.workspace import Workspace
from daybreak.query.writeset import Change, resolve

PATIENCE = 3
"""Runs of one statement after which the tables that it writes are loaded whole; the next run is the last."""


async def execute(
    work: Workspace, statement: Statement, parameters: Sequence[Parameter], messages: Sequence[bytes]
) -> list[bytes]:
    """Run one statement, given as the client's frontend messages; its result messages, which are final."""
    if statement.kind is Kind.SHOW:
        return await _show(work, statement, messages)
    if statement.kind is Kind.EXPLAIN and not statement.shape.analyze:
        await work.snapshot()  # the catalog's tables, but none of their rows
        return await _read(work, statement, messages)
    _admit(work, statement)
    await work.load(lambda catalog: needs(statement, catalog, parameters))
    await tell(work, statement)
    if statement.locks:
        work.modified = True  # FOR UPDATE is a write to COMMIT
    captures = work.tables(statement.writes)
    if captures:
        work.modified = True
        return await write(work, statement, messages, captures)
    return await _read(work, statement, messages)


def _admit(work: Workspace, statement: Statement) -> None:
    if work.read_only and not statement.writes and any(lock.access is Access.WRITE for lock in statement.locks):
        raise RequestError("SELECT FOR UPDATE in a read-only transaction is a no-op", sqlstate="25006")
    if statement.writes or statement.locks:
        work.refuse_if_read_only(statement.shape.command)
        work.refuse_after_ddl()


async def _show(work: Workspace, statement: Statement, messages: Sequence[bytes]) -> list[bytes]:
    setting = statement.shape.setting
    if setting is not None and setting.virtual:
        raise RequestError(f'unrecognized configuration parameter "{setting.name}"', sqlstate="42704")
    return list(checked(await work.engine.direct(messages), statement.location))


async def _read(work: Workspace, statement: Statement, messages: Sequence[bytes]) -> list[bytes]:
    locks = bool(statement.locks)
    before = await marks(work, statement) if locks else {}
    outcome = await run_asking(work, statement, messages, captures=(), savepoint=locks)
    if outcome.error is not None:
        raise StatementError(outcome.messages, statement.location)
    if locks:
        await lock_rows(work, statement, before)
    return outcome.messages


async def write(
    work: Workspace, statement: Statement, messages: Sequence[bytes], captures: Sequence[Table]
) -> list[bytes]:
    """Run a statement that may change `captures`, as often as it takes until it has met every row it should."""
    for attempt in range(PATIENCE + 1):
        before = await marks(work, statement) if statement.locks else {}
        outcome = await run_asking(work, statement, messages, captures=captures, savepoint=True)
        changes = resolve(captures, outcome.changes)
        if outcome.error is not None:
            if not await _could_succeed(work, statement, captures):
                raise StatementError(outcome.messages, statement.location)
        elif not await rows_turned_up(work, changes):
            await _keep(work, captures, changes)
            if statement.locks:
                await lock_rows(work, statement, before)
            note_changes(work, statement.shape, captures)
            return outcome.messages
        await work.engine.undo()
        note_undone(work, statement, captures)
        if attempt + 1 >= PATIENCE:
            await _load_whole(work, captures)
    raise InternalError("a statement met new rows although its tables were loaded whole")


async def _could_succeed(work: Workspace, statement: Statement, captures: Sequence[Table]) -> bool:
    """Whether a statement that failed might succeed with rows that are not loaded; then they are loaded."""
    if not may_avoid_errors(statement.shape) or all(work.coverage.is_whole(table) for table in captures):
        return False
    await _load_whole(work, captures)
    return True


async def _load_whole(work: Workspace, tables: Sequence[Table]) -> None:
    await work.load(lambda catalog: [Need(table, AllRows()) for table in tables])


async def _keep(work: Workspace, captures: Sequence[Table], changes: Sequence[Change]) -> None:
    """Turn verified changes into buffered post-images."""
    if changes:
        if any(table.building_indexes for table in captures):
            await look_up_building(work, changes)
        writes, rows = work.writes.writes(changes)
        await work.write(writes, rows=rows)
