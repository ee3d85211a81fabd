"""Histories with known times, each with the one anomaly that it has; and what is none."""

from __future__ import annotations

import pytest

from historycheck.check import check
from historycheck.errors import HistoryError
from historycheck.index import Index
from historycheck.model import History, Transaction, Write
from historycheck.times import Timed
from tests.support.stories import story

ANOMALIES = {
    "a value that was never committed": ("G1a", "a 0..9 fail: w x 1\nb 10..: r x 1"),
    "an element that was never committed": ("G1a", "a 0..9 fail: add x 1\nb 10..: r x [1]"),
    "a value of a failed transaction in a scan": ("G1a", "a 0..9 fail: w 1 5\nb 10..: scan 0 9 {1=5}"),
    "a value that its writer replaced": ("G1b", "a 0..5: w x 1, w x 2\nb 10..: r x 1"),
    "half of what was appended": ("G1b", "a 0..5: add x 1, add x 2\nb 10..: r x [1]"),
    "what was appended, in another order": ("G1b", "a 0..5: add x 1, add x 2\nb 10..: r x [2 1]"),
    "a value that nobody wrote": ("unknown value", "a 0..5: w x 1\nb 10..: r x 7"),
    "an element that nobody appended": ("unknown value", "a 0..5: add x 1\nb 10..: r x [1 7]"),
    "an element twice": ("duplicate value", "a 0..5: add x 1\nb 10..: r x [1 1]"),
    "not its own write": ("internal", "a 0..5: w x 1\nb 6..9: w x 2, r x 1"),
    "not its own append": ("internal", "a 0..5: add x 1\nb 6..9: add x 2, r x [1]"),
    "its own delete undone": ("internal", "a 0..5: w x 1\nb 6..9: w x -, r x 1"),
    "its own write missing in a scan": ("internal", "b 6..9: w 1 2, scan 0 9 {}"),
    "another value the second time": ("internal", "a 0..5: w x 1\nc 6..8: w x 2\nb 7..: r x 1, r x 2"),
    "its own write before it was made": ("internal", "b 6..9: r x 2, w x 2"),
    "a key outside the range of a scan": ("internal", "a 0..5: w 20 1\nb 6..: scan 0 9 {20=1}"),
    "a key that appears between two scans": ("phantom", "a 0..7: w 1 5\nb 6..: scan 0 9 {}, scan 0 9 {1=5}"),
    "a key that appears to a scan alone": ("phantom", "a 0..4: w 1 5, w 20 6\nb 5..: r 20 6, scan 0 9 {}"),
    "a deleted key in a scan": (
        "phantom",
        "z 0..1: w 1 5\na 2..4: w 1 -, w 20 6\nb 5..: r 20 6, scan 0 9 {1=5}",
    ),
    "two lists in two orders": (
        "G0",
        "a 2..4: add x 1, add y 1\nb 5..6: add x 2, add y 2\nc 8..: r x [1 2], r y [2 1]",
    ),
    "elements of one between those of another": ("G0", "a 2..4: add x 1, add x 2\nb 5..6: add x 3\nc 8..: r x [1 3 2]"),
    "each saw the other": ("G1c", "a 2..4: w x 1, r y 2\nb 5..6: r x 1, w y 2"),
    "three in a circle": ("G1c", "a 2..4: w x 1, r z 3\nb 5..6: r x 1, w y 2\nc 7..8: r y 2, w z 3"),
    "one write of two": ("G-single", "a 2..4: w x 1, w y 1\nb 5..: r x 1, r y -"),
    "a list from before, and one from after": ("G-single", "a 2..4: add x 1, add y 1\nb 5..: r x [1], r y []"),
    "an old value, and what came of the new one": (
        "G-single",
        "a 2..4: w x 1\nb 5..6: r x 1, w y 1\nc 7..: r y 1, r x -",
    ),
    "a first element missing": ("G-single", "a 2..4: add x 1, add y 1\nb 5..6: add y 2\nc 7..: r x [1], r y []"),
    "two that replaced one version": ("lost update", "z 0..1: w x 1\na 2..4: r x 1, w x 2\nb 3..5: r x 1, w x 3"),
    "two that inserted one key": ("lost update", "a 2..4: r x -, w x 2\nb 3..5: r x -, w x 3"),
    "two that deleted and wrote one key": (
        "lost update",
        "z 0..1: w x 1\na 2..4: r x 1, w x -\nb 3..5: r x 1, w x 3",
    ),
    "an update that forgot two others": (
        "lost update",
        "z 0..1: w x 1\na 2..4: r x 1, w x 2\nb 5..6: r x 2, w x 3\nc 7..9: r x 1, w x 4",
    ),
    "two forks": ("long fork", "a 2..4: w x 1\nb 2..5: w y 2\nc 8..: r x 1, r y -\nd 8..: r x -, r y 2"),
    "two forks of lists": (
        "long fork",
        "a 2..4: add x 1\nb 2..5: add y 2\nc 8..: r x [1], r y []\nd 8..: r x [], r y [2]",
    ),
    "two blind writes": ("write conflict", "a 2..4: w x 1\nb 3..5: w x 2"),
    "two blind deletes": ("write conflict", "z 0..1: w x 1\na 2..4: w x -\nb 3..5: w x -"),
    "two appends at the same time": ("write conflict", "a 2..4: add x 1\nb 3..5: add x 2"),
    "an acknowledged write missing": ("real-time violation", "a 2..4 real 1..2: w x 1\nb 5.. real 3..: r x -"),
    "a start before an acknowledged commit": ("real-time violation", "a 2..9 real 1..2: w x 1\nb 5.. real 3..4: r x -"),
    "a start before one that nobody can see": (
        "real-time violation",
        "a 2..9 real 1..2: w x 1\nb 5.. real 3..4: r y -",
    ),
    "a value before its time": ("real-time violation", "a 8..9 real 5..6: w x 1\nb 2.. real 3..4: r x 1"),
    "a snapshot before one that was read": ("real-time violation", "a 8.. real 1..2: r x -\nb 5.. real 3..4: r x -"),
    "a client that misses its own write": ("session violation", "a 2..4 in p: w x 1\nb 5.. in p: r x -"),
    "a client whose snapshots go backward": ("session violation", "a 7.. in p: r x -\nb 5.. in p: r x -"),
    "a stale read that only the times show": ("time violation", "a 2..4: w x 1\nb 5..: r x -"),
    "a read of the future that only the times show": ("time violation", "a 8..9: w x 1\nb 5..: r x 1"),
    "a commit before its start": ("time violation", "a 8..5: w x 1"),
    "a list against the commit times": ("time violation", "a 2..4: add x 1\nb 5..6: add x 2\nc 7..: r x [2 1]"),
    "two readers of a list that disagree": (
        "incompatible order",
        "a 2..4: add x 1\nb 5..6: add x 2\nc 7..: r x [2 1]\nd 7..: r x [1 2]",
    ),
    "an unknown commit, seen and then not": (
        "real-time violation",
        "a 2.. info: w x 1\nb 5.. real 10..11: r x 1\nc 6.. real 12..13: r x -",
    ),
    "an unknown commit, seen in part": ("G-single", "a 2.. info: w x 1, w y 1\nb 5..: r x 1, r y -"),
}

VALID = {
    "nothing": "a 0..: r x -",
    "a start at the time of a commit": "a 0..5: w x 1\nb 5..: r x 1",
    "a snapshot while others go on": "a 0..5: w x 1\nb 6..: r x 1, r y -\nc 7..8: w x 2, w y 2\nd 9..: r x 2, r y 2",
    "a delete, and another insert": "a 0..1: w x 1\nb 2..3: r x 1, w x -\nc 4..5: r x -, w x 2\nd 6..: scan a z {x=2}",
    "writers one after the other": "a 0..1: w x 1\nb 1..2: w x 2",
    "own appends within a list": "a 0..1: add x 1\nb 2..4: r x [1], add x 2, r x [1 2], add x 3, r x [1 2 3]",
    "own appends before the first read": "a 0..1: add x 1\nb 2..4: add x 2, r x [1 2]",
    "own writes in a scan": "a 0..1: w 1 1\nb 2..4: w 2 2, w 1 -, scan 0 9 {2=2}",
    "one value written twice": "a 0..1: w x 1\nb 2..3: w x 2\nc 4..5: w x 1\nd 6..: r x 1\ne 3..: r x 2",
    "an unknown commit that was none": "a 2.. info: w x 1\nb 5.. real 10..11: r x -",
    "an unknown commit that took its time": (
        "a 2.. real 1..2 info: w x 1\nb 5.. real 10..11: r x -\nc 6.. real 12..13: r x 1"
    ),
    "an unknown delete": "z 0..1: w x 1\na 2.. info: w x -\nb 5..: r x 1\nc 6..: r x -",
    "an unknown commit before another write": (
        "a 2.. info: w x 1, w y 1\nb 5..7: r x 1, w x 2\nc 8..: r x 2, r y 1\nd 3..: r y -"
    ),
    "what a failed transaction saw": "a 0..1: w x 1\nb 2.. fail: r x 77",
    "two that ended as another began": "a 2..9 real 1..3: w x 1\nb 5.. real 3..4: r x -",
}

SKEWS = {
    "two that missed each other": "a 2..4: r x -, w y 1\nb 3..5: r y -, w x 1",
    "two scans": "a 2..4: scan 0 9 {}, w 1 1\nb 3..5: scan 0 9 {}, w 2 2",
    "a reader that sees what no order has": "a 2..8: r x -, r y -, w x 1\nb 3..4: r y -, w y 2\nc 5..: r x -, r y 2",
}


@pytest.mark.parametrize("claim", ANOMALIES)
def test_an_anomaly_is_called_by_its_name(claim: str) -> None:
    name, text = ANOMALIES[claim]
    report = check(story(text))
    assert not report.valid
    assert {anomaly.name for anomaly in report.anomalies} == {name}


@pytest.mark.parametrize("claim", ANOMALIES)
def test_it_tells_who_and_why(claim: str) -> None:
    history = story(ANOMALIES[claim][1])
    for anomaly in check(history).anomalies:
        assert set(anomaly.transactions) <= {each.name for each in history.transactions}
        assert all(name in anomaly.sentence for name in anomaly.transactions)
        around = [*anomaly.edges[1:], *anomaly.edges[:1]]
        assert [edge.target for edge in anomaly.edges] == [edge.source for edge in around]


@pytest.mark.parametrize("claim", VALID)
def test_what_is_right_is_not_blamed(claim: str) -> None:
    report = check(story(VALID[claim]))
    assert (report.anomalies, report.undecided, report.valid) == ((), "", True)


@pytest.mark.parametrize("claim", SKEWS)
def test_write_skew_is_allowed_and_told(claim: str) -> None:
    report = check(story(SKEWS[claim]))
    assert report.valid
    assert [anomaly.name for anomaly in report.allowed] == ["write skew"]


def test_all_names_are_tried() -> None:
    assert len(ANOMALIES) >= 30
    assert len({name for name, _ in ANOMALIES.values()}) == 16


DELETED = "z 0..1: w x 1\na 2.. info: w x -\nb 3.. info: w x -\nc 5..: r x -\n"
"""By one of two."""


def test_who_deleted_a_key_may_stay_open() -> None:
    assert check(story(DELETED)).valid


def test_whoever_it_was_what_is_wrong_is_found() -> None:
    report = check(story(DELETED + "d 6..7: w y 1\ne 8..: r y -"))
    assert [(each.name, each.transactions) for each in report.anomalies] == [("time violation", ("d", "e"))]
    assert report.undecided == ""


def test_of_two_who_may_have_deleted_a_key_the_one_that_fits_is_found() -> None:
    both = "z 0..1: w x 1, w y 1\na 2.. info: w x -, w y 2\nb 3.. info: w x -, w y 3\nc 5..: r x -, r y 1\n"
    assert not check(story(both)).valid
    assert check(story(both.replace("b 3.. info: w x -, w y 3", "b 3.. info: w x -"))).valid


def test_what_is_certain_is_told_all_the_same() -> None:
    report = check(story(DELETED + "d 6..7: w y 1\ne 8..: r y 2"))
    assert ([each.name for each in report.anomalies], report.undecided) == (["unknown value"], "")


def test_of_two_deletes_it_was_the_one_whose_other_writes_fit() -> None:
    text = "z 0..1: w x 1, w y 1\na 2.. info: w x -, w y -\nb 3.. info: w x -\nc 5..: r x -, r y 1\nd 6..7: w x 2"
    assert Timed(Index(story(text))).guessed == ""
    assert check(story(text)).valid


def test_a_name_is_used_once() -> None:
    one = Transaction("a", "p", "ok", (Write("x", 1),), start=1, commit=2)
    with pytest.raises(HistoryError, match="two transactions are called 'a'"):
        check(History((one, one)))


def test_a_key_is_a_register_or_a_list() -> None:
    with pytest.raises(HistoryError, match="key 'x' is written and appended to"):
        check(story("a 0..1: w x 1\nb 2..3: add x 2"))


def test_a_scan_has_bounds_of_one_kind() -> None:
    with pytest.raises(HistoryError, match="both have to be numbers, or both text"):
        check(story("a 0..: scan 1 z {}"))
