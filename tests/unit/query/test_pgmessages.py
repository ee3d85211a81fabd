"""Messages: what is written can be read, and what is malformed is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.errors import RequestError
from daybreak.query import pgmessages as pg
from tests.support.raw_client import kinds

names = st.binary(max_size=10).filter(lambda name: b"\0" not in name)
values = st.lists(st.one_of(st.none(), st.binary(max_size=20)), max_size=5)


@given(names, names, st.lists(st.integers(0, 0xFFFFFFFF), max_size=4))
def test_parse(name: bytes, sql: bytes, oids: list[int]) -> None:
    assert pg.read_parse(pg.parse(name, sql, oids)[5:]) == (name, sql, tuple(oids))


@given(names, names, values, st.sampled_from([0, 1]))
def test_bind(portal: bytes, statement: bytes, given_values: list[bytes | None], form: int) -> None:
    asked = pg.BindMessage(portal, statement, (form,) * len(given_values), tuple(given_values), (form,))
    assert pg.read_bind(pg.bind(asked)[5:]) == asked


def test_one_format_stands_for_all_parameters_and_none_is_text() -> None:
    one = pg.message(b"B", b"\0\0" + b"\0\1\0\1" + b"\0\2" + b"\0\0\0\1a" * 2 + b"\0\0")
    assert pg.read_bind(one[5:]).formats == (1, 1)
    none = pg.message(b"B", b"\0\0" + b"\0\0" + b"\0\2" + b"\0\0\0\1a" * 2 + b"\0\0")
    assert pg.read_bind(none[5:]).formats == (0, 0)


@given(st.binary(max_size=60))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    for read in (pg.read_query, pg.read_parse, pg.read_bind, pg.read_execute, pg.read_target):
        try:
            read(body)
        except pg.ProtocolViolationError as error:
            assert error.sqlstate == "08P01"


def test_truncated_messages_are_refused_wherever_they_end() -> None:
    asked = pg.BindMessage(b"p", b"s", (0, 1), (b"abc", None), (1,))
    whole = pg.bind(asked)[5:]
    for size in range(len(whole)):
        with pytest.raises(pg.ProtocolViolationError):
            pg.read_bind(whole[:size])


def test_error_response_has_all_fields() -> None:
    error = RequestError("no", sqlstate="0A000", detail="because", hint="else")
    fields = pg.error_fields(pg.error_response(error, severity="FATAL")[5:])
    assert fields == {"S": "FATAL", "V": "FATAL", "C": "0A000", "M": "no", "D": "because", "H": "else"}


def test_rows() -> None:
    sent = [pg.row_description("a", 25), pg.data_row([b"x"]), pg.data_row([None]), pg.command_complete("SELECT 2")]
    assert kinds(sent) == b"TDDC"
    assert pg.text_rows(sent) == [("x",), (None,)]
