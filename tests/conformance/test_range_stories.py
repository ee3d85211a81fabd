"""Stories of key ranges that move between two adjudicators: what the protocol allows conforms to rungs 1, 3 and 6, and
where a rule is not kept the very step is refused, for the right reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from daybreak.base.places import rungs
from tests.support.commit_story import BEGIN_US, HOLD_US, LEASE_US
from tests.support.range_story import HIGH, KEPT, LOW, MARK0, MIDDLE, X2, RangeStory, X, Y
from tracecheck import CONFORMS, VIOLATES, Plan, Result
from tracecheck.checker import Checker
from tracecheck.tlc.jvm import on_deep_stack

Told = Callable[[RangeStory], None]


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    return on_deep_stack(lambda: {rung.name: Plan(rung.spec, rung.mapping) for rung in rungs(2)})


def judged(plan: Plan, story: RangeStory) -> Result:
    def run() -> Result:
        checker = Checker(plan)
        for entry in story.entries():
            checker.feed(entry)
        checker.finish()
        return checker.result()

    return on_deep_stack(run)


def asked_again(story: RangeStory) -> None:
    """Who asks the old owner is sent away, asks the new one, and commits under the second name."""
    t1 = story.commits("t1", "adj-0", X, KEPT)
    story.moves({X: {"W": t1}})
    start = story.redirected("t2")
    ts = story.decides("t2~1", "adj-1", start, {X: "W"})
    story.settles("t2~1", "adj-1", ts)


def refused_by_what_was_handed_over(story: RangeStory) -> None:
    """The new owner remembers what the old one knew."""
    start = story.begins("t2")
    t1 = story.commits("t1", "adj-0", X)
    story.moves({X: {"W": t1}})
    story.writes("t2", X)
    story.tell("qp-0", "Commit!Ask", txn="t2", leader="adj-1", slices={"adj-1": {X: "W"}})
    story.tell("adj-1", "Adjudication!Refuse", txn="t2", start=start, keys={X: "W"})
    story.tell("qp-0", "SnapshotIsolation!Abort", txn="t2")


def under_way(story: RangeStory) -> None:
    """A range moves while a transaction of both owners is under way: the one that has voted before it was asked of the
    other does so again."""
    t1 = story.commits("t1", "adj-0", X)
    start = story.begins("t2")
    story.writes("t2", X, Y)
    ts = story.releases()
    story.asks("t2", "adj-0", adj_0={X: "W"}, adj_1={Y: "N"})
    story.votes("t2", "adj-1", start, {Y: "N"})
    story.tell("adj-0", "Placement!Redirect", txn="t2", start=start, keys={X: "W"})
    story.tell("adj-1", "Commit!Resolve", txn="t2", ts=0)
    story.tell("qp-0", "Commit!AskAgain", txn="t2", again="t2~1", leader="adj-1", slices={"adj-1": {X: "W", Y: "N"}})
    story.departs(ts, {X: {"W": t1}})
    story.installs(ts, {X: {"W": t1}})
    ts = story.decides("t2~1", "adj-1", start, {X: "W", Y: "N"})
    story.settles("t2~1", "adj-1", ts)


def lost_on_the_way(story: RangeStory) -> None:
    """The old owner is lost with the release in its journal: its successor hands the range out bare."""
    story.commits("t1", "adj-0", X)
    ts = story.releases()
    at = BEGIN_US + LEASE_US
    story.now = LEASE_US + 10
    story.recovers("adj-0", at, [["", LOW]], ([LOW, MIDDLE, "adj-1", ts],))
    story.tell("adj-1", "Adjudication!Renew", until=at + LEASE_US)
    story.tell("adj-1", "Adjudication!Forget", upto=at)
    story.installs(ts, {}, floor=at)
    story.commits("t2", "adj-1", X)


def lost_before(story: RangeStory) -> None:
    """The old owner is lost, and its journal has neither the split nor the release: the range never left."""
    story.releases()
    story.now = LEASE_US + 10
    story.recovers("adj-0", BEGIN_US + LEASE_US, [["", MIDDLE]])
    story.commits("t1", "adj-0", X, KEPT)


def taken_unheard(story: RangeStory) -> None:
    """The new owner is lost when its journal has the range and nobody was told."""
    t1 = story.commits("t1", "adj-0", X)
    story.departs(story.releases(), {X: {"W": t1}})
    story.now = LEASE_US + 10
    story.recovers("adj-1", BEGIN_US + LEASE_US, [[LOW, HIGH]])
    story.commits("t2", "adj-1", X, Y)


def cut_and_joined(story: RangeStory) -> None:
    """Ranges are cut and joined, and a catalog mark belongs to the adjudicator that it names whoever has its place."""
    story.moves({})
    story.tell("adj-1", "Placement!Merge", at=MIDDLE)
    story.tell("adj-1", "Placement!Split", at="c0")
    story.commits("t1", "adj-1", X, Y)
    story.commits("t2", "adj-0", KEPT, MARK0)


ALLOWED: list[Told] = [
    asked_again,
    refused_by_what_was_handed_over,
    under_way,
    lost_on_the_way,
    lost_before,
    taken_unheard,
    cut_and_joined,
]


@pytest.mark.parametrize("rung", ["isolation", "commit", "placement"])
@pytest.mark.parametrize("told", ALLOWED)
def test_what_the_protocol_allows_conforms(plans: dict[str, Plan], told: Told, rung: str) -> None:
    story = RangeStory()
    story.leases()
    told(story)
    result = judged(plans[rung], story)
    assert result.verdict == CONFORMS, str(result.rejection or result.reason)


# --- wrong steps: each story ends with the step that must be refused ------------------------------------------------


def decides_what_it_gave_away(story: RangeStory) -> None:
    start = story.begins("t2")
    story.releases()
    story.writes("t2", X)
    story.tell("qp-0", "Commit!Ask", txn="t2", leader="adj-0", slices={"adj-0": {X: "W"}})
    story.decides("t2", "adj-0", start, {X: "W"})


def decides_before_it_has_the_range(story: RangeStory) -> None:
    start = story.begins("t2")
    story.departs(story.releases(), {})
    story.writes("t2", X)
    story.tell("qp-0", "Commit!Ask", txn="t2", leader="adj-1", slices={"adj-1": {X: "W"}})
    story.decides("t2", "adj-1", start, {X: "W"})


def claims_the_range_of_another(story: RangeStory) -> None:
    story.tell("adj-2", "Adjudication!Recover", kept={}, at=0)
    story.tell("adj-2", "Placement!Seal", at=0, ranges=[["40", "50"]], leaving=[])


def loses_a_range(story: RangeStory) -> None:
    story.tell("adj-0", "Placement!Split", at=LOW)
    story.now = LEASE_US + 10
    story.tell("adj-0", "Adjudication!Recover", kept={}, at=BEGIN_US + LEASE_US)
    story.tell("adj-0", "Placement!Seal", at=BEGIN_US + LEASE_US, ranges=[["", LOW]], leaving=[])


def installs_without_history(story: RangeStory) -> None:
    t1 = story.commits("t1", "adj-0", X, X2)
    ts = story.releases()
    story.departs(ts, {X: {"W": t1}, X2: {"W": t1}})
    story.installs(ts, {X: {"W": t1}})


def installs_below(story: RangeStory) -> None:
    ts = story.releases()
    story.departs(ts, {})
    story.installs(ts - 1, {})


def commits_below(story: RangeStory) -> None:
    start = story.begins("t1")
    ts = story.releases(ts=BEGIN_US + HOLD_US)
    story.departs(ts, {})
    story.installs(ts, {})
    story.writes("t1", X)
    story.tell("qp-0", "Commit!Ask", txn="t1", leader="adj-1", slices={"adj-1": {X: "W"}})
    story.decides("t1", "adj-1", start, {X: "W"}, ts=ts)


def releases_what_is_held(story: RangeStory) -> None:
    start = story.begins("t1")
    story.writes("t1", X, Y)
    story.asks("t1", "adj-1", adj_0={X: "W"}, adj_1={Y: "W"})
    story.votes("t1", "adj-0", start, {X: "W"})
    story.releases()


def departs_early(story: RangeStory) -> None:
    start = story.begins("t1")
    story.writes("t1", KEPT)
    story.tell("qp-0", "Commit!Ask", txn="t1", leader="adj-0", slices={"adj-0": {KEPT: "W"}})
    story.decides("t1", "adj-0", start, {KEPT: "W"})
    story.departs(story.releases(), {})


def promises_past_the_release(story: RangeStory) -> None:
    ts = story.releases()
    story.tell("adj-0", "Adjudication!Heartbeat", upto=ts)


def redirects_its_own(story: RangeStory) -> None:
    start = story.begins("t1")
    story.tell("adj-0", "Placement!Redirect", txn="t1", start=start, keys={X: "W"})


def misses_the_conflict(story: RangeStory) -> None:
    start = story.begins("t2")
    t1 = story.commits("t1", "adj-0", X)
    story.moves({X: {"W": t1}})
    story.writes("t2", X)
    story.tell("qp-0", "Commit!Ask", txn="t2", leader="adj-1", slices={"adj-1": {X: "W"}})
    story.decides("t2", "adj-1", start, {X: "W"})


def merges_across(story: RangeStory) -> None:
    story.tell("adj-0", "Placement!Merge", at=MIDDLE)


def splits_another(story: RangeStory) -> None:
    story.tell("adj-1", "Placement!Split", at=LOW)


def marks_for_another(story: RangeStory) -> None:
    start = story.begins("t1")
    story.tell("adj-1", "Adjudication!Commit", txn="t1", start=start, keys={MARK0: "W"}, ts=start + 1)


OF_PLACEMENT: dict[Told, str] = {
    decides_what_it_gave_away: "Owns(adj, keys)",
    decides_before_it_has_the_range: "Owns(adj, keys)",
    claims_the_range_of_another: "Continues(adj, found, owned)",
    loses_a_range: "Continues(adj, found, owned)",
    installs_without_history: "HasAllAbove",
    installs_below: "Given(m)",
    commits_below: "Above(adj, start, ts)",
    releases_what_is_held: "NoneHeld(adj, r)",
    departs_early: "Reached(adj, m.ts)",
    promises_past_the_release: "Before(upto, r.ts)",
    redirects_its_own: "~Owns(adj, keys)",
    misses_the_conflict: "Admissible(adj, start, keys)",
    merges_across: "s.low = at",
    splits_another: "Around(r)",
    marks_for_another: "Owns(adj, keys)",
}
"""What the reason must say in rung 6."""


def asks_again_too_early(story: RangeStory) -> None:
    story.begins("t1")
    story.writes("t1", X)
    story.tell("qp-0", "Commit!Ask", txn="t1", leader="adj-0", slices={"adj-0": {X: "W"}})
    story.tell("qp-0", "Commit!AskAgain", txn="t1", again="t1~1", leader="adj-1", slices={"adj-1": {X: "W"}})


def decides_under_the_old_name(story: RangeStory) -> None:
    story.moves({})
    start = story.redirected("t1")
    story.decides("t1", "adj-0", start, {X: "W"})


def asks_again_for_less(story: RangeStory) -> None:
    start = story.begins("t1")
    story.writes("t1", X, KEPT)
    story.tell("qp-0", "Commit!Ask", txn="t1", leader="adj-0", slices={"adj-0": {X: "W", KEPT: "W"}})
    story.tell("adj-0", "Placement!Redirect", txn="t1", start=start, keys={X: "W", KEPT: "W"})
    story.tell("qp-0", "Commit!AskAgain", txn="t1", again="t1~1", leader="adj-1", slices={"adj-1": {X: "W"}})


def judges_what_it_left(story: RangeStory) -> None:
    t1 = story.commits("t1", "adj-0", X)
    story.moves({X: {"W": t1}})
    start = story.begins("t2")
    story.writes("t2", X)
    story.tell("qp-0", "Commit!Ask", txn="t2", leader="adj-0", slices={"adj-0": {X: "W"}})
    story.decides("t2", "adj-0", start, {X: "W"})


OF_COMMIT: dict[Told, str] = {
    asks_again_too_early: 'txns[txn].fate = "aborted"',
    decides_under_the_old_name: "txn \\in DOMAIN txns",
    asks_again_for_less: "MayAskFor(txns[txn].writes, leader, slices)",
    judges_what_it_left: "OwnedBy(k, by)",
    installs_below: "IsGiven(m, by, from, ts)",
    departs_early: "Before(ts, appending[by][i].ts)",
    promises_past_the_release: "NoneLeft(by, upto)",
    misses_the_conflict: "Before(txns[txn].start, LastOf(by, k, c))",
    commits_below: "Suits(txn, ts)",
}
"""What the reason must say in rung 3."""


def refusals() -> list[tuple[str, Told, str]]:
    tables = {"placement": OF_PLACEMENT, "commit": OF_COMMIT}
    return [(rung, wrong, reason) for rung, table in tables.items() for wrong, reason in table.items()]


@pytest.mark.parametrize(("rung", "wrong", "reason"), refusals(), ids=lambda value: getattr(value, "__name__", None))
def test_a_rule_not_kept_is_refused_at_its_step_for_its_reason(
    plans: dict[str, Plan], rung: str, wrong: Told, reason: str
) -> None:
    story = RangeStory()
    story.leases()
    wrong(story)
    result = judged(plans[rung], story)
    assert result.verdict == VIOLATES, result.reason
    assert result.rejection is not None
    assert (result.rejection.line, reason in str(result.rejection)) == (len(story.events), True), str(result.rejection)
