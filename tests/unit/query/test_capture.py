from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.errors import InternalError
from daybreak.query import pgmessages as pg
from daybreak.query.capture import RowChange, changes, is_report, rows, take_reports
from tests.support.engines import row

Fields = Sequence[bytes | None]


def record(fields: Fields) -> bytes:
    """What record_send makes of a row of bytea columns."""
    parts = [struct.pack("!i", len(fields))]
    for field in fields:
        parts.append(struct.pack("!Ii", 17, -1 if field is None else len(field)) + (field or b""))
    return b"".join(parts)


def report(op: str, old: Sequence[Fields], new: Sequence[Fields], table: str = "t") -> bytes:
    fields = {
        "S": "INFO",
        "V": "INFO",
        "C": "DBCAP",
        "M": op,
        "D": b"".join(map(record, old)).hex(),
        "H": b"".join(map(record, new)).hex(),
        "W": "PL/pgSQL function daybreak_capture() line 12 at RAISE",
        "s": "public",
        "t": table,
    }
    return pg.message(b"N", "".join(f"{code}{value}\0" for code, value in fields.items()).encode() + b"\0")


FIELDS = st.lists(st.none() | st.binary(max_size=20), max_size=6)


@given(st.lists(FIELDS, max_size=5))
def test_records_become_rows(records: list[list[bytes | None]]) -> None:
    assert rows(b"".join(map(record, records))) == [row(*fields) for fields in records]


def test_reports_are_told_from_other_notices() -> None:
    told = report("INSERT", [], [[b"a"]])
    other = pg.notice("01000", "C DBCAP: not a report")
    tag = pg.command_complete("INSERT 0 1")
    assert is_report(told)
    assert not is_report(other)
    assert take_reports([other, told, tag]) == ([other, tag], [told])
    assert take_reports([other, tag]) == ([other, tag], [])


def test_the_kind_of_change_follows_from_the_rows() -> None:
    a, b, c, d = [b"a"], [b"b"], [b"c"], [None]
    told = [
        report("INSERT", [], [a, b]),
        report("DELETE", [c], []),
        report("UPDATE", [a, b], [c, d], table="u"),
    ]
    assert changes(told, {"public.t": 7, "public.u": 8}) == [
        RowChange(7, "I", None, row(b"a")),
        RowChange(7, "I", None, row(b"b")),
        RowChange(7, "D", row(b"c"), None),
        RowChange(8, "U", row(b"a"), row(b"c")),
        RowChange(8, "U", row(b"b"), row(None)),
    ]


def test_a_table_that_was_not_announced_is_an_error() -> None:
    with pytest.raises(InternalError, match=r"public\.t"):
        changes([report("INSERT", [], [[b"a"]])], {"public.u": 8})


def test_an_update_has_as_many_old_rows_as_new() -> None:
    with pytest.raises(ValueError, match="zip"):
        changes([report("UPDATE", [[b"a"], [b"b"]], [[b"a"]])], {"public.t": 7})
