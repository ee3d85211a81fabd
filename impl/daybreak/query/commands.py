"""The engine's own commands on a session's connection, in the extended protocol.

A Query message would end the client's unnamed statement and portal; these leave everything of the client's alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from daybreak.errors import InternalError
from daybreak.query import pgmessages as pg
from daybreak.query.backend import ERROR, HEADER_BYTES

SAVEPOINT = "daybreak"

BEGIN, ROLLBACK, SET_SAVEPOINT, RELEASE, UNDO, LOADING, LOADED, SETTLE = (
    b"daybreak_begin",
    b"daybreak_rollback",
    b"daybreak_savepoint",
    b"daybreak_release",
    b"daybreak_undo",
    b"daybreak_loading",
    b"daybreak_loaded",
    b"daybreak_settle",
)

PREPARED = {
    BEGIN: "BEGIN ISOLATION LEVEL REPEATABLE READ",
    ROLLBACK: "ROLLBACK",
    SET_SAVEPOINT: f"SAVEPOINT {SAVEPOINT}",
    RELEASE: f"RELEASE SAVEPOINT {SAVEPOINT}",
    UNDO: f"ROLLBACK TO SAVEPOINT {SAVEPOINT}",
    LOADING: "SET LOCAL daybreak.loading = 'on'",
    LOADED: "SET LOCAL daybreak.loading = 'off'",
    SETTLE: "SET CONSTRAINTS ALL IMMEDIATE",
}

_QUERY, _SYNC, _COPY_DATA, _COPY_DONE, _COPY_FAIL = b"QSdcf"

SYNC = pg.message(b"S")

_NAME = b"daybreak"
_PORTAL = _NAME + b"\0"
_NO_PARAMETERS = bytes(6)  # no formats, no values, results as text
_CLOSE = pg.close(b"P", _NAME)  # before, not after: a command that fails leaves its portal open
_EXECUTE = pg.execute(_NAME)

PREPARE_ALL = b"".join(pg.parse(name, sql.encode()) for name, sql in PREPARED.items())


def prepare(name: bytes, sql: str) -> bytes:
    """Prepare a statement of ours, again if need be."""
    return pg.close(b"S", name) + pg.parse(name, sql.encode())


def execute(statement: bytes, copy_data: Iterable[bytes] = ()) -> bytes:
    """Execute a prepared statement of ours; a COPY FROM STDIN with its data."""
    bind = pg.message(b"B", _PORTAL + statement + b"\0" + _NO_PARAMETERS)
    return b"".join((_CLOSE, bind, _EXECUTE, *copy_data))


def once(sql: str) -> bytes:
    """Prepare, execute and forget one statement."""
    return pg.parse(_NAME, sql.encode()) + execute(_NAME) + pg.close(b"S", _NAME)


def batch(messages: Sequence[bytes]) -> tuple[bytes, int, int]:
    """Frontend messages as one batch: the bytes, how many ReadyForQuery end it, how many COPY streams it holds."""
    kinds = [message[0] for message in messages]
    ready = kinds.count(_QUERY) + kinds.count(_SYNC)
    copies = kinds.count(_COPY_DONE) + kinds.count(_COPY_FAIL)
    talk = [kind for kind in kinds if kind not in (_COPY_DATA, _COPY_DONE, _COPY_FAIL)]
    if talk and talk[-1] in (_QUERY, _SYNC):
        return b"".join(messages), ready, copies
    return b"".join((*messages, SYNC)), ready + 1, copies


class ServerError(msgspec.Struct, frozen=True):
    """An ErrorResponse of the private server.

    `raw` is the whole backend message (type byte, length, fields), fit to be sent to the client as it is.
    """

    sqlstate: str
    message: str
    raw: bytes


def first_error(messages: Sequence[bytes]) -> ServerError | None:
    """The first ErrorResponse among `messages`."""
    for raw in messages:
        if raw[0] == ERROR:
            fields = pg.error_fields(raw[HEADER_BYTES:])
            return ServerError(fields.get("C", "XX000"), fields.get("M", ""), raw)
    return None


def succeeded(messages: Sequence[bytes], what: str) -> None:
    """Raise `InternalError` if the private server refused a command of ours."""
    error = first_error(messages)
    if error is not None:
        raise InternalError(f"{what} failed in the private database: {error.message} ({error.sqlstate})")
