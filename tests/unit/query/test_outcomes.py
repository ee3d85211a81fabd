"""Errors of the private server on their way to the client."""

from __future__ import annotations

import pytest

from daybreak.errors import ConflictError
from daybreak.query import pgmessages as pg
from daybreak.query.outcomes import StatementError, checked, error_message, shifted

ERROR = pg.message(b"E", b"SERROR\0C42703\0Mno such column\0P8\0")


def test_an_error_is_passed_on_with_what_came_before_it() -> None:
    notice = pg.notice("01000", "careful")
    with pytest.raises(StatementError) as caught:
        checked([notice, ERROR, pg.command_complete("SELECT 0")])
    assert (caught.value.sqlstate, caught.value.message) == ("42703", "no such column")
    assert error_message(caught.value) == notice + ERROR


def test_no_error_passes_through() -> None:
    said = [pg.command_complete("SELECT 0")]
    assert checked(said) is said


def test_positions_are_shifted_and_nothing_else() -> None:
    assert pg.error_fields(shifted(ERROR, 10)[5:]) == pg.error_fields(ERROR[5:]) | {"P": "18"}
    assert shifted(ERROR, 0) == ERROR
    without = pg.message(b"E", b"SERROR\0C22012\0Mdivision by zero\0\0")
    assert shifted(without, 10) == without


def test_errors_of_ours_carry_their_sqlstate() -> None:
    assert pg.error_fields(error_message(ConflictError())[5:])["C"] == "40001"
