"""The query processor: snapshot, reads, and the way to an acknowledged commit."""

from __future__ import annotations

import msgspec
import pytest

from daybreak.adjudicator.messages import CommitRequest, Committed, Reason, Refused, VoteRequest, WhoLeads
from daybreak.base.ids import NodeId
from daybreak.base.ranges import mark_key
from daybreak.base.time import Interval, Timestamp
from daybreak.base.writes import Access, Write
from daybreak.errors import InternalError
from daybreak.query.committer import UNKNOWN
from daybreak.query.messages import (
    AskAgain,
    CommitDone,
    CommitFailed,
    CommitTimeout,
    CommitWaitOver,
    ReadDone,
    ReadFailed,
    ReadTimeout,
)
from daybreak.query.processor import SAMPLE
from daybreak.runtime.protocols import After, Send
from daybreak.storage.messages import ReadKeys, ReadRange, ReadResult, ReadTooOld
from tests.support.processor_bench import (
    ADJUDICATOR,
    CANDIDATES,
    JOURNALS,
    NODE,
    OTHER,
    OTHER_STORAGE,
    SESSION,
    SETTINGS,
    STORAGE,
    STORAGES,
    Bench,
)
from tests.support.roles import CATALOG, ManualClock, far_key, key, sent, time, timers

A, B = key("a"), key("b")
W, N, S, R = Access.WRITE, Access.UPDATE, Access.SHARE, Access.VALIDATE


def test_a_snapshot_is_the_latest_time_of_the_clock_and_no_message_is_sent_for_it() -> None:
    bench = Bench(clock=ManualClock(error_us=60))
    transaction = bench.role.open()
    assert transaction.start == time(60)
    assert [event.args for event in bench.sink.events()] == [{"txn": transaction.txn, "start": time(60)}]


def test_a_process_that_is_stopped_while_a_transaction_begins_has_begun_it_at_one_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else its event would be later than its start, and after others that have seen the time pass."""
    clock = ManualClock()
    bench = Bench(clock=clock)
    now = clock.now

    def slow() -> Interval:
        clock.advance(9_000)
        return now()

    monkeypatch.setattr(clock, "now", slow)
    start = bench.role.open().start
    assert start == clock.now_us
    assert msgspec.json.decode(bench.sink.lines[-1])["at"] == [start, start]


def test_starts_and_names_never_repeat_while_the_clock_stands_still() -> None:
    bench = Bench()
    seen = []
    for _ in range(4):
        transaction = bench.role.open()
        seen.append((transaction.start, transaction.txn))
        bench.role.rollback()
    assert [start for start, _ in seen] == [time(i) for i in range(4)]
    assert len({txn for _, txn in seen}) == 4
    assert all(txn.endswith(".7") for _, txn in seen), "two processors with one clock must not give one name"


def test_a_second_transaction_at_a_time_is_a_bug_of_the_session() -> None:
    bench = Bench()
    bench.role.open()
    with pytest.raises(InternalError, match="under way already"):
        bench.role.open()


def test_without_a_transaction_nothing_can_be_read() -> None:
    with pytest.raises(InternalError, match="no transaction"):
        Bench().role.get([A])


def test_a_read_is_asked_for_at_the_snapshot_and_its_answer_passed_on() -> None:
    bench = Bench()
    start = bench.role.open().start
    bench.clock.advance(50)
    request, effects = bench.role.get([A, B])
    assert sent(effects, ReadKeys, STORAGE) == [ReadKeys(request, start, (A, B))]
    versions = ((A, time(-5), b"v"), (B, Timestamp(0), None))
    assert bench.hear(ReadResult(request, versions), STORAGE) == [Send(SESSION, ReadDone(request, versions))]
    assert bench.sink.events()[-1].args["seen"] == {"00000010/61": time(-5), "00000010/62": 0}


def test_a_scan_is_asked_for_with_its_bounds_and_limit() -> None:
    bench = Bench()
    start = bench.role.open().start
    request, effects = bench.role.scan(A, B, 3)
    assert sent(effects, ReadRange, STORAGE) == [ReadRange(request, start, A, B, 3)]


def test_the_event_of_a_long_read_names_the_first_versions_only() -> None:
    bench = Bench()
    bench.role.open()
    request, _ = bench.role.scan(A, key("z"), None)
    versions = tuple((key(f"k{i:03}"), time(-1), b"v") for i in range(SAMPLE + 1))
    (done,) = sent(bench.hear(ReadResult(request, versions), STORAGE), ReadDone)
    assert done.versions == versions
    seen = bench.sink.events()[-1].args["seen"]
    assert isinstance(seen, dict)
    assert len(seen) == SAMPLE


def test_a_read_without_an_answer_is_sent_again_until_it_has_one() -> None:
    bench = Bench()
    bench.role.open()
    request, effects = bench.role.get([A])
    asked, delays = [], []
    for _ in range(4):
        asked += [effect.to for effect in effects if isinstance(effect, Send)]
        assert [read.request for read in sent(effects, ReadKeys)] == [request]
        ((delay, timeout),) = timers(effects, ReadTimeout)
        delays.append(delay)
        effects = bench.hear(timeout, NODE)
    assert asked == [STORAGE, OTHER_STORAGE, STORAGE, OTHER_STORAGE], "the replicas in turn"
    assert delays == [SETTINGS.read_turn_us, *[SETTINGS.read_retry_us] * 3], "quickly at first"
    assert len(bench.hear(ReadResult(request, ()), STORAGE)) == 1
    assert bench.hear(ReadResult(request, ()), OTHER_STORAGE) == [], "the answer to the repeated read"
    assert bench.hear(timeout, NODE) == []


def test_who_has_turned_to_the_other_replica_stays_with_it() -> None:
    bench = Bench()
    bench.role.open()
    reads = [bench.role.get([A]) for _ in range(2)]
    for _, effects in reads:
        ((_, timeout),) = timers(effects, ReadTimeout)
        assert sent(bench.hear(timeout, NODE), ReadKeys, OTHER_STORAGE), "both turn, and neither turns back"
    assert sent(bench.role.get([B])[1], ReadKeys, OTHER_STORAGE)


def test_the_numbers_of_query_processors_spread_them_over_the_replicas() -> None:
    first = []
    for number in range(4):
        role = Bench(node=NodeId(f"A/qp-{number}")).role
        role.open()
        first += [effect.to for effect in role.get([A])[1] if isinstance(effect, Send)]
    assert first == [*STORAGES, *STORAGES]


def test_a_snapshot_that_storage_has_forgotten_fails_the_read() -> None:
    bench = Bench()
    bench.role.open()
    request, _ = bench.role.get([A])
    (asked,) = sent(bench.hear(ReadTooOld(request), STORAGE), ReadKeys, OTHER_STORAGE)
    assert asked.request == request, "the other replica may still have it"
    assert sent(bench.hear(ReadTooOld(request), STORAGE), ReadKeys, OTHER_STORAGE), "one refusal, told twice"
    assert bench.hear(ReadTooOld(request), OTHER_STORAGE) == [Send(SESSION, ReadFailed(request))]
    assert bench.hear(ReadTooOld(request), STORAGE) == []


def test_an_answer_to_a_read_of_a_transaction_that_has_ended_is_ignored() -> None:
    bench = Bench()
    bench.role.open()
    request, _ = bench.role.get([A])
    bench.role.rollback()
    bench.role.open()
    assert bench.hear(ReadResult(request, ((A, time(-1), b"v"),)), STORAGE) == []
    assert bench.hear(ReadTooOld(request), STORAGE) == []
    assert bench.hear(ReadTimeout(request, 7), NODE) == []
    assert "Read" not in bench.sink.acts()


def test_answers_to_a_previous_life_are_ignored() -> None:
    before = Bench()
    txn = before.role.open().txn
    requests = [before.role.get([A])[0] for _ in range(5)]
    before.clock.advance(100)
    after = Bench(clock=before.clock)
    after.role.open()
    mine, _ = after.role.get([A])
    assert mine not in requests
    for request in requests:
        assert after.hear(ReadResult(request, ((A, time(-1), b"v"),)), STORAGE) == []
    assert after.hear(Committed(txn, time(1))) == after.hear(Refused(txn, Reason.CONFLICT)) == []


def test_a_read_only_transaction_commits_without_a_message_to_anybody() -> None:
    bench = Bench()
    transaction = bench.role.open()
    bench.role.check([CATALOG], R)
    bench.role.check([B], S)
    assert bench.role.finish() == [Send(SESSION, CommitDone(transaction.txn, transaction.start))]
    assert bench.sink.acts() == ["Begin", "CommitReadOnly"]
    assert bench.role.active is None


def test_writes_stay_here_until_commit_and_then_go_to_their_only_owner_with_all_checks() -> None:
    bench = Bench()
    transaction = bench.role.open()
    bench.role.check([CATALOG], R)
    bench.role.check([B], S)
    bench.role.put([Write(A, W, b"1")], 1)
    bench.role.put([Write(A, N, b"2")], 1)
    effects = bench.role.finish()
    keys = {mark_key(JOURNALS[0]): R, B: S, A: W}
    asked = CommitRequest(transaction.txn, transaction.start, keys, (Write(A, N, b"2"),), {}, time(0))
    again = After(SETTINGS.outcome_us, AskAgain(transaction.txn))
    timeout = After(SETTINGS.commit_timeout_us, CommitTimeout(transaction.txn))
    assert effects == [Send(ADJUDICATOR, asked), again, timeout]


def test_each_owner_is_asked_for_its_own_keys_and_the_one_with_most_leads() -> None:
    bench = Bench()
    transaction = bench.role.open()
    txn, start = transaction.txn, transaction.start
    bench.role.check([CATALOG], R)
    near, far, further = Write(A, W, b"1"), Write(far_key("a"), N, b"2"), Write(far_key("b"), W, None)
    bench.role.put([near, far, further], 3)
    effects = bench.role.finish()
    leading, voting = JOURNALS[1], JOURNALS[0]
    slices = {leading: {far.key: N, further.key: W, mark_key(leading): R}, voting: {A: W}}
    asked = CommitRequest(txn, start, slices[leading], (near, far, further), {voting: ADJUDICATOR}, time(0))
    vote = VoteRequest(txn, start, slices[voting], leading, OTHER, time(0))
    assert effects[:2] == [Send(OTHER, asked), Send(ADJUDICATOR, vote)]
    assert len(effects) == 4
    assert bench.sink.acts()[-1] == "Ask"
    assert bench.sink.events()[-1].args == {
        "txn": txn,
        "leader": "adj-1",
        "slices": {
            "adj-0": {"00000010/61": "W"},
            "adj-1": {"80000000/61": "N", "80000000/62": "W", "00000002/61646a2d31": "R"},
        },
    }


@pytest.mark.parametrize("source", [ADJUDICATOR, OTHER])
def test_any_owner_can_end_the_transaction(source: NodeId) -> None:
    bench = Bench()
    txn = bench.role.open().txn
    bench.role.put([Write(A, W, b"1"), Write(far_key("a"), W, b"1")], 2)
    bench.role.finish()
    refused = Refused(txn, Reason.CONFLICT)
    assert bench.hear(refused, source) == [Send(SESSION, CommitFailed(txn, Reason.CONFLICT))]
    assert bench.hear(refused, OTHER) == []


def test_only_the_catalog_can_be_validated() -> None:
    bench = Bench()
    bench.role.open()
    with pytest.raises(InternalError, match="00000010/61: only keys of space 0 can be validated"):
        bench.role.check([A], R)


def test_writing_nothing_is_no_step() -> None:
    bench = Bench()
    bench.role.open()
    bench.role.put([], 0)
    assert bench.sink.acts() == ["Begin"]


@pytest.mark.parametrize("ahead", [-60, 0, 1, 500])
def test_a_commit_is_acknowledged_once_its_time_has_passed_on_every_clock(ahead: int) -> None:
    bench = Bench(clock=ManualClock(error_us=60))
    txn = bench.committing()
    ts = time(ahead)
    effects = bench.hear(Committed(txn, ts))
    wait = ts - time(-60)
    if wait > 0:
        assert sent(effects, CommitDone) == []
        assert timers(effects, CommitWaitOver) == [(wait, CommitWaitOver(txn, ts))]
        bench.clock.advance(wait - 1)
        assert timers(bench.hear(CommitWaitOver(txn, ts), NODE), CommitWaitOver) == [(1, CommitWaitOver(txn, ts))]
        assert "Acknowledge" not in bench.sink.acts()
        bench.clock.advance(1)
        effects = bench.hear(CommitWaitOver(txn, ts), NODE)
    assert effects == [Send(SESSION, CommitDone(txn, ts))]
    assert bench.sink.acts()[-1] == "Acknowledge"
    assert bench.role.open().start >= ts, "who begins after an acknowledgement sees the commit"


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.MOVED])
def test_a_refusal_ends_the_transaction_and_says_why(reason: Reason) -> None:
    bench = Bench()
    txn = bench.committing()
    said = bench.hear(Refused(txn, reason))
    assert said[0] == Send(SESSION, CommitFailed(txn, reason.value))
    looks = [Send(node, WhoLeads()) for node in CANDIDATES[JOURNALS[0]]]
    assert said[1:] == (looks if reason is Reason.UNAVAILABLE else [])
    assert bench.sink.acts()[-1] == "Abort"
    assert bench.role.active is None


def test_without_an_answer_the_outcome_is_unknown() -> None:
    bench = Bench()
    txn = bench.committing()
    assert bench.hear(CommitTimeout(txn), NODE) == [Send(SESSION, CommitFailed(txn, UNKNOWN))]
    assert bench.sink.acts()[-1] == "Abandon"
    bench.role.open()
    for late in (Committed(txn, time(1)), Refused(txn, Reason.CONFLICT), CommitTimeout(txn)):
        assert bench.hear(late) == []
    assert bench.role.active is not None


def test_an_acknowledged_commit_does_not_time_out() -> None:
    bench = Bench()
    txn = bench.committing()
    bench.hear(Committed(txn, time(500)))
    for late in (CommitTimeout(txn), Committed(txn, time(500)), Refused(txn, Reason.CONFLICT)):
        assert bench.hear(late) == [], "only the commit wait is left"
    bench.clock.advance(500)
    assert len(sent(bench.hear(CommitWaitOver(txn, time(500)), NODE), CommitDone)) == 1
    assert bench.hear(CommitWaitOver(txn, time(500)), NODE) == []


def test_an_answer_for_a_transaction_that_still_runs_is_ignored() -> None:
    bench = Bench()
    txn = bench.role.open().txn
    assert bench.hear(Committed(txn, time(1))) == bench.hear(Refused(txn, Reason.CONFLICT)) == []
    assert bench.role.active == txn


def test_a_session_that_ends_while_committing_abandons_and_otherwise_aborts() -> None:
    bench = Bench()
    bench.role.rollback()
    assert bench.sink.acts() == []
    bench.role.open()
    bench.role.rollback()
    assert bench.sink.acts()[-1] == "Abort"
    bench.committing()
    bench.role.rollback()
    assert bench.sink.acts()[-1] == "Abandon"
    assert bench.role.active is None
