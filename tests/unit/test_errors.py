"""The error tree: what a caller must do is what it can catch."""

from __future__ import annotations

import inspect

import pytest

from daybreak import errors
from daybreak.errors import (
    ConflictError,
    CorruptionError,
    DaybreakError,
    DiskFullError,
    InternalError,
    LimitError,
    NotAcceptingError,
    OperatorError,
    RequestError,
    RetryError,
    SchemaConflictError,
    UnavailableError,
    UnknownOutcomeError,
)

TREE = {
    RetryError: DaybreakError,
    ConflictError: RetryError,
    SchemaConflictError: RetryError,
    UnknownOutcomeError: DaybreakError,
    UnavailableError: DaybreakError,
    NotAcceptingError: DaybreakError,
    RequestError: DaybreakError,
    LimitError: RequestError,
    OperatorError: DaybreakError,
    CorruptionError: OperatorError,
    DiskFullError: OperatorError,
    InternalError: DaybreakError,
}

SQLSTATES = {
    ConflictError: "40001",
    SchemaConflictError: "40001",
    UnknownOutcomeError: "08007",
    UnavailableError: "08006",
    NotAcceptingError: "57P03",
    RequestError: "0A000",
    LimitError: "54000",
    OperatorError: "58000",
    CorruptionError: "XX001",
    DiskFullError: "53100",
    InternalError: "XX000",
}


def test_the_tree_is_the_one_that_is_drawn() -> None:
    classes = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, DaybreakError)}
    assert {kind: kind.__base__ for kind in classes - {DaybreakError}} == TREE
    drawn = inspect.getdoc(errors) or ""
    assert all(kind.__name__ in drawn for kind in classes)


@pytest.mark.parametrize("kind", SQLSTATES, ids=lambda kind: kind.__name__)
def test_each_error_has_the_sqlstate_that_clients_act_on(kind: type[DaybreakError]) -> None:
    assert kind.sqlstate == SQLSTATES[kind]


def test_a_request_may_be_refused_with_an_sqlstate_of_its_own() -> None:
    assert RequestError("no").sqlstate == "0A000"
    error = RequestError("no such database", sqlstate="3D000", detail="d", hint="h")
    assert (error.sqlstate, error.message, error.detail, error.hint) == ("3D000", "no such database", "d", "h")
    assert RequestError.sqlstate == "0A000"


def test_corruption_is_named_by_file_and_offset() -> None:
    error = CorruptionError("zones/A1/journal/1.log", 4096, "checksum")
    assert error.message == "zones/A1/journal/1.log: corrupt at offset 4096: checksum"
    assert (error.path, error.offset) == ("zones/A1/journal/1.log", 4096)
