"""The storage replica: reads that wait, streams that fit, versions that are forgotten."""

from __future__ import annotations

from random import Random

import pytest

from daybreak.adjudicator.messages import HeartbeatRequest
from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.keys import Key
from daybreak.base.limits import FORGET_AFTER_US, MAX_AGE_US
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access, Record, Write
from daybreak.crossbar.messages import Attach, Checkpointed, Reading, Stream
from daybreak.runtime.protocols import Effects, Message, Send, Sync, Synced
from daybreak.runtime.sim.disk import SimDisk
from daybreak.storage.checkpoint import Settings
from daybreak.storage.messages import (
    DELETED,
    CheckpointTick,
    ForgetBefore,
    ForgetTick,
    Forgot,
    OutcomeRead,
    ReadKeys,
    ReadOutcome,
    ReadRange,
    ReadResult,
    ReadTooOld,
    Tick,
)
from daybreak.storage.replica import ATTACH_US, FORGET_US, READING_US, Replica
from tests.support.roles import ManualClock, key, sent, time, timers, traced

J, K = JournalId("adj-0"), JournalId("adj-1")
NODE, CROSSBAR, QP = NodeId("A1/storage-0"), NodeId("A1/crossbar-0"), NodeId("A/qp-0")
CROSSBARS = (CROSSBAR, NodeId("A2/crossbar-0"))
A, B, C, Z = map(key, "abcz")


class Bench:
    """A replica that has started."""

    def __init__(self, disk: SimDisk | None = None, settings: Settings | None = None, *, led: bool = False) -> None:
        self.clock, self.disk = ManualClock(), disk or SimDisk(Random(0))
        trace, self.sink = traced(NODE, self.clock)
        self.role = Replica(
            NODE, self.clock, trace, self.disk, crossbar=CROSSBAR, crossbars=CROSSBARS, settings=settings, led=led
        )
        self.beginning = self.role.start()

    def hear(self, message: Message, source: NodeId = QP) -> Effects:
        """Deliver a message."""
        effects = self.role.receive(source, message)
        self.role.check_invariants()
        return effects

    def commit(self, offset: int, values: dict[Key, bytes | None], upto: int | None = None) -> Effects:
        """Let the next record of the first journal come, with a watermark at its commit time or later."""
        positions = self.role.status()["positions"]
        assert isinstance(positions, dict)
        index = positions.get(J, 0)
        writes = tuple(Write(k, Access.WRITE, v) for k, v in values.items())
        record = Record(f"t{offset}", time(offset), writes)
        mark = time(offset if upto is None else upto)
        return self.hear(Stream({J: index}, {J: index + 1}, (record,), mark), CROSSBAR)

    def complete(self, offset: int) -> Effects:
        """Let a watermark come without a record."""
        positions = self.role.status()["positions"]
        assert isinstance(positions, dict)
        return self.hear(Stream(positions, positions, (), time(offset)), CROSSBAR)

    def get(self, request: int, offset: int, *keys: Key) -> Effects:
        """Read keys."""
        return self.hear(ReadKeys(request, time(offset), keys or (A,)))

    def scan(self, offset: int, low: Key = A, high: Key = Z, limit: int | None = None) -> list[bytes]:
        """The values of a range that can be read at once."""
        (result,) = sent(self.hear(ReadRange(1, time(offset), low, high, limit)), ReadResult, QP)
        return [value for _, _, value in result.versions if value is not None]


def answered(effects: Effects) -> list[int]:
    """The numbers of the reads that were answered, in order."""
    return [result.request for result in sent(effects, ReadResult, QP)]


def test_a_replica_starts_by_asking_for_everything() -> None:
    bench = Bench()
    assert sent(bench.beginning, Attach, CROSSBAR) == [Attach({})]
    assert [delay for delay, _ in timers(bench.beginning, Tick)] == [ATTACH_US]
    assert [delay for delay, _ in timers(bench.beginning, ForgetTick)] == [FORGET_US]


def test_a_read_answers_every_key_with_the_version_of_its_snapshot() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1", C: b"1"})
    bench.commit(20, {A: b"2", C: None})
    for start, expected in {
        9: ((A, ZERO, None), (B, ZERO, None), (C, ZERO, None)),
        10: ((A, time(10), b"1"), (B, ZERO, None), (C, time(10), b"1")),
        20: ((A, time(20), b"2"), (B, ZERO, None), (C, time(20), None)),
    }.items():
        assert bench.get(1, start, A, B, C) == [Send(QP, ReadResult(1, expected))]


def test_a_scan_has_the_rows_of_its_snapshot_up_to_its_limit() -> None:
    bench = Bench()
    bench.commit(10, {A: b"a", B: b"b", C: b"c"})
    bench.commit(20, {A: None})
    assert bench.scan(10) == [b"a", b"b", b"c"]
    assert bench.scan(20) == [b"b", b"c"]
    assert bench.scan(20, limit=1) == [b"b"], "the limit counts rows, not keys"
    assert bench.scan(20, limit=0) == []
    assert bench.scan(10, A, B) == [b"a"]


def test_a_read_at_the_watermark_is_answered_and_one_beyond_it_waits() -> None:
    bench = Bench()
    bench.complete(20)
    assert answered(bench.get(1, 20)) == [1]
    effects = bench.get(2, 21)
    assert answered(effects) == []
    assert bench.role.status()["waiting_reads"] == 1
    assert answered(bench.complete(20)) == []
    assert answered(bench.complete(21)) == [2]


def test_a_read_that_waited_sees_what_came_meanwhile() -> None:
    bench = Bench()
    bench.get(1, 30)
    bench.commit(10, {A: b"1"})
    bench.commit(25, {A: b"2"})
    (result,) = sent(bench.commit(35, {A: b"3"}), ReadResult)
    assert result.versions == ((A, time(25), b"2"),)


def test_reads_that_wait_are_answered_as_soon_as_each_can_be() -> None:
    bench = Bench()
    for request, start in enumerate((40, 20, 30, 20)):
        bench.get(request, start)
    assert answered(bench.complete(19)) == []
    assert answered(bench.complete(30)) == [1, 3, 2]
    assert answered(bench.complete(99)) == [0]


def test_a_waiting_read_asks_every_adjudicator_for_a_promise() -> None:
    bench = Bench()
    effects = bench.get(1, 20)
    assert effects == [Send(CROSSBAR, HeartbeatRequest(time(20)))]


def test_a_crossbar_that_wants_to_know_is_told_of_readers_now_and_then() -> None:
    bench = Bench(led=True)
    bench.commit(30, {A: b"1"})
    assert sent(bench.get(1, 20), Reading, CROSSBAR) == [Reading()]
    assert sent(bench.get(2, 40), Reading) == [], "one that waits is a reader like any other"
    bench.clock.advance(READING_US - 1)
    assert sent(bench.get(3, 20), Reading) == []
    bench.clock.advance(1)
    assert sent(bench.hear(ReadOutcome(5, time(20), TxnId("t"))), Reading) == [], "a server's own question"
    assert sent(bench.get(4, 50), Reading) == [Reading()]


def test_for_one_time_a_promise_is_asked_for_once() -> None:
    bench = Bench()
    bench.get(1, 20)
    assert bench.get(2, 20) == bench.get(3, 15) == []
    assert {message.upto for message in sent(bench.get(4, 21), HeartbeatRequest)} == {time(21)}


def test_a_read_that_waits_for_long_asks_again() -> None:
    bench = Bench()
    bench.get(1, 20)
    effects = bench.hear(Tick(), NODE)
    assert [message.upto for message in sent(effects, HeartbeatRequest)] == [time(20)]


def test_nobody_is_asked_while_no_read_waits() -> None:
    bench = Bench()
    bench.get(1, 20)
    bench.complete(20)
    assert sent(bench.hear(Tick(), NODE), HeartbeatRequest) == []


def test_a_stream_that_leaves_a_gap_makes_the_replica_attach_where_it_stands() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1"})
    record = Record("late", time(30), (Write(A, Access.WRITE, b"3"),))
    assert bench.hear(Stream({J: 2}, {J: 3}, (record,), time(30)), CROSSBAR) == [Send(CROSSBAR, Attach({J: 1}))]
    assert bench.role.watermark == time(10)
    (result,) = sent(bench.get(1, 10), ReadResult)
    assert result.versions == ((A, time(10), b"1"),)


def test_a_gap_in_one_journal_of_two_is_a_gap() -> None:
    bench = Bench()
    bench.hear(Stream({J: 0, K: 0}, {J: 2, K: 1}, (), time(10)), CROSSBAR)
    assert bench.hear(Stream({J: 1, K: 3}, {J: 2, K: 4}, (), time(40)), CROSSBAR) == [
        Send(CROSSBAR, Attach({J: 2, K: 1}))
    ]
    assert bench.role.watermark == time(10)


def test_a_stream_that_comes_twice_is_applied_once() -> None:
    bench = Bench()
    stream = Stream({J: 0}, {J: 1}, (Record("a", time(10), (Write(A, Access.WRITE, b"1"),)),), time(10))
    bench.hear(stream, CROSSBAR)
    bench.commit(20, {A: b"2"})
    assert bench.hear(stream, CROSSBAR) == []
    assert bench.role.status()["positions"] == {J: 2}
    assert bench.scan(20) == [b"2"]


def test_the_watermark_never_falls() -> None:
    bench = Bench()
    bench.complete(30)
    bench.complete(20)
    assert bench.role.watermark == time(30)


def test_a_stream_that_has_dried_up_makes_the_replica_attach_again() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1"})
    bench.clock.advance(ATTACH_US)
    assert sent(bench.hear(Tick(), NODE), Attach) == []
    bench.clock.advance(1)
    effects = bench.hear(Tick(), NODE)
    assert sent(effects, Attach, CROSSBAR) == [Attach({J: 1})]
    assert [delay for delay, _ in timers(effects, Tick)] == [ATTACH_US]


@pytest.mark.parametrize("complete", [1_001, 1_000, 999])
def test_only_what_is_complete_and_too_old_is_forgotten(complete: int) -> None:
    bench = Bench()
    bench.complete(complete)
    bench.clock.advance(FORGET_AFTER_US + 1_000)
    effects = bench.hear(ForgetTick(), NODE)
    assert [delay for delay, _ in timers(effects, ForgetTick)] == [FORGET_US]
    assert [event.args for event in bench.sink.events()] == [{"upto": time(min(complete, 1_000))}]


def test_a_read_below_what_was_forgotten_is_refused_and_one_at_it_is_answered() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1"})
    bench.commit(20, {A: b"2"}, upto=2_000)
    bench.clock.advance(FORGET_AFTER_US + 1_000)
    bench.hear(ForgetTick(), NODE)
    assert bench.get(7, 999) == [Send(QP, ReadTooOld(7))]
    assert bench.get(8, 1_000) == [Send(QP, ReadResult(8, ((A, time(20), b"2"),)))]
    assert bench.hear(ReadRange(9, time(999), A, B, None)) == [Send(QP, ReadTooOld(9))]


def test_forgetting_what_is_forgotten_is_no_step() -> None:
    bench = Bench()
    bench.complete(1_000)
    bench.clock.advance(FORGET_AFTER_US + 1_000)
    bench.hear(ForgetTick(), NODE)
    bench.hear(ForgetTick(), NODE)
    assert bench.sink.acts() == ["Forget"]


def test_a_server_that_starts_lets_it_forget_all_but_the_newest_versions_once_it_is_complete() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1", B: b"1"})
    bench.commit(20, {A: b"2", B: None}, upto=50)
    wanted = ForgetBefore(7, time(60))
    assert sent(bench.hear(wanted), Forgot) == []
    assert bench.sink.acts() == []
    assert sent(bench.complete(60), Forgot, QP) == [Forgot(7)]
    assert [event.args for event in bench.sink.events()] == [{"upto": time(60)}]
    assert bench.role.status()["keys"] == 1
    assert bench.scan(60) == [b"2"]
    assert bench.get(1, 59) == [Send(QP, ReadTooOld(1))]
    assert bench.hear(wanted) == [Send(QP, Forgot(7))]
    assert bench.sink.acts() == ["Forget"]


def test_what_waited_beside_a_start_is_answered_with_it() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1"})
    bench.hear(ForgetBefore(7, time(60)))
    bench.hear(ReadKeys(8, time(60), (A,)))
    bench.hear(ReadKeys(9, time(55), (A,)))
    found = ((A, time(10), b"1"),)
    assert bench.complete(60) == [Send(QP, ReadResult(9, found)), Send(QP, Forgot(7)), Send(QP, ReadResult(8, found))]
    assert bench.sink.acts() == ["Forget"]


def test_what_was_deleted_and_forgotten_cannot_be_told_from_what_never_was() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1"})
    bench.commit(20, {A: None})
    assert bench.get(1, 20, A, C) == [Send(QP, ReadResult(1, ((A, time(20), None), (C, ZERO, None))))]
    bench.hear(ForgetBefore(7, time(60)))
    bench.complete(60)
    assert bench.get(2, 60, A, C) == [Send(QP, ReadResult(2, ((A, DELETED, None), (C, DELETED, None))))]


def test_a_long_answer_comes_in_parts() -> None:
    bench = Bench(settings=Settings(answer_bytes=2 * (len(A) + 11)))
    rows: dict[Key, bytes | None] = {Key(A + bytes([n])): b"%010d" % n for n in range(5)}
    bench.commit(10, rows, upto=50)
    keys = sorted(rows)
    versions = tuple((key, time(10), rows[key]) for key in keys)
    part = bench.hear(ReadRange(1, time(50), A, B, None))
    assert part == [Send(QP, ReadResult(1, versions[:2], more=True))]
    assert bench.hear(ReadRange(2, time(50), keys[3], B, None)) == [Send(QP, ReadResult(2, versions[3:]))]
    assert bench.hear(ReadRange(3, time(50), keys[0], B, 2)) == [Send(QP, ReadResult(3, versions[:2]))]
    assert bench.hear(ReadKeys(4, time(50), tuple(keys))) == [Send(QP, ReadResult(4, versions[:2], more=True))]
    assert bench.hear(ReadKeys(5, time(50), tuple(keys[3:]))) == [Send(QP, ReadResult(5, versions[3:]))]


def test_status_says_how_far_the_replica_is() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1"}, upto=15)
    bench.hear(ReadKeys(1, Timestamp(time(15) + 1), (A,)))
    assert bench.role.status() == {
        "keys": 1,
        "watermark": time(15),
        "forgotten": ZERO,
        "waiting_reads": 1,
        "positions": {J: 1},
        "replayed": 1,
        "bootstraps": 0,
        "bootstrapping": False,
        "checkpoint": {"positions": {}, "bytes": 0, "pending": 1, "failure": None},
        "notes": [],
    }


def outcome(bench: Bench, txn: str, offset: int) -> list[OutcomeRead]:
    return sent(bench.hear(ReadOutcome(7, time(offset), TxnId(txn))), OutcomeRead)


def test_outcomes_are_told_once_everything_up_to_the_question_is_known() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1"})
    assert outcome(bench, "t10", 10) == [OutcomeRead(7, time(10), ZERO)]
    assert outcome(bench, "t20", 10) == [OutcomeRead(7, None, ZERO)]
    assert outcome(bench, "t20", 15) == []
    assert sent(bench.commit(20, {A: b"2"}), OutcomeRead) == [OutcomeRead(7, time(20), ZERO)]


def test_names_outlive_the_floor_and_are_forgotten_then() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1"})
    bench.clock.advance(FORGET_AFTER_US + FORGET_US)
    bench.complete(FORGET_AFTER_US + FORGET_US)
    bench.hear(ForgetTick(), NODE)
    assert outcome(bench, "t10", 10) == [OutcomeRead(7, time(10), time(FORGET_US - MAX_AGE_US))]
    bench.clock.advance(MAX_AGE_US)
    bench.hear(ForgetTick(), NODE)
    assert outcome(bench, "t10", 10) == [OutcomeRead(7, None, time(FORGET_US))]


def test_a_replica_that_begins_at_a_checkpoint_knows_the_names_before_it() -> None:
    bench = Bench()
    bench.commit(10, {A: b"1"})
    effects = bench.beginning
    for _ in range(8):
        if any(isinstance(effect, Sync) for effect in effects):
            bench.disk.sync()
            bench.hear(Synced(0), NODE)
        bench.clock.advance(Settings().interval_us)
        effects = bench.hear(CheckpointTick(), NODE)
    again = Bench(bench.disk)
    assert again.role.watermark == time(10)
    assert outcome(again, "t10", 10) == [OutcomeRead(7, time(10), ZERO)]


def test_every_crossbar_learns_of_a_checkpoint() -> None:
    said = Bench().hear(Synced(0), NODE)
    assert [e.to for e in said if isinstance(e, Send) and isinstance(e.message, Checkpointed)] == list(CROSSBARS)
