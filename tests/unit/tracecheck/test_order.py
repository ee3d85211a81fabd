"""One order out of many logs, and no guess where it is not certain."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracecheck.order import Merger
from tracecheck.read import Entry, Event, Finding

Causes = Sequence[tuple[str, int]]

steady = settings(max_examples=60, deadline=None, derandomize=True)


def entry(node: str, n: int, at: int, cause: Causes = (), *, width: int = 0, file: str | None = None) -> Entry:
    event = Event(v=1, n=n, node=node, at=(at, at + width), act="S!A", args={}, cause=list(cause))
    return Entry(event, file or f"{node}.ndjson", n, b"")


def merge(*entries: Entry, close: bool = True) -> Merger:
    """A merger that has been given all of `entries`, each in the log it names."""
    merger = Merger()
    for file in dict.fromkeys(e.file for e in entries):
        merger.open(file)
    for item in entries:
        merger.push(item.file, item)
    if close:
        for file in dict.fromkeys(e.file for e in entries):
            merger.close(file)
    return merger


def names(merger: Merger, limit: int | None = None) -> list[str]:
    found = []
    while (item := merger.pop(limit)) is not None:
        found.append(f"{item.event.node}{item.event.n}")
    return found


def test_the_earliest_comes_first() -> None:
    assert names(merge(entry("a", 1, 5), entry("a", 2, 9), entry("b", 1, 7))) == ["a1", "b1", "a2"]


def test_of_equals_the_node_that_sorts_first() -> None:
    assert names(merge(entry("b", 1, 5), entry("a", 1, 5))) == ["a1", "b1"]


def test_a_cause_comes_first_whatever_the_clocks_say() -> None:
    merger = merge(entry("a", 1, 5, [("b", 2)]), entry("b", 1, 7), entry("b", 2, 8), entry("b", 3, 9))
    assert names(merger) == ["b1", "b2", "a1", "b3"]


def test_causes_may_chain_over_nodes() -> None:
    merger = merge(entry("a", 1, 1, [("b", 1)]), entry("b", 1, 1, [("c", 1)]), entry("c", 1, 9))
    assert names(merger) == ["c1", "b1", "a1"]


def test_a_sender_without_events_is_no_cause_to_wait_for() -> None:
    assert names(merge(entry("a", 1, 5, [("b", 0)]))) == ["a1"]


def test_a_clock_that_falls_back_within_its_error_does_not_reorder_a_node() -> None:
    merger = merge(entry("a", 1, 9), entry("a", 2, 5, width=4), entry("b", 1, 7), entry("b", 2, 10))
    assert names(merger) == ["b1", "a1", "a2", "b2"]
    assert merger.stopped is None


@pytest.mark.parametrize(
    ("kind", "entries"),
    [
        ("gap", [entry("a", 1, 1), entry("a", 3, 3)]),
        ("gap", [entry("a", 2, 1)]),
        ("duplicate", [entry("a", 1, 1), entry("a", 1, 1)]),
        ("backwards", [entry("a", 1, 1), entry("a", 2, 2), entry("a", 1, 3)]),
        ("clock", [entry("a", 1, 9), entry("a", 2, 5, width=3)]),
        ("two-nodes", [entry("a", 1, 1), entry("b", 2, 2, file="a.ndjson")]),
        ("two-files", [entry("a", 1, 1), entry("a", 1, 1, file="b.ndjson")]),
    ],
)
def test_what_is_wrong_with_a_log_is_found(kind: str, entries: list[Entry]) -> None:
    merger = merge(*entries)
    names(merger)
    assert merger.stopped is not None
    assert (merger.stopped.kind, merger.stopped.file) == (kind, entries[-1].file)
    assert merger.stopped.line == entries[-1].line


def test_nothing_that_may_depend_on_a_gap_comes_after_it() -> None:
    merger = merge(entry("a", 1, 1), entry("a", 3, 3), entry("b", 1, 1), entry("b", 2, 2))
    assert names(merger) == ["a1", "b1"]
    assert merger.stopped is not None


def test_the_earliest_defect_counts() -> None:
    merger = merge(entry("a", 1, 5), entry("a", 3, 6), entry("b", 1, 3), entry("b", 3, 4))
    assert names(merger) == ["b1"]
    assert merger.stopped is not None
    assert merger.stopped.file == "b.ndjson"


def test_a_cause_that_is_nowhere_is_missing() -> None:
    merger = merge(entry("a", 1, 1, [("b", 7)]), entry("b", 1, 1))
    assert names(merger) == ["b1"]
    found = merger.stuck()
    assert found is not None
    assert (found.kind, found.file, found.line) == ("missing-cause", "a.ndjson", 1)
    assert "event 7 of b" in found.message


def test_the_missing_cause_is_named_through_a_chain() -> None:
    merger = merge(entry("a", 1, 1, [("b", 1)]), entry("b", 1, 2, [("c", 1)]))
    assert names(merger) == []
    found = merger.stuck()
    assert found is not None
    assert (found.kind, found.file) == ("missing-cause", "b.ndjson")


def test_causes_in_a_circle_are_reported() -> None:
    merger = merge(entry("a", 1, 1, [("b", 1)]), entry("b", 1, 2, [("a", 1)]))
    assert names(merger) == []
    found = merger.stuck()
    assert found is not None
    assert found.kind == "circle"


def test_nothing_is_stuck_when_all_has_come() -> None:
    merger = merge(entry("a", 1, 1))
    names(merger)
    assert merger.stuck() is None
    assert merger.stopped is None


# -- logs that still grow ----------------------------------------------------------------------------------


def test_what_is_newer_than_the_limit_is_held_back() -> None:
    merger = merge(entry("a", 1, 5), entry("a", 2, 9), close=False)
    assert names(merger, limit=5) == ["a1"]
    assert merger.waiting_entries == 1
    assert names(merger, limit=9) == ["a2"]


def test_an_event_within_the_hold_back_takes_its_place() -> None:
    merger = merge(entry("a", 1, 5), entry("a", 2, 9), entry("b", 1, 1), close=False)
    assert names(merger, limit=6) == ["b1", "a1"]
    merger.push("b.ndjson", entry("b", 2, 7))
    assert names(merger) == ["b2", "a2"]
    assert merger.stopped is None


def test_an_event_that_certainly_came_before_what_was_passed_on_is_late() -> None:
    merger = merge(entry("a", 1, 5), entry("a", 2, 9_000), entry("b", 1, 1), close=False)
    assert names(merger) == ["b1", "a1", "a2"]
    merger.push("b.ndjson", entry("b", 2, 7, width=3))
    assert names(merger) == []
    assert merger.stopped is not None
    assert (merger.stopped.kind, merger.stopped.line) == ("late", 2)
    assert "9.0 ms behind" in merger.stopped.message


def test_an_event_that_may_have_come_after_what_was_passed_on_is_not_late() -> None:
    merger = merge(entry("a", 1, 9), entry("b", 1, 1), close=False)
    assert names(merger) == ["b1", "a1"]
    merger.push("b.ndjson", entry("b", 2, 7, width=3))
    assert names(merger) == ["b2"]
    assert merger.stopped is None


def test_an_event_that_knew_of_what_was_passed_on_is_not_late() -> None:
    merger = merge(entry("a", 1, 9), entry("b", 1, 1), close=False)
    assert names(merger) == ["b1", "a1"]
    merger.push("b.ndjson", entry("b", 2, 7, [("a", 1)]))
    assert names(merger) == ["b2"]
    assert merger.stopped is None


def test_a_defect_waits_until_its_time_has_come() -> None:
    merger = merge(entry("a", 1, 9), entry("a", 3, 9), close=False)
    assert names(merger, limit=8) == []
    assert merger.stopped is None
    assert names(merger, limit=9) == ["a1"]
    assert isinstance(merger.stopped, Finding)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Entries of some nodes in an order in which they can have happened: causes first, clocks 20 ahead at most."""
    counts: dict[str, int] = {}
    entries = []
    for now in range(draw(st.integers(1, 40))):
        node = draw(st.sampled_from("abc"))
        others = [(other, n) for other, n in counts.items() if other != node]
        cause = draw(st.lists(st.sampled_from(others), max_size=2)) if others else []
        counts[node] = counts.get(node, 0) + 1
        entries.append(entry(node, counts[node], now * 10 + draw(st.integers(0, 20)), cause, width=20))
    return entries


@steady
@given(histories())
def test_any_order_of_arrival_gives_the_same_order(history: list[Entry]) -> None:
    by_node = sorted(history, key=lambda item: (item.event.node, item.event.n))
    assert names(merge(*history)) == names(merge(*by_node))


@steady
@given(histories())
def test_the_order_keeps_each_node_and_each_cause(history: list[Entry]) -> None:
    merger = merge(*history)
    passed: dict[str, int] = {}
    count = 0
    while (item := merger.pop()) is not None:
        count += 1
        assert item.event.n == passed.get(item.event.node, 0) + 1
        assert all(passed.get(node, 0) >= n for node, n in item.event.cause)
        passed[item.event.node] = item.event.n
    assert count == len(history)


@steady
@given(histories(), st.integers(1, 7))
def test_following_with_enough_hold_back_gives_the_same_order(history: list[Entry], piece: int) -> None:
    whole = names(merge(*history))
    merger, found = Merger(), []
    for file in dict.fromkeys(e.file for e in history):
        merger.open(file)
    for start in range(0, len(history), piece):
        for item in history[start : start + piece]:
            merger.push(item.file, item)
        found += names(merger, limit=merger.newest - 50)
    found += names(merger)
    assert merger.stopped is None
    assert found == whole
