"""Key ranges that an owner splits, merges, gives away and takes (P9)."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import (
    CommitRequest,
    Committed,
    Installed,
    MergeRanges,
    Moved,
    MoveRange,
    OrderDone,
    Outcome,
    Reason,
    Redirect,
    Refused,
    SplitRange,
    Tick,
    Voted,
    VoteRequest,
)
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import JournalId, TxnId
from daybreak.base.keys import Key
from daybreak.base.placed import Known, Leaving, Owned, Placed
from daybreak.base.ranges import mark_key
from daybreak.base.records import decode
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access
from daybreak.runtime.protocols import Effects
from tests.support.adjudicator_bench import JOURNAL, PEERS, QP, Bench, ObligingJournal
from tests.support.roles import ManualClock, far_key, key, sent, time

W, N, S, R = Access.WRITE, Access.UPDATE, Access.SHARE, Access.VALIDATE
OTHER, THIRD = JournalId("adj-1"), JournalId("adj-2")
K, FAR = key("k"), far_key("k")
MIDDLE = b"\x80"


def last_placed(bench: Bench) -> Placed:
    """What the last entry of the journal tells of ranges."""
    found = decode(bench.journal.log[-1].payload).placed
    assert found is not None
    return found


def split() -> Bench:
    """One that owns two ranges."""
    bench = Bench().serve()
    assert sent(bench.hear(SplitRange(1, MIDDLE)), OrderDone, QP) == [OrderDone(1)]
    return bench


def released(bench: Bench) -> Moved:
    """Have the upper range moved to `OTHER`; what that one is sent."""
    said = bench.hear(MoveRange(2, MIDDLE, OTHER))
    (moved,) = sent(said, Moved, PEERS[OTHER])
    return moved


def asked(bench: Bench, txn: str, keys: dict[Key, Access], start: int = 0) -> Effects:
    """A COMMIT that began some microseconds after the epoch did."""
    bench.clock.advance(10)
    return bench.ask(txn, Timestamp(bench.clock.now_us + start), keys)


def voted(bench: Bench, txn: str, keys: dict[Key, Access]) -> Effects:
    """A vote is asked for."""
    bench.clock.advance(10)
    now = Timestamp(bench.clock.now_us)
    return bench.hear(VoteRequest(TxnId(txn), now, keys, OTHER, PEERS[OTHER], now))


def arriving(**changes: object) -> Moved:
    """A range that `OTHER` gives to the bench's adjudicator, which has everything below it only."""
    base = {"ts": time(100), "floor": time(5), "history": ((FAR, W, time(50)),)}
    return Moved(OTHER, JOURNAL, MIDDLE, b"", **{**base, **changes})  # type: ignore[arg-type]


def poor() -> Bench:
    """One that has given its upper range away and knows that it was taken."""
    bench = split()
    moved = released(bench)
    bench.hear(Installed(OTHER, moved.ts), PEERS[OTHER])
    return bench


# --- splitting and merging ------------------------------------------------------------------------------------------


def test_a_split_is_in_the_journal_before_anybody_is_told() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    assert sent(bench.hear(SplitRange(7, MIDDLE)), OrderDone) == []
    assert last_placed(bench).owned == (Owned(b"", MIDDLE), Owned(MIDDLE, b""))
    assert sent(bench.acknowledge(), OrderDone, QP) == [OrderDone(7)]
    assert bench.sink.acts()[-1] == "Split"


def test_a_split_that_an_operator_wants_is_marked_wherever_the_range_goes() -> None:
    bench = Bench().serve()
    bench.hear(SplitRange(1, MIDDLE, kept=True))
    assert last_placed(bench).owned == (Owned(b"", MIDDLE), Owned(MIDDLE, b"", kept=True))
    bench.hear(SplitRange(2, b"\xc0"))
    bench.hear(SplitRange(3, b"\x40"))
    kept = [owned.low for owned in last_placed(bench).owned if owned.kept]
    assert kept == [MIDDLE], "what is cut off it later is not, nor what lies before"
    moved = released(bench)
    assert moved.kept and last_placed(bench).leaving == Leaving(MIDDLE, b"\xc0", moved.ts, OTHER, kept=True)
    bench.clock.advance(Settings().lease_us + 1)
    after = Bench(clock=bench.clock, journal=bench.journal).serve()
    again = sent(after.live(2 * Settings().offer_us), Moved, PEERS[OTHER])
    assert {moved.kept for moved in again} == {True}, "the journal tells its successor"


def test_a_range_that_comes_is_marked_as_it_was() -> None:
    for kept in (False, True):
        bench = poor()
        bench.hear(arriving(kept=kept, ts=time(1_000)), PEERS[OTHER])
        assert [owned.kept for owned in last_placed(bench).owned if owned.low == MIDDLE] == [kept]


def test_a_merge_undoes_a_split() -> None:
    bench = split()
    assert sent(bench.hear(MergeRanges(2, MIDDLE)), OrderDone) == [OrderDone(2)]
    assert last_placed(bench).owned == (Owned(b"", b""),)


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (SplitRange(2, MIDDLE), "begins there already"),
        (MergeRanges(2, b"\x90"), "no two ranges"),
        (MergeRanges(2, b""), "no two ranges"),
        (MoveRange(2, b"\x90", OTHER), "no range of this adjudicator begins there"),
        (MoveRange(2, MIDDLE, JOURNAL), "has the range already"),
        (MoveRange(2, MIDDLE, JournalId("adj-9")), "there is no adjudicator adj-9"),
    ],
)
def test_what_cannot_be_done_is_said(order: SplitRange | MergeRanges | MoveRange, why: str) -> None:
    bench = split()
    before = len(bench.journal.log)
    (done,) = sent(bench.hear(order), OrderDone, QP)
    assert done.error is not None and why in done.error
    assert len(bench.journal.log) == before


def test_who_does_not_serve_changes_nothing() -> None:
    bench = Bench()
    for order in (SplitRange(1, MIDDLE), MergeRanges(1, MIDDLE), MoveRange(1, b"", OTHER)):
        (done,) = sent(bench.hear(order), OrderDone, QP)
        assert done.error is not None and "not serving" in done.error


# --- giving away ----------------------------------------------------------------------------------------------------


def test_a_released_range_is_offered_when_the_release_is_durable() -> None:
    bench = split()
    assert sent(asked(bench, "a", {FAR: W}), Committed)
    bench.journal.holding = True
    assert sent(bench.hear(MoveRange(2, MIDDLE, OTHER)), Moved) == []
    said = bench.acknowledge()
    (moved,) = sent(said, Moved, PEERS[OTHER])
    assert (moved.low, moved.high, moved.to) == (MIDDLE, b"", OTHER)
    assert [(k, access) for k, access, _ in moved.history] == [(FAR, W)]
    assert moved.ts > max(ts for _, _, ts in moved.history)
    assert bench.sink.acts()[-2:] == ["Release", "Depart"]
    assert sent(said, OrderDone) == []
    assert sent(bench.hear(Installed(OTHER, moved.ts), PEERS[OTHER]), OrderDone, QP) == [OrderDone(2)]


def test_the_range_is_offered_again_until_it_is_taken() -> None:
    bench = split()
    moved = released(bench)
    assert sent(bench.live(1_000_000), Moved, PEERS[OTHER]) == [moved, moved]
    bench.hear(Installed(OTHER, Timestamp(moved.ts - 1)), PEERS[OTHER])
    assert sent(bench.live(500_000), Moved, PEERS[OTHER]) == [moved], "that was another one"
    bench.hear(Installed(OTHER, moved.ts), PEERS[OTHER])
    assert sent(bench.live(1_000_000), Moved) == []
    bench.live(2_000_000)
    assert last_placed(bench).leaving is None


def test_a_release_that_may_be_lost_is_no_news() -> None:
    """Whoever heard of it would believe it for ever: a range that stayed has an earlier time than one that went."""
    bench = split()
    bench.journal.holding = True
    bench.hear(MoveRange(2, MIDDLE, OTHER))
    said = asked(bench, "a", {K: W, FAR: W})
    assert sent(said, Refused, QP) == [Refused(TxnId("a"), Reason.MOVED)]
    (redirect,) = sent(said, Redirect, QP)
    assert {known.owner for known in redirect.ranges} == {JOURNAL}
    bench.acknowledge()
    (redirect,) = sent(asked(bench, "b", {FAR: W}), Redirect, QP)
    assert OTHER in {known.owner for known in redirect.ranges}


def test_once_the_release_is_durable_others_are_named() -> None:
    bench = split()
    released(bench)
    bench.journal.holding = True
    (pending,) = [Known(p.low, p.high, JournalId(p.to), p.ts) for p in [last_placed(bench).leaving] if p is not None]
    said = asked(bench, "a", {K: W, FAR: W})
    (redirect,) = sent(said, Redirect, QP)
    assert pending in redirect.ranges
    assert sent(said, Refused, QP) == [Refused(TxnId("a"), Reason.MOVED)]
    assert bench.sink.acts()[-1] == "Redirect"
    said = asked(bench, "b", {mark_key(JOURNAL): R, K: W})
    assert sent(said, Refused) == [] and sent(bench.acknowledge(), Committed), "its mark is its own for ever"


def test_a_redirected_attempt_is_never_decided() -> None:
    bench = poor()
    txn, now = TxnId("a"), Timestamp(bench.clock.now_us)
    bench.hear(CommitRequest(txn, now, {FAR: W}, (), {}, now))
    said = bench.hear(CommitRequest(txn, now, {K: W}, (), {}, now))
    assert sent(said, Refused, QP) == [Refused(txn, Reason.MOVED)]
    assert "Commit" not in bench.sink.acts()


def test_a_voter_that_owns_it_no_more_tells_the_leader() -> None:
    bench = poor()
    said = voted(bench, "a", {FAR: W})
    assert [r.reason for r in sent(said, Refused, PEERS[OTHER])] == [Reason.MOVED]
    assert sent(said, Redirect, QP) and sent(said, Refused, QP) == []


def test_a_leader_whose_range_goes_before_the_votes_come_does_not_decide() -> None:
    bench = split()
    bench.clock.advance(10)
    now = Timestamp(bench.clock.now_us)
    bench.hear(CommitRequest(TxnId("a"), now, {FAR: W}, (), {THIRD: PEERS[THIRD]}, now))
    released(bench)
    said = bench.hear(Voted(TxnId("a"), THIRD, now, Timestamp(now + 1_000_000)), PEERS[THIRD])
    assert sent(said, Refused, QP) == [Refused(TxnId("a"), Reason.MOVED)]
    assert sent(said, Outcome, PEERS[THIRD])[0].ts == 0


def test_nothing_is_released_while_it_is_held() -> None:
    bench = split()
    assert sent(voted(bench, "a", {FAR: W}), Voted)
    assert sent(bench.hear(MoveRange(2, MIDDLE, OTHER)), Moved) == []
    said = voted(bench, "b", {far_key("other"): W})
    assert [r.reason for r in sent(said, Refused, PEERS[OTHER])] == [Reason.MOVED], "no new hold delays it"
    assert sent(voted(bench, "c", {K: W}), Voted), "the other range has nothing to do with it"
    assert "Release" not in bench.sink.acts()
    said = bench.hear(Outcome(TxnId("a"), Timestamp(0)), PEERS[OTHER])
    assert sent(said, Moved, PEERS[OTHER])


def test_one_range_leaves_at_a_time() -> None:
    bench = split()
    released(bench)
    (done,) = sent(bench.hear(MoveRange(3, b"", OTHER)), OrderDone)
    assert done.error is not None and "another range" in done.error


def test_of_history_too_long_to_go_along_the_new_owner_learns_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daybreak.adjudicator.mover.MOVED_ACCESSES", 2)
    bench = split()
    for number in range(4):
        asked(bench, f"t{number}", {far_key(str(number)): W})
    moved = released(bench)
    assert [k for k, _, _ in moved.history] == [far_key("2"), far_key("3")]
    assert bench.floor < moved.floor < moved.history[0][2]


# --- successors -----------------------------------------------------------------------------------------------------


def successor(bench: Bench) -> Bench:
    """Another life of the adjudicator on the same journal, which serves."""
    clock = ManualClock(bench.clock.now_us)
    after = Bench(clock=clock, journal=bench.journal)
    bench.journal.holding = False
    after.start()
    while not after.role.serving:
        clock.advance(500_000)
        after.fire(Tick)
    return after


def test_a_successor_owns_what_the_last_entry_says() -> None:
    bench = poor()
    bench.live(2_000_000)
    after = successor(bench)
    seal = next(event for event in after.sink.events() if event.act == "Placement!Seal")
    assert (seal.args["ranges"], seal.args["leaving"]) == ([["", "80"]], [])
    assert sent(asked(after, "a", {FAR: W}), Redirect)
    assert sent(asked(after, "b", {K: W}), Committed)


def test_a_successor_hands_out_bare_what_was_released() -> None:
    bench = split()
    moved = released(bench)
    after = successor(bench)
    (bare,) = set(sent(after.live(1_000_000), Moved, PEERS[OTHER]))
    assert (bare.low, bare.ts, bare.history) == (MIDDLE, moved.ts, ())
    assert bare.floor > moved.ts
    assert sent(asked(after, "a", {FAR: W}), Redirect)


def test_a_release_that_is_lost_leaves_the_range_where_it_was() -> None:
    bench = split()
    journal = ObligingJournal()
    journal.log = list(bench.journal.log)
    bench.hear(MoveRange(2, MIDDLE, OTHER))
    bench.journal.log = journal.log
    after = successor(bench)
    assert sent(asked(after, "a", {FAR: W}), Committed)
    assert sent(after.live(1_000_000), Moved) == []


# --- taking ---------------------------------------------------------------------------------------------------------


def test_a_range_is_taken_when_the_journal_says_so() -> None:
    bench = poor()
    moved = arriving(ts=Timestamp(bench.clock.now_us + 5_000))
    bench.journal.holding = True
    assert bench.hear(moved, PEERS[OTHER]) == []
    assert last_placed(bench) == Placed((Owned(b"", MIDDLE), Owned(MIDDLE, b"", moved.ts)), None, {"adj-1": moved.ts})
    assert sent(asked(bench, "a", {FAR: W}), Redirect), "not before it is durable"
    assert sent(bench.acknowledge(), Installed, PEERS[OTHER]) == [Installed(JOURNAL, moved.ts)]
    assert bench.sink.acts()[-1] == "Install"
    bench.journal.holding = False
    (committed,) = sent(asked(bench, "b", {far_key("x"): W}), Committed)
    assert committed.ts > moved.ts


def test_what_was_committed_there_still_conflicts() -> None:
    bench = poor()
    late = Timestamp(bench.clock.now_us + 5_000)
    bench.hear(arriving(ts=Timestamp(late + 1), history=((FAR, W, late),)), PEERS[OTHER])
    said = asked(bench, "a", {FAR: N})
    assert sent(said, Refused, QP) == [Refused(TxnId("a"), Reason.CONFLICT)]
    assert sent(asked(bench, "b", {FAR: N}, start=5_000), Committed)


def test_the_floor_rises_to_that_of_what_comes() -> None:
    bench = poor()
    floor = Timestamp(bench.clock.now_us + 20)
    bench.hear(arriving(ts=Timestamp(floor + 10), floor=floor, history=()), PEERS[OTHER])
    assert bench.floor == floor
    assert bench.sink.acts()[-2:] == ["Forget", "Install"]
    assert sent(asked(bench, "a", {K: W}), Refused, QP) == [Refused(TxnId("a"), Reason.CONFLICT)]


def test_a_range_that_comes_twice_is_taken_once() -> None:
    bench = poor()
    moved = arriving(ts=Timestamp(bench.clock.now_us + 5_000))
    bench.hear(moved, PEERS[OTHER])
    bench.hear(MoveRange(9, MIDDLE, THIRD))
    said = bench.hear(moved, PEERS[OTHER])
    assert sent(said, Installed, PEERS[OTHER]) == [Installed(JOURNAL, moved.ts)]
    assert bench.sink.acts().count("Install") == 1
    assert sent(asked(bench, "a", {FAR: W}), Redirect), "it has gone on to the third"


def test_a_range_that_comes_back_was_taken() -> None:
    bench = split()
    moved = released(bench)
    said = bench.hear(arriving(ts=Timestamp(moved.ts + 50)), PEERS[OTHER])
    assert sent(said, OrderDone, QP) == [OrderDone(2)]
    assert last_placed(bench).leaving is None
    assert sent(asked(bench, "a", {FAR: N}, start=5_000), Committed)


def test_a_range_that_comes_beyond_the_lease_waits() -> None:
    bench = poor()
    late = arriving(ts=Timestamp(bench.lease + 1))
    assert bench.hear(late, PEERS[OTHER]) == []
    bench.live(2_000_000)
    assert sent(bench.hear(late, PEERS[OTHER]), Installed)


def test_what_is_for_another_is_not_taken() -> None:
    bench = poor()
    assert bench.hear(Moved(OTHER, THIRD, MIDDLE, b"", time(1), time(0), ()), PEERS[OTHER]) == []


def test_a_successor_of_the_new_owner_says_that_it_has_it() -> None:
    bench = poor()
    moved = arriving(ts=Timestamp(bench.clock.now_us + 5_000))
    bench.hear(moved, PEERS[OTHER])
    after = successor(bench)
    assert sent(after.hear(moved, PEERS[OTHER]), Installed) == [Installed(JOURNAL, moved.ts)]
    assert sent(asked(after, "a", {FAR: W}), Committed)


def test_a_payload_that_says_nothing_means_the_first_ranges() -> None:
    assert Leaving(b"a", b"c", 1, "adj-1").has(b"b") and not Leaving(b"a", b"c", 1, "adj-1").has(b"c")
    bench = Bench().serve()
    assert last_placed(bench) == Placed((Owned(b"", b""),))
