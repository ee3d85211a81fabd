"""Changing logs so that no number gives it away."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.tracefiles import Trace, write
from tracecheck import UsageError
from tracecheck.mutate.logs import (
    Logs,
    Place,
    cut_short,
    dropped,
    inserted,
    read_logs,
    rearranged,
    with_argument,
    write_logs,
)

LOGS: Trace = {
    "a": [
        {"v": 1, "n": n, "node": "a", "at": [n, n], "act": f"A{n}", "args": {"x": [n]}, "cause": []} for n in (1, 2, 3)
    ],
    "b": [{"v": 1, "n": 1, "node": "b", "at": [9, 9], "act": "B", "args": {}, "cause": [["a", 2]]}],
}


@pytest.fixture
def logs() -> Logs:
    return {node: list(events) for node, events in LOGS.items()}


def said(logs: Logs) -> list[tuple[int, str]]:
    """The numbers and acts of node a."""
    return [(line["n"], line["act"]) for line in logs["a"] if isinstance(line, dict)]


def cause(logs: Logs) -> object:
    (line,) = logs["b"]
    assert isinstance(line, dict)
    return line["cause"]


def test_a_dropped_event_leaves_no_gap(logs: Logs) -> None:
    changed = dropped(logs, Place("a", 1))
    assert said(changed) == [(1, "A1"), (2, "A3")]
    assert cause(changed) == [["a", 1]]


def test_whose_only_cause_is_dropped_has_none(logs: Logs) -> None:
    assert cause(dropped(dropped(logs, Place("a", 0)), Place("a", 0))) == []


def test_an_inserted_event_moves_the_others(logs: Logs) -> None:
    changed = inserted(logs, Place("a", 1), {"act": "New", "args": {}})
    assert said(changed) == [(1, "A1"), (2, "New"), (3, "A2"), (4, "A3")]
    assert cause(changed) == [["a", 3]]


def test_rearranged_events_keep_their_numbers(logs: Logs) -> None:
    one, two = Place("a", 0), Place("a", 2)
    assert said(rearranged(logs, {one: two, two: one})) == [(1, "A3"), (2, "A2"), (3, "A1")]


def test_who_knew_of_a_lost_event_knows_of_the_last_there_is(logs: Logs) -> None:
    changed = cut_short(logs, "a", 1)
    assert said(changed) == [(1, "A1")]
    assert cause(changed) == [["a", 1]]


def test_nothing_is_changed_in_place(logs: Logs) -> None:
    with_argument(logs, Place("a", 0), ("x", 0), 7)
    dropped(logs, Place("a", 0))
    inserted(logs, Place("a", 0), {"act": "New", "args": {}})
    assert logs == LOGS


def test_what_is_written_is_read_again(logs: Logs, tmp_path: Path) -> None:
    write_logs(logs, tmp_path)
    assert read_logs([tmp_path]) == logs


def test_a_log_with_a_defect_is_not_mutated(tmp_path: Path) -> None:
    directory = write({"a": [{"v": 2, "n": 1}]}, tmp_path)
    with pytest.raises(UsageError, match="only sound logs are mutated"):
        read_logs([directory])


def test_an_empty_log_is_not_mutated(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").touch()
    with pytest.raises(UsageError, match="nothing to mutate"):
        read_logs([tmp_path])
