"""COPY FROM STDIN: the client's data is kept until it is complete, then runs like any other statement.

It has to be: rows in the data may meet rows of the snapshot, and then the statement is run again.
"""

from __future__ import annotations

from collections.abc import Sequence

from daybreak.base.limits import MAX_BYTES
from daybreak.errors import LimitError, RequestError
from daybreak.query import pgmessages as pg
from daybreak.query.client import Client
from daybreak.query.execution import write
from daybreak.query.outcomes import StatementError
from daybreak.query.statements import Statement
from daybreak.query.workspace import Workspace

_COPY_IN_RESPONSE = ord("G")
_DATA, _DONE, _FAIL, _FLUSH, _SYNC = b"dcfHS"
_MAX_COPY_BYTES = 2 * MAX_BYTES
"""Of text that becomes at most `MAX_BYTES` of rows."""


async def copy_in(work: Workspace, statement: Statement, client: Client) -> list[bytes]:
    """Run COPY FROM STDIN; its replies, less the CopyInResponse, which the client has got."""
    work.refuse_if_read_only(statement.shape.command)
    work.refuse_after_ddl()
    await work.snapshot()
    start = pg.query(statement.sql.encode())
    client.send(await _invitation(work, statement, start))
    data = await _receive(client)
    tables = work.tables(statement.writes)
    work.modified = True
    try:
        return _without_invitation(await write(work, statement, [start, *data, pg.COPY_DONE], tables))
    except StatementError as error:
        error.said = _without_invitation(error.said)
        raise


def _without_invitation(replies: Sequence[bytes]) -> list[bytes]:
    return [m for m in replies if m[0] != _COPY_IN_RESPONSE]


async def _invitation(work: Workspace, statement: Statement, start: bytes) -> bytes:
    """The private server's CopyInResponse, or its refusal of the statement, got by a COPY that gives up at once."""
    outcome = await work.run([start, pg.copy_fail("no data yet")], captures=())
    invitation = next((m for m in outcome.messages if m[0] == _COPY_IN_RESPONSE), None)
    if invitation is None:
        raise StatementError(outcome.messages, statement.location)
    await work.engine.undo()
    return invitation


async def _receive(client: Client) -> list[bytes]:
    """The client's CopyData messages. Raises once CopyDone or CopyFail is there, when the data will not do."""
    data: list[bytes] = []
    size = 0
    await client.drain()
    while True:
        kind, body = await client.receive()
        if kind == _DATA:
            size += len(body)
            if size <= _MAX_COPY_BYTES:
                data.append(pg.message(b"d", body))
            else:
                data.clear()
        elif kind == _DONE:
            break
        elif kind == _FAIL:
            reason = pg.Reader(body).cstring().decode("utf-8", "replace")
            raise RequestError(f"COPY from stdin failed: {reason}", sqlstate="57014")
        elif kind not in (_FLUSH, _SYNC):
            raise pg.ProtocolViolationError(f"unexpected message type 0x{kind:02x} during COPY from stdin")
    if size > _MAX_COPY_BYTES:
        raise LimitError("transaction size limit 10mb exceeded")
    return data
