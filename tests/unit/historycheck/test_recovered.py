"""What is certain without any times, by its name."""

from __future__ import annotations

import pytest

from historycheck.check import check
from tests.support.stories import story

ANOMALIES = {
    "a failed write": ("G1a", "a fail: w x 1\nb: r x 1"),
    "a value that was replaced": ("G1b", "a: w x 1, w x 2\nb: r x 1"),
    "two lists in two orders": ("G0", "a: add x 1, add y 1\nb: add x 2, add y 2\nc: r x [1 2], r y [2 1]"),
    "each saw the other": ("G1c", "a: w x 1, r y 2\nb: r x 1, w y 2"),
    "a replaced version again": ("G-single", "a: w x 1\nb: r x 1, w x 2, w y 2\nc: r y 2, r x 1"),
    "one write of two": ("G-single", "a: w x 1, w y 1\nb: r x 1, r y -"),
    "one append of two": ("G-single", "a: add x 1, add y 1\nb: r x [1], r y []\nc: r y [1]"),
    "one append of two that nobody saw": ("G-single", "a: add x 1, add y 1\nb: r x [1], r y []"),
    "one insert of two": ("phantom", "a: w 1 1, w 20 1\nb: r 20 1, scan 0 9 {}"),
    "two that replaced one version": ("lost update", "z: w x 1\na: r x 1, w x 2\nb: r x 1, w x 3"),
    "two that were first": ("lost update", "a: r x -, w x 2\nb: r x -, w x 3"),
    "two that appended to one list": ("lost update", "z: add x 1\na: r x [1], add x 2\nb: r x [1], add x 3"),
    "two forks": ("long fork", "a: w x 1\nb: w y 2\nc: r x 1, r y -\nd: r x -, r y 2"),
    "a missing acknowledged write": ("real-time violation", "a real 1..2: w x 1\nb real 3..4: r x -"),
    "an old value after a newer one": (
        "real-time violation",
        "a real 1..2: w x 1\nb real 3..4: w x 2\nc real 5..6: r x 1",
    ),
    "a missing acknowledged append": ("real-time violation", "a real 1..2: add x 1\nb real 3..4: r x []"),
    "a client that forgot": ("session violation", "a in p: w x 1\nb in p: r x -"),
    "a client that went back": ("session violation", "a: w x 1\nb: r x 1, w x 2\nc in p: r x 2\nd in p: r x 1"),
    "two readers that disagree": ("incompatible order", "a: add x 1\nb: add x 2\nc: r x [2 1]\nd: r x [1 2]"),
    "an unknown commit, seen in part": ("G-single", "a info: w x 1, w y 1\nb: r x 1, r y -"),
}
OPEN = {
    "two blind writes": "a: w x 1\nb: w x 2\nc: r x 1\nd: r x 2",
    "write skew": "a: r x -, w y 1\nb: r y -, w x 1",
    "an old value while others write": "a real 1..2: w x 1\nb real 3..9: w x 2\nc real 5..6: r x 1",
    "an unknown commit that nobody saw": "a real 1.. info: w x 1\nb real 3..4: r x -",
    "one client that does two things at once": "a in p real 1..9: w x 1\nb in p real 2..3: r x -",
}


@pytest.mark.parametrize("claim", ANOMALIES)
def test_an_anomaly_is_certain(claim: str) -> None:
    name, text = ANOMALIES[claim]
    assert {anomaly.name for anomaly in check(story(text), black_box=True).anomalies} == {name}


@pytest.mark.parametrize("claim", OPEN)
def test_what_may_be_right_is_not_blamed(claim: str) -> None:
    assert check(story(OPEN[claim]), black_box=True).anomalies == ()


def test_without_times_it_is_the_black_box_that_decides() -> None:
    assert check(story("a: w x 1")).valid
    assert check(story("a: w x 1, w y 1\nb: w x 2, w y 2\nc: r x 1, r y 2")).anomalies
