"""What only a search for an order finds: no edge is certain, and yet every way to choose them ends in a cycle."""

from __future__ import annotations

import sys

import pytest

from historycheck import blackbox
from historycheck.blackbox import decide
from historycheck.check import check
from historycheck.index import Index
from historycheck.recovered import certain_anomalies
from historycheck.serialise import Search
from tests.support.stories import story

ANOMALIES = {
    "two readers saw blind writes in two orders": (
        "real-time violation",
        "abcd",
        """
        a real 0..9: w x 1
        b real 0..9: w x 2
        c real 20..25: r x 1
        d real 30..35: r x 2
        """,
    ),
    "half of what was appended, and what came after": (
        "G1b",
        "ac",
        """
        a: add x 1, add x 2
        b: add x 3
        c: r x [1 3]
        """,
    ),
    "half of each of two blind writers": (
        "G-single",
        "abc",
        """
        a: w x 1, w y 1
        b: w x 2, w y 2
        c: r x 1, r y 2
        """,
    ),
    "four forks, of which two are in every order": (
        "long fork",
        "abcdef",
        """
        a: w x 1
        b: w x 2
        c: r x 1, w y 1
        d: r x 2, r y 1
        e: r y 1, r x 1
        f: r x 2, r y -
        """,
    ),
    "a key that two had deleted": (
        "real-time violation",
        "zac",
        """
        z real 0..1: w x 1
        a real 2..9: w x -
        b real 2..9: w x -
        c real 20..30: r x 1
        """,
    ),
    "a key that comes back after one of whom nobody knows": (
        "real-time violation",
        "zacd",
        """
        z real 0..1: w x 1
        a real 2.. info: w x -
        c real 20..30: r x -
        d real 40..50: r x 1
        """,
    ),
    "a session in which blind writes change places": (
        "session violation",
        "abcde",
        """
        a: w x 1
        b: w x 2
        c in p: r x 1
        d in p: r x 2
        e in p: r x 1
        """,
    ),
}

VALID = {
    "blind writes, both seen": "a real 0..9: w x 1\nb real 0..9: w x 2\nc real 5..8: r x 1\nd real 20..: r x 2",
    "one of whom nobody knows may have deleted": "z real 0..1: w x 1\na real 2.. info: w x -\nc real 20..30: r x -",
    "or never, and who saw that it had not": "z real 0..1: w x 1\na real 2.. info: w x -\nc real 20..30: r x 1",
    "several wrote the same": "a: w x 1\nb: w x 1\nc: w x 2\nd: r x 1",
    "write skew": "a real 0..9: r x -, w y 1\nb real 0..9: r y -, w x 1",
    "the same time is not after": "a real 0..9: w x 1\nb real 9..10: r x -",
}


@pytest.mark.parametrize("title", ANOMALIES)
def test_an_anomaly_is_found_with_its_name_and_those_who_prove_it(title: str) -> None:
    name, who, text = ANOMALIES[title]
    report, times = decide(Index(story(text)))
    assert [anomaly.name for anomaly in report.anomalies] == [name]
    assert set(report.anomalies[0].transactions) == set(who)
    assert not times
    assert report.anomalies[0].edges or name == "G1b"
    assert not report.valid


def test_most_of_these_are_found_by_no_certain_edge() -> None:
    uncertain = [title for title, (_, _, text) in ANOMALIES.items() if not certain_anomalies(Index(story(text)))]
    assert len(uncertain) >= 4


@pytest.mark.parametrize("title", VALID)
def test_what_has_an_order_is_valid(title: str) -> None:
    assert check(story(VALID[title]), black_box=True).valid


def test_write_skew_is_told_without_times() -> None:
    report = check(story(VALID["write skew"]), black_box=True)
    assert [anomaly.name for anomaly in report.allowed] == ["write skew"]


def test_plain_snapshot_isolation_does_not_know_real_time() -> None:
    history = story("a real 0..9: w x 1\nb real 20..30: r x -")
    assert not decide(Index(history))[0].valid
    assert decide(Index(history), strong=False)[0].valid


def test_a_proof_that_needs_more_than_its_cycle_says_whom() -> None:
    report, _ = decide(Index(story(ANOMALIES["half of each of two blind writers"][2])))
    assert report.anomalies[0].sentence.endswith("What a did lets every other order end in a cycle, too.")


def test_one_element_of_two_writers_leaves_it_open() -> None:
    report = check(story("a: add x 1\nb: add x 1\nc: r x [1]"), black_box=True)
    assert report.undecided == "a and b appended 1 to 'x': nobody can tell whose was seen"


def test_too_long_a_history_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blackbox, "MOST", 1)
    report = check(story("a: w x 1\nb: w x 2"), black_box=True)
    assert report.undecided == "to look for an order of 2 transactions takes too long; 1 can be had"
    assert not report.valid


def test_without_z3_what_needs_it_is_not_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Search, "guess", lambda search, wish: None)
    monkeypatch.setitem(sys.modules, "z3", None)
    report = check(story("a: w x 1\nb: w x 2"), black_box=True)
    assert report.undecided == "the order of some transactions is open; install z3-solver to find one"
