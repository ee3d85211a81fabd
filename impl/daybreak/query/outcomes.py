"""What the client is told: errors of ours and of the private server in one form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from daybreak.errors import DaybreakError, RequestError
from daybreak.query import pgmessages as pg

_ERROR = ord("E")
_HEADER_BYTES = 5


class StatementError(DaybreakError):
    """The private server refused a statement; `said` is all that it said about it, an ErrorResponse at the end.

    `offset` is where the statement begins in the client's text, in characters.
    """

    def __init__(self, said: Iterable[bytes], offset: int = 0) -> None:
        self.said = list(said)
        fields = pg.error_fields(self.said[-1][_HEADER_BYTES:])
        super().__init__(fields.get("M", ""), detail=fields.get("D"), hint=fields.get("H"))
        self.sqlstate = fields.get("C", self.sqlstate)
        self.said[-1] = shifted(self.said[-1], offset)


def aborted() -> RequestError:
    """What a failed transaction block answers to everything but its end."""
    return RequestError(
        "current transaction is aborted, commands ignored until end of transaction block", sqlstate="25P02"
    )


def cancelled() -> RequestError:
    """What a cancelled statement ends with."""
    return RequestError("canceling statement due to user request", sqlstate="57014")


def error_message(error: DaybreakError, *, severity: str = "ERROR") -> bytes:
    """The message, or messages, that tell the client of `error`."""
    if isinstance(error, StatementError):
        return b"".join(error.said)
    return pg.error_response(error, severity=severity)


def checked(messages: Sequence[bytes], offset: int = 0) -> Sequence[bytes]:
    """`messages` of the private server, unless there is an error among them: then `StatementError`."""
    for number, m in enumerate(messages):
        if m[0] == _ERROR:
            raise StatementError(messages[: number + 1], offset)
    return messages


def shifted(error: bytes, offset: int) -> bytes:
    """An ErrorResponse whose position counts from `offset` characters earlier: where the client's text begins."""
    if offset == 0 or b"\0P" not in error:
        return error
    parts = error[_HEADER_BYTES:].split(b"\0")
    moved = [b"P%d" % (int(part[1:]) + offset) if part[:1] == b"P" else part for part in parts]
    return pg.message(b"E", b"\0".join(moved))
