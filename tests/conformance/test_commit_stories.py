"""Stories of commits across two adjudicators: what the protocol allows conforms to rung 3, and where a rule is not kept
the very step is refused, for the right reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from daybreak.base.places import specs_dir
from tests.support.commit_story import BEGIN_US, ERROR_US, HOLD_US, LEASE_US, Story
from tracecheck import CONFORMS, VIOLATES, Plan, Result
from tracecheck.checker import Checker
from tracecheck.tlc.jvm import on_deep_stack

Wrong = Callable[[Story], None]


@pytest.fixture(scope="module")
def plan() -> Plan:
    directory = specs_dir() / "commit"
    return on_deep_stack(lambda: Plan(directory / "Commit.tla", directory / "mapping.toml"))


def judged(plan: Plan, story: Story) -> Result:
    def run() -> Result:
        checker = Checker(plan)
        for entry in story.entries():
            checker.feed(entry)
        checker.finish()
        return checker.result()

    return on_deep_stack(run)


def settled(story: Story) -> None:
    """A transaction across both commits, and its voter learns of it."""
    _, _, ts = story.across("t1")
    story.settles("t1", "adj-0", ts)
    story.tell("adj-1", "Commit!Resolve", txn="t1", ts=ts)


def late_answers(story: Story) -> None:
    """One owner refuses; the client knows before the other one votes; the leader declines what is over."""
    start = story.begins("t2")
    settled(story)
    story.writes("t2", "x", "z")
    story.asks("t2", "adj-0", adj_0={"x": "W"}, adj_1={"z": "W"})
    story.tell("adj-0", "Adjudication!Refuse", txn="t2", start=start, keys={"x": "W"})
    story.tell("qp-0", "SnapshotIsolation!Abort", txn="t2")
    story.votes("t2", "adj-1", start, {"z": "W"})
    story.tell("adj-0", "Commit!Decline", txn="t2")
    story.tell("adj-1", "Commit!Resolve", txn="t2", ts=0)


def expired(story: Story) -> None:
    """A voter that hears nothing takes its keys for written at the end of its hold, and later ones go on."""
    _, until, ts = story.across("t1")
    story.settles("t1", "adj-0", ts)
    story.now = until - BEGIN_US + 2 * ERROR_US
    story.tell("adj-1", "Commit!Expire", txn="t1", until=until)
    start = story.begins("t2")
    story.writes("t2", "y")
    story.asks("t2", "adj-1", adj_1={"y": "W"})
    ts = story.decides("t2", "adj-1", start, {"y": "W"})
    story.settles("t2", "adj-1", ts)


def shared(story: Story) -> None:
    """Two lock a key so that others may lock it, too, and hold it at the same time."""
    starts = {txn: story.begins(txn) for txn in ("t1", "t2")}
    for txn, start in starts.items():
        story.writes(txn, txn)
        story.asks(txn, "adj-0", adj_0={txn: "W"}, adj_1={"parent": "S"})
        story.votes(txn, "adj-1", start, {"parent": "S"})
    for txn, start in starts.items():
        ts = story.decides(txn, "adj-0", start, {txn: "W"})
        story.settles(txn, "adj-0", ts)
        story.tell("adj-1", "Commit!Resolve", txn=txn, ts=ts)


def taken_over(story: Story) -> None:
    """The leader is lost with a record under way that its journal has, and goes on above its lease."""
    _, _, ts = story.across("t1")
    story.tell("adj-0", "Adjudication!Recover", kept={"t1": ts}, at=BEGIN_US + LEASE_US)
    story.tell("adj-1", "Commit!Resolve", txn="t1", ts=ts)
    story.tell("qp-0", "SnapshotIsolation!Acknowledge", txn="t1")
    story.tell("adj-0", "Adjudication!Renew", until=BEGIN_US + 2 * LEASE_US)


def read(story: Story) -> None:
    """A read is answered when both journals are complete up to its start."""
    settled(story)
    start = story.begins("t2")
    story.promises("adj-0", "adj-1")
    ts = next(e["args"]["ts"] for e in story.events if e["act"] == "Adjudication!Commit")
    assert start > ts
    story.tell("qp-0", "SnapshotIsolation!Read", txn="t2", seen={"x": ts, "y": ts, "z": 0})
    story.tell("qp-0", "SnapshotIsolation!CommitReadOnly", txn="t2")


@pytest.mark.parametrize("told", [settled, late_answers, expired, shared, taken_over, read])
def test_what_the_protocol_allows_conforms(plan: Plan, told: Wrong) -> None:
    story = Story()
    story.leases()
    told(story)
    result = judged(plan, story)
    assert result.verdict == CONFORMS, result.rejection


# --- wrong steps: each story ends with the step that must be refused ------------------------------------------------


def decides_above_the_hold(story: Story) -> None:
    start = story.begins("t1")
    story.writes("t1", "x", "y")
    story.asks("t1", "adj-0", adj_0={"x": "W"}, adj_1={"y": "W"})
    until = story.votes("t1", "adj-1", start, {"y": "W"})
    story.decides("t1", "adj-0", start, {"x": "W"}, ts=until + 1)


def decides_without_the_vote(story: Story) -> None:
    start = story.begins("t1")
    story.writes("t1", "x", "y")
    story.asks("t1", "adj-0", adj_0={"x": "W"}, adj_1={"y": "W"})
    story.decides("t1", "adj-0", start, {"x": "W"})


def commits_what_is_held(story: Story) -> None:
    story.across("t1")
    start = story.begins("t2")
    story.writes("t2", "y")
    story.asks("t2", "adj-1", adj_1={"y": "W"})
    story.decides("t2", "adj-1", start, {"y": "W"})


def splits_the_record(story: Story) -> None:
    _, _, ts = story.across("t1")
    story.tell("adj-1", "Adjudication!Durable", txn="t1", ts=ts)


def loses_the_record(story: Story) -> None:
    _, _, ts = story.across("t1")
    story.tell("adj-0", "Adjudication!Recover", kept={}, at=BEGIN_US + LEASE_US)
    story.now += 10 * ERROR_US
    story.tell("adj-1", "Commit!Resolve", txn="t1", ts=ts)


def acknowledges_early(story: Story) -> None:
    story.across("t1")
    story.tell("qp-0", "SnapshotIsolation!Acknowledge", txn="t1")


def acknowledges_without_commit_wait(story: Story) -> None:
    start = story.begins("t1")
    story.writes("t1", "x")
    story.asks("t1", "adj-0", adj_0={"x": "W"})
    ts = story.decides("t1", "adj-0", start, {"x": "W"}, ts=BEGIN_US + story.now + HOLD_US)
    story.settles("t1", "adj-0", ts)


def forgets_the_expired_hold(story: Story) -> None:
    _, until, _ = story.across("t1")
    start = story.begins("t2")
    story.now = until - BEGIN_US + 2 * ERROR_US
    story.tell("adj-1", "Commit!Expire", txn="t1", until=until)
    story.writes("t2", "y")
    story.asks("t2", "adj-1", adj_1={"y": "N"})
    story.decides("t2", "adj-1", start, {"y": "N"})


def expires_early(story: Story) -> None:
    _, until, _ = story.across("t1")
    story.tell("adj-1", "Commit!Expire", txn="t1", until=until)


def decides_after_it_declined(story: Story) -> None:
    start = story.begins("t1")
    story.writes("t1", "x", "y")
    story.asks("t1", "adj-0", adj_0={"x": "W"}, adj_1={"y": "W"})
    story.tell("adj-0", "Commit!Decline", txn="t1")
    story.votes("t1", "adj-1", start, {"y": "W"})
    story.decides("t1", "adj-0", start, {"x": "W"})


def takes_a_commit_for_an_abort(story: Story) -> None:
    _, _, ts = story.across("t1")
    story.settles("t1", "adj-0", ts)
    story.tell("adj-1", "Commit!Resolve", txn="t1", ts=0)


def takes_silence_for_an_abort(story: Story) -> None:
    story.across("t1")
    story.tell("adj-1", "Commit!Resolve", txn="t1", ts=0)


def resolves_at_another_time(story: Story) -> None:
    _, _, ts = story.across("t1")
    story.settles("t1", "adj-0", ts)
    story.tell("adj-1", "Commit!Resolve", txn="t1", ts=ts + 1)


def asks_two_owners_for_one_key(story: Story) -> None:
    story.begins("t1")
    story.writes("t1", "x", "y")
    story.asks("t1", "adj-0", adj_0={"x": "W", "y": "W"}, adj_1={"y": "W"})


def judges_for_another_owner(story: Story) -> None:
    settled(story)
    start = story.begins("t2")
    story.writes("t2", "y")
    story.asks("t2", "adj-0", adj_0={"y": "W"})
    story.decides("t2", "adj-0", start, {"y": "W"})


def asks_for_less_than_it_wrote(story: Story) -> None:
    story.begins("t1")
    story.writes("t1", "x", "y")
    story.asks("t1", "adj-0", adj_0={"x": "W"})


def has_a_voter_validate(story: Story) -> None:
    story.begins("t1")
    story.writes("t1", "x")
    story.asks("t1", "adj-0", adj_0={"x": "W"}, adj_1={"mark1": "R"})


def votes_on_other_keys(story: Story) -> None:
    start = story.begins("t1")
    story.writes("t1", "x", "y")
    story.asks("t1", "adj-0", adj_0={"x": "W"}, adj_1={"y": "W"})
    story.votes("t1", "adj-1", start, {"y": "S"})


def begins_before_what_was_acknowledged(story: Story) -> None:
    settled(story)
    story.tell("qp-1", "SnapshotIsolation!Begin", txn="t2", start=BEGIN_US + 1)


def reads_one_journal_only(story: Story) -> None:
    settled(story)
    story.begins("t2")
    story.promises("adj-0")
    story.tell("qp-0", "SnapshotIsolation!Read", txn="t2", seen={"z": 0})


def gives_back_what_it_holds(story: Story) -> None:
    story.across("t1")
    story.tell("adj-1", "Adjudication!Renew", until=BEGIN_US + story.now)


WRONG: dict[Wrong, str] = {
    decides_above_the_hold: "AtMost(ts, t.votes[v].until)",
    decides_without_the_vote: '"AllVoted(txn)" is false',
    commits_what_is_held: "Held(txn, txns[txn].leader)",
    splits_the_record: "appending[by] # << >>",
    loses_the_record: '"CommittedAt(txn, ts)" is false',
    acknowledges_early: 'txns[txn].fate = "committed"',
    acknowledges_without_commit_wait: "MayShowEarliest(now, txns[txn].ts)",
    forgets_the_expired_hold: "Before(txns[txn].start, LastOf(by, k, c))",
    expires_early: "MayShowPassed(now, holds[by][txn].until)",
    decides_after_it_declined: 'txns[txn].fate = "open"',
    takes_a_commit_for_an_abort: "txn \\notin DOMAIN journal[a]",
    takes_silence_for_an_abort: 'txns[txn].fate = "aborted"',
    resolves_at_another_time: '"CommittedAt(txn, ts)" is false',
    asks_two_owners_for_one_key: "DOMAIN slices[a] \\cap DOMAIN slices[b] = {}",
    judges_for_another_owner: '"OwnedBy(k, by)" is false',
    asks_for_less_than_it_wrote: "MayAskFor(txns[txn].writes, leader, slices)",
    has_a_voter_validate: 'slices[a][k] # "R"',
    votes_on_other_keys: 'holds["adj-1"].t1.keys = [y |-> "S"]',
    begins_before_what_was_acknowledged: "MayShowLatest(now, start)",
    reads_one_journal_only: "CompleteTo(txns[txn].start)",
    gives_back_what_it_holds: "AtMost(lease[by], until)",
}
"""What the reason must say."""


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_a_rule_not_kept_is_refused_at_its_step_for_its_reason(plan: Plan, wrong: Wrong) -> None:
    story = Story()
    story.leases()
    wrong(story)
    result = judged(plan, story)
    assert result.verdict == VIOLATES, result.reason
    assert result.rejection is not None
    assert (result.rejection.line, WRONG[wrong] in str(result.rejection)) == (len(story.events), True), str(
        result.rejection
    )
