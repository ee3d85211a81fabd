"""Messages of PostgreSQL's frontend/backend protocol 3.0: the few that Daybreak makes or looks into.

A whole message is a type byte, a big-endian int32 length (which counts itself, not the type byte) and a body.
Everything else passes through as bytes. Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from daybreak.errors import DaybreakError, RequestError

_INT16 = struct.Struct("!h")
_INT32 = struct.Struct("!i")
_HEADER = struct.Struct("!ci")
TEXT, BINARY = 0, 1


class ProtocolViolationError(RequestError):
    """The peer sent bytes that are no message; the connection cannot go on."""

    sqlstate = "08P01"


class ParseMessage(NamedTuple):
    """Parse: prepare `sql` under `name`; `oids` are the parameter types the client declares (0 = unspecified)."""

    name: bytes
    sql: bytes
    oids: tuple[int, ...]


class BindMessage(NamedTuple):
    """Bind: make `portal` out of `statement` and parameters (None is NULL), with one format for each parameter."""

    portal: bytes
    statement: bytes
    formats: tuple[int, ...]
    values: tuple[bytes | None, ...]
    result_formats: tuple[int, ...]


class Reader:
    """Cuts the fields of one message's body; a field that is not there is a `ProtocolViolationError`."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def cstring(self) -> bytes:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise ProtocolViolationError("invalid string in message")
        text = self._body[self._at : end]
        self._at = end + 1
        return text

    def take(self, size: int) -> bytes:
        end = self._at + size
        if size < 0 or end > len(self._body):
            raise ProtocolViolationError("insufficient data left in message")
        part = self._body[self._at : end]
        self._at = end
        return part

    def int16(self) -> int:
        return int(_INT16.unpack(self.take(2))[0])

    def int32(self) -> int:
        return int(_INT32.unpack(self.take(4))[0])

    def count(self) -> int:
        """An int16 that counts something: never negative."""
        return self.int16() & 0xFFFF

    def int16s(self) -> tuple[int, ...]:
        """A count and as many int16."""
        count = self.count()
        return struct.unpack(f"!{count}h", self.take(2 * count)) if count else ()

    def values(self) -> tuple[bytes | None, ...]:
        """A count and as many values, each with its length; None where that is -1."""
        found: list[bytes | None] = []
        for _ in range(self.count()):
            size = self.int32()
            found.append(None if size == -1 else self.take(size))
        return tuple(found)

    def end(self) -> None:
        if self._at != len(self._body):
            raise ProtocolViolationError("invalid message format")


def read_query(body: bytes) -> bytes:
    """The SQL text of a Query message, still in the client's bytes."""
    reader = Reader(body)
    sql = reader.cstring()
    reader.end()
    return sql


def read_parse(body: bytes) -> ParseMessage:
    reader = Reader(body)
    name, sql = reader.cstring(), reader.cstring()
    oids = tuple(reader.int32() & 0xFFFFFFFF for _ in range(reader.count()))
    reader.end()
    return ParseMessage(name, sql, oids)


def read_bind(body: bytes) -> BindMessage:
    reader = Reader(body)
    portal, statement = reader.cstring(), reader.cstring()
    formats, values, result_formats = reader.int16s(), reader.values(), reader.int16s()
    reader.end()
    if not {TEXT, BINARY}.issuperset(formats + result_formats):
        raise ProtocolViolationError("unsupported format code")
    if len(formats) > 1 and len(formats) != len(values):
        raise ProtocolViolationError(f"bind message has {len(formats)} parameter formats but {len(values)} parameters")
    spread = formats if len(formats) == len(values) else (formats or (TEXT,)) * len(values)
    return BindMessage(portal, statement, spread, values, result_formats)


def read_execute(body: bytes) -> tuple[bytes, int]:
    """Portal and the greatest number of rows to return; 0 is all."""
    reader = Reader(body)
    portal, limit = reader.cstring(), reader.int32()
    reader.end()
    return portal, max(limit, 0)


def read_target(body: bytes) -> tuple[bytes, bytes]:
    """What Describe and Close name: ``S`` or ``P`` and the name of the statement or portal."""
    reader = Reader(body)
    kind, name = reader.take(1), reader.cstring()
    reader.end()
    if kind not in (b"S", b"P"):
        raise ProtocolViolationError(f"invalid message subtype {kind[0]}")
    return kind, name


def message(kind: bytes, body: bytes = b"") -> bytes:
    """A whole message."""
    return _HEADER.pack(kind, len(body) + 4) + body


def query(sql: bytes) -> bytes:
    return message(b"Q", sql + b"\0")


def parse(name: bytes, sql: bytes, oids: Sequence[int] = ()) -> bytes:
    types = struct.pack(f"!H{len(oids)}I", len(oids), *oids)
    return message(b"P", name + b"\0" + sql + b"\0" + types)


def bind(asked: BindMessage) -> bytes:
    out = [asked.portal, b"\0", asked.statement, b"\0", _formats(asked.formats)]
    out.append(struct.pack("!H", len(asked.values)))
    for value in asked.values:
        out.append(_INT32.pack(-1) if value is None else _INT32.pack(len(value)) + value)
    out.append(_formats(asked.result_formats))
    return message(b"B", b"".join(out))


def _formats(codes: Sequence[int]) -> bytes:
    return struct.pack(f"!H{len(codes)}h", len(codes), *codes)


def describe(kind: bytes, name: bytes) -> bytes:
    return message(b"D", kind + name + b"\0")


def close(kind: bytes, name: bytes) -> bytes:
    return message(b"C", kind + name + b"\0")


def execute(portal: bytes) -> bytes:
    """Execute without a row limit."""
    return message(b"E", portal + b"\0\0\0\0\0")


PARSE_COMPLETE = message(b"1")
BIND_COMPLETE = message(b"2")
CLOSE_COMPLETE = message(b"3")
NO_DATA = message(b"n")
EMPTY_QUERY = message(b"I")
PORTAL_SUSPENDED = message(b"s")
NO_PARAMETERS = message(b"t", b"\0\0")
AUTHENTICATION_OK = message(b"R", b"\0\0\0\0")
COPY_DONE = message(b"c")


def ready_for_query(status: bytes) -> bytes:
    """ReadyForQuery with transaction status ``I``, ``T`` or ``E``."""
    return message(b"Z", status)


def command_complete(tag: str) -> bytes:
    return message(b"C", tag.encode() + b"\0")


def parameter_status(name: str, value: str) -> bytes:
    return message(b"S", name.encode() + b"\0" + value.encode() + b"\0")


def backend_key_data(process: int, secret: int) -> bytes:
    return message(b"K", struct.pack("!II", process, secret))


def copy_fail(reason: str) -> bytes:
    return message(b"f", reason.encode() + b"\0")


def row_description(column: str, type_oid: int) -> bytes:
    """RowDescription of one column in text format."""
    field = column.encode() + b"\0" + struct.pack("!IhIhih", 0, 0, type_oid, -1, -1, TEXT)
    return message(b"T", b"\0\1" + field)


def data_row(values: Sequence[bytes | None]) -> bytes:
    out = [struct.pack("!H", len(values))]
    for value in values:
        out.append(_INT32.pack(-1) if value is None else _INT32.pack(len(value)) + value)
    return message(b"D", b"".join(out))


def error_response(error: DaybreakError, *, severity: str = "ERROR") -> bytes:
    """ErrorResponse with severity, SQLSTATE, message and, where known, detail and hint."""
    return message(b"E", _fields(severity, error.sqlstate, error.message, error.detail, error.hint))


def notice(sqlstate: str, text: str, *, severity: str = "WARNING") -> bytes:
    return message(b"N", _fields(severity, sqlstate, text, None, None))


def _fields(severity: str, sqlstate: str, text: str, detail: str | None, hint: str | None) -> bytes:
    fields = [("S", severity), ("V", severity), ("C", sqlstate), ("M", text), ("D", detail), ("H", hint)]
    known = "".join(f"{code}{value}\0" for code, value in fields if value is not None)
    return known.encode("utf-8", "replace") + b"\0"


def error_fields(body: bytes) -> dict[str, str]:
    """The fields of an ErrorResponse's or NoticeResponse's body by their one-letter code."""
    parts = body.rstrip(b"\0").split(b"\0")
    return {chr(part[0]): part[1:].decode("utf-8", "replace") for part in parts if part}


def read_parameter_types(body: bytes) -> tuple[int, ...]:
    """The type oids of a ParameterDescription."""
    reader = Reader(body)
    return tuple(reader.int32() & 0xFFFFFFFF for _ in range(reader.count()))


def text_rows(messages: Iterable[bytes]) -> list[tuple[str | None, ...]]:
    """The DataRows among `messages`, whose columns are in text format."""
    rows = []
    for m in messages:
        if m[0] == 0x44:
            reader = Reader(m[5:])
            rows.append(tuple(None if v is None else v.decode() for v in reader.values()))
    return rows
