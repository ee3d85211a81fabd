"""One order out of logs that were rotated, and an order that goes on where another run has stopped."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tracecheck.test_order import entry, histories, merge, names, steady
from tracecheck.order import Merger
from tracecheck.past import SavedPast
from tracecheck.read import Entry

# -- several files of one node ---------------------------------------------------------------------------


def test_files_of_a_node_follow_one_another_by_number_whatever_they_are_called() -> None:
    parts = [entry("a", n, n, file=f"{'zxy'[n % 3]}.ndjson") for n in (3, 2, 1)]
    merger = merge(*parts, entry("b", 1, 2))
    assert names(merger) == ["a1", "a2", "b1", "a3"]
    assert merger.stopped is None


def test_a_file_waits_for_the_one_before_it_and_so_does_what_is_later() -> None:
    merger = merge(entry("a", 1, 1), entry("a", 4, 4, file="a2.ndjson"), entry("b", 1, 2), close=False)
    assert names(merger, limit=9) == ["a1"], "b1 may depend on events 2 and 3"
    assert merger.stopped is None
    merger.push("a.ndjson", entry("a", 2, 2))
    assert names(merger, limit=9) == ["a2", "b1"]
    merger.push("a.ndjson", entry("a", 3, 3))
    assert names(merger, limit=9) == ["a3", "a4"]
    merger.push("a2.ndjson", entry("a", 5, 5))
    assert names(merger) == ["a5"]
    assert merger.stopped is None


def test_a_gap_between_two_files_is_a_gap_once_nothing_can_fill_it() -> None:
    merger = merge(entry("a", 1, 1), entry("a", 4, 4, file="a2.ndjson"), entry("b", 1, 2), close=False)
    assert names(merger) == ["a1"]
    missing = merger.stuck()
    assert missing is not None
    assert (missing.kind, missing.file) == ("gap", "a2.ndjson")
    assert "events 2 to 3 of a" in missing.message
    assert merger.stopped is None, "who follows may wait"
    for file in ("a.ndjson", "a2.ndjson", "b.ndjson"):
        merger.close(file)
    assert names(merger) == []
    assert merger.stopped == missing


def test_a_file_that_is_left_behind_may_not_go_on() -> None:
    merger = merge(entry("a", 1, 1), entry("a", 2, 2, file="a2.ndjson"), close=False)
    merger.push("a.ndjson", entry("a", 2, 2))
    assert names(merger) == ["a1", "a2"]
    merger.push("a2.ndjson", entry("a", 3, 3))
    assert names(merger) == []
    assert merger.stopped is not None
    assert (merger.stopped.kind, merger.stopped.file) == ("two-files", "a.ndjson")
    assert "is also in a2.ndjson" in merger.stopped.message


def test_a_file_is_over_when_all_of_it_was_passed_on_and_another_goes_on() -> None:
    merger = merge(entry("a", 1, 1), entry("a", 2, 2, file="a2.ndjson"), close=False)
    assert not merger.is_over("a.ndjson")
    assert names(merger, limit=1) == ["a1"]
    assert merger.is_over("a.ndjson")
    assert not merger.is_over("a2.ndjson")


# -- across restarts -----------------------------------------------------------------------------------


def restored(merger: Merger) -> Merger:
    """Another merger that goes on from what this one would write into a file."""
    again = Merger()
    again.restore(msgspec.json.decode(msgspec.json.encode(merger.save()), type=SavedPast))
    return again


@steady
@given(histories(), st.integers(0, 40))
def test_a_restored_merger_goes_on_where_the_saved_one_stopped(history: list[Entry], stop: int) -> None:
    whole = names(merge(*history))
    found: list[str] = []
    merger = merge(*history, close=False)
    while len(found) < stop and (item := merger.pop()) is not None:
        found.append(f"{item.event.node}{item.event.n}")
    again = restored(merger)
    for file in dict.fromkeys(e.file for e in history):
        left = merger.unpassed(file)[1]
        again.open(file, continues=file[0] if again.checked_of(file[0]) else None)
        for item in left:
            again.push(file, item)
        again.close(file)
    found += names(again)
    assert again.stopped is None
    assert found == whole


def test_a_restored_merger_knows_what_is_late() -> None:
    again = restored_after(entry("a", 1, 5), entry("b", 1, 9_000))
    again.open("a.ndjson", continues="a")
    again.push("a.ndjson", entry("a", 2, 6))
    assert names(again) == []
    assert again.stopped is not None
    assert again.stopped.kind == "late"


def test_a_restored_merger_finds_a_gap_and_what_it_has_had() -> None:
    for n, kind in ((3, "gap"), (1, "two-files")):
        again = restored_after(entry("a", 1, 5))
        again.open("a.ndjson", continues="a")
        again.push("a.ndjson", entry("a", n, 6))
        assert names(again) == []
        assert again.stopped is not None
        assert again.stopped.kind == kind


def restored_after(*entries: Entry) -> Merger:
    merger = merge(*entries)
    assert len(names(merger)) == len(entries)
    return restored(merger)
