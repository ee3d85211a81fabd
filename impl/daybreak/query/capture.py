"""Changed rows, as the private database reports them.

Statement-level AFTER triggers (`template`) see every row that a statement changed, also through ON CONFLICT, COPY and
cascades, and report them in INFO messages between the statement's results. Nothing is stored for it, so there is
nothing to fetch, to undo or to clean. A report carries rows in the form of PostgreSQL's ``record_send``, in hex:

    notice fields      C "DBCAP" · s schema · t table · D old rows · H new rows
    record_send        int32 columns, then per column: oid, int32 length or -1, bytes
    row in storage     int16 columns, then per column:      int32 length or -1, bytes       (COPY BINARY)
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

import msgspec

from daybreak.errors import InternalError
from daybreak.query.backend import HEADER_BYTES, NOTICE
from daybreak.query.pgmessages import error_fields

CAPTURE_SQLSTATE = "DBCAP"

_MARK = b"\0C" + CAPTURE_SQLSTATE.encode() + b"\0"
_MARK_ENDS_BEFORE = 40  # severity, twice, comes before it
_COLUMNS = struct.Struct("!i")
_FIELD = struct.Struct("!Ii")
_ROW = struct.Struct("!h")


class RowChange(msgspec.Struct, frozen=True):
    """One row that a statement changed; images are rows in COPY BINARY tuple format, all columns.

    `op` is ``I`` (old is None), ``U`` (both) or ``D`` (new is None).
    """

    table_id: int
    op: str
    old: bytes | None
    new: bytes | None


def is_report(message: bytes) -> bool:
    """Whether a backend message is a report of changed rows."""
    return message[0] == NOTICE and message.find(_MARK, HEADER_BYTES, _MARK_ENDS_BEFORE) > 0


def take_reports(messages: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """`messages` without the reports, and the reports."""
    reports = [m for m in messages if is_report(m)]
    return ([m for m in messages if not is_report(m)], reports) if reports else (messages, reports)


def changes(reports: Iterable[bytes], table_ids: Mapping[str, int]) -> list[RowChange]:
    """The changes that `reports` tell of; `table_ids` by ``schema.name``.

    Raises `InternalError` for a change of a table that is not among them.
    """
    found: list[RowChange] = []
    for report in reports:
        fields = error_fields(report[HEADER_BYTES:])
        name = f"{fields['s']}.{fields['t']}"
        if name not in table_ids:
            raise InternalError(f"a statement changed {name}, which it was not known to write")
        table = table_ids[name]
        old, new = rows(bytes.fromhex(fields["D"])), rows(bytes.fromhex(fields["H"]))
        if not old:
            found += [RowChange(table, "I", None, row) for row in new]
        elif not new:
            found += [RowChange(table, "D", row, None) for row in old]
        else:
            # Both transition tables of an UPDATE are in the order in which rows were updated.
            found += [RowChange(table, "U", *pair) for pair in zip(old, new, strict=True)]
    return found


def rows(records: bytes) -> list[bytes]:
    """Rows in storage form out of concatenated ``record_send`` values."""
    found = []
    at, end = 0, len(records)
    while at < end:
        (columns,) = _COLUMNS.unpack_from(records, at)
        at += 4
        parts = [_ROW.pack(columns)]
        for _ in range(columns):
            _, length = _FIELD.unpack_from(records, at)
            start, at = at + 4, at + 8 + max(length, 0)
            parts.append(records[start:at])
        found.append(b"".join(parts))
    return found
