"""One adjudicator on two nodes: what an old leader did and what its successor begins with are put in their order by
clocks and causes alone, though each node counts its own events."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.base.places import Rung, rungs
from tests.support import tracefiles
from tests.support.commit_story import BEGIN_US, ERROR_US, LEASE_US, STEP_US
from tests.support.range_story import MIDDLE, RangeStory, X
from tracecheck import CONFORMS, VIOLATES, Result, check

RUNGS = [rung for rung in rungs(2) if rung.name not in ("isolation", "crossregion")]
"""Who says what of an adjudicator itself: rung 1 knows of none, and the story tells nothing of journals."""


def recorded(story: RangeStory, directory: Path) -> Path:
    """The story as logs, one file for each node."""
    trace: tracefiles.Trace = {}
    for event in story.events:
        trace.setdefault(event["node"], []).append(event)
    return tracefiles.write(trace, directory)


def told(story: RangeStory, *, decided_after_us: int) -> None:
    """adj-0 is led in A and continued in A2. The old leader decides a transaction, within its lease, so long after its
    successor began; no event of either node knows of one of the other."""
    story.leases()
    start = story.begins("t1")
    story.writes("t1", X)
    story.asks("t1", "adj-0", adj_0={X: "W"})
    story.linked = False
    begun = story.now = LEASE_US + 2 * ERROR_US
    story.zones["adj-0"] = "A2"
    story.recovers("adj-0", BEGIN_US + LEASE_US, [["", MIDDLE]])
    story.zones["adj-0"] = "A"
    story.now = begun + decided_after_us
    story.decides("t1", "adj-0", start, {X: "W"}, ts=BEGIN_US + LEASE_US)
    story.zones["adj-0"] = "A2"
    story.now = begun + LEASE_US // 2
    story.tell("qp-0", "SnapshotIsolation!Abort", txn="t1")
    story.commits("t2", "adj-0", X)


def judged(rung: Rung, directory: Path, *, decided_after_us: int) -> Result:
    story = RangeStory()
    told(story, decided_after_us=decided_after_us)
    return check(rung.spec, rung.mapping, [recorded(story, directory)])


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
def test_the_old_leader_is_first_when_clocks_say_so(rung: Rung, tmp_path: Path) -> None:
    result = judged(rung, tmp_path / "logs", decided_after_us=-3 * ERROR_US)
    assert result.verdict == CONFORMS, str(result.rejection or result.reason)


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
def test_of_two_whose_clocks_overlap_either_may_be_first(rung: Rung, tmp_path: Path) -> None:
    result = judged(rung, tmp_path / "logs", decided_after_us=ERROR_US)
    assert result.verdict == CONFORMS, str(result.rejection or result.reason)


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: rung.name)
def test_an_old_leader_that_decides_after_its_successor_began_is_refused(rung: Rung, tmp_path: Path) -> None:
    result = judged(rung, tmp_path / "logs", decided_after_us=5 * STEP_US)
    assert result.verdict == VIOLATES, result.reason
    assert result.rejection is not None and "adj-0" in str(result.rejection)
