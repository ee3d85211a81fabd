"""The crossbar: every record once, in commit order, and no further than all journals are complete (P6)."""

from __future__ import annotations

import random

import pytest

from daybreak.adjudicator.messages import HeartbeatRequest
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.records import Payload, encode
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Record
from daybreak.crossbar.crossbar import CATCH_UP_US, Crossbar
from daybreak.crossbar.messages import Attach, CatchUpTick, Deliver, Stream
from daybreak.journal.messages import Entry, Fetch, Fetched
from daybreak.runtime.protocols import Effects, Message, Send
from daybreak.trace.recorder import NoTrace
from tests.support.roles import NOW, ManualClock, sent, timers

J, K = JournalId("adj-0"), JournalId("adj-1")
REPLICAS = {J: (NodeId("A1/j"), NodeId("A2/j"), NodeId("A3/j")), K: (NodeId("A1/k"),)}
STORAGE, OTHER = NodeId("A1/storage-0"), NodeId("A2/storage-0")
ADJUDICATOR = NodeId("A1/adj-0")
CANDIDATES = {J: (ADJUDICATOR, NodeId("A2/adj-0")), K: (NodeId("A2/adj-1"), NodeId("A3/adj-1"))}


def entry(index: int, ts: int | None = None) -> Entry:
    """An entry that commits transaction ``t<ts>`` at `ts`, or one that only holds a lease."""
    return Entry(index, 1, encode(Payload(10_000, None if ts is None else Record(f"t{ts}", ts, ()))))


def deliver(prev_index: int, *times: int | None, upto: int, journal: JournalId = J) -> Deliver:
    """Entries after `prev_index`, committed at `times`."""
    entries = tuple(entry(prev_index + i, ts) for i, ts in enumerate(times, 1))
    return Deliver(journal, prev_index, entries, Timestamp(upto), NOW)


class Bench:
    """A crossbar, and what a storage replica has received of it."""

    def __init__(self, *journals: JournalId) -> None:
        self.role = Crossbar(
            NodeId("A1/crossbar-0"),
            ManualClock(),
            NoTrace(),
            journals={j: REPLICAS[j] for j in journals or (J,)},
            candidates={j: CANDIDATES[j] for j in journals or (J,)},
            storages=(STORAGE, OTHER),
        )

    def hear(self, message: Message, source: NodeId = ADJUDICATOR) -> Effects:
        """Deliver a message."""
        effects = self.role.receive(source, message)
        self.role.check_invariants()
        return effects

    def attach(self, index: int = 0) -> Effects:
        """Let the storage replica attach after entry `index` of the first journal."""
        return self.hear(Attach({J: index}), STORAGE)


def received(effects: Effects) -> list[int]:
    """The commit times of all records that the storage replica is sent, in order."""
    return [record.ts for stream in sent(effects, Stream, STORAGE) for record in stream.records]


def last(effects: Effects) -> Stream:
    """The last stream to the storage replica."""
    return sent(effects, Stream, STORAGE)[-1]


def test_a_delivery_is_passed_on_with_positions_and_watermark() -> None:
    bench = Bench()
    bench.attach()
    effects = bench.hear(deliver(0, 10, 20, upto=25))
    assert received(effects) == [10, 20]
    stream = last(effects)
    assert (stream.before, stream.after, stream.watermark) == ({J: 0}, {J: 2}, 25)


def test_without_a_replica_nothing_is_sent() -> None:
    assert Bench().hear(deliver(0, 10, upto=10)) == []


def test_a_heartbeat_alone_raises_the_watermark() -> None:
    bench = Bench()
    bench.attach()
    bench.hear(deliver(0, 10, upto=10))
    stream = last(bench.hear(deliver(1, upto=30)))
    assert (stream.records, stream.before, stream.after, stream.watermark) == ((), {J: 1}, {J: 1}, 30)


def test_an_entry_without_a_record_moves_the_position_on() -> None:
    bench = Bench()
    bench.attach()
    stream = last(bench.hear(deliver(0, None, 10, None, upto=10)))
    assert (stream.after, [r.ts for r in stream.records]) == ({J: 3}, [10])


def test_a_gap_is_fetched_from_where_the_replica_stands_to_where_the_journal_is_durable() -> None:
    bench = Bench()
    bench.attach()
    bench.hear(deliver(0, 10, upto=10))
    effects = bench.hear(deliver(2, 30, 40, upto=40))
    assert sent(effects, Stream) == []
    assert effects == [Send(REPLICAS[J][0], Fetch(2, 4))]
    effects = bench.hear(Fetched(2, (entry(2, 20), entry(3, 30), entry(4, 40)), 4), REPLICAS[J][0])
    assert received(effects) == [20, 30, 40]
    assert last(effects).watermark == 40


def test_a_fetch_answered_in_parts_is_continued() -> None:
    bench = Bench()
    bench.attach()
    bench.hear(deliver(2, 30, upto=30))
    effects = bench.hear(Fetched(1, (entry(1, 10),), 3), REPLICAS[J][0])
    assert received(effects) == [10]
    assert last(effects).watermark == 10
    assert sent(effects, Fetch) == [Fetch(2, 3)]


def test_the_watermark_stays_where_the_replica_stands_while_there_is_a_gap() -> None:
    bench = Bench()
    bench.attach()
    bench.hear(deliver(0, 10, upto=15))
    bench.hear(deliver(2, 30, upto=40))
    assert last(bench.attach(1)).watermark == ZERO
    assert last(bench.hear(Fetched(2, (entry(2, 20),), 2), REPLICAS[J][0])).watermark == 20


def test_an_empty_answer_to_a_fetch_changes_nothing() -> None:
    bench = Bench()
    bench.attach()
    bench.hear(deliver(2, 30, upto=30))
    assert bench.hear(Fetched(1, (), 0), REPLICAS[J][0]) == []


def test_entries_beyond_what_is_known_to_be_durable_are_not_passed_on() -> None:
    bench = Bench()
    bench.attach()
    bench.hear(deliver(1, 20, upto=20))
    effects = bench.hear(Fetched(1, (entry(1, 10), entry(2, 20), entry(3, 30)), 3), REPLICAS[J][0])
    assert received(effects) == [10, 20]


def test_a_delivery_that_comes_twice_is_passed_on_once() -> None:
    bench = Bench()
    bench.attach()
    assert received(bench.hear(deliver(0, 10, upto=10))) == [10]
    assert received(bench.hear(deliver(0, 10, upto=10))) == []
    assert received(bench.hear(deliver(0, 10, 20, upto=20))) == [20]


def test_a_late_delivery_does_not_take_the_watermark_back() -> None:
    bench = Bench()
    bench.attach()
    bench.hear(deliver(0, 10, upto=10))
    assert last(bench.hear(deliver(1, upto=50))).watermark == 50
    assert last(bench.hear(deliver(1, upto=30))).watermark == 50
    assert last(bench.attach(1)).watermark == 50, "not for those either who come later"


def test_deliveries_in_the_wrong_order_are_repaired_by_a_fetch() -> None:
    bench = Bench()
    bench.attach()
    assert bench.hear(deliver(1, 20, upto=20)) == [Send(REPLICAS[J][0], Fetch(1, 2))]
    assert bench.hear(deliver(0, 10, upto=10)) == []
    assert received(bench.hear(Fetched(1, (entry(1, 10), entry(2, 20)), 2), REPLICAS[J][0])) == [10, 20]


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_doubled_reordered_and_lost_every_record_comes_once_and_in_order(seed: int) -> None:
    rng = random.Random(seed)
    log = [entry(i, None if i % 5 == 0 else i * 10) for i in range(1, 31)]
    inbox: list[tuple[NodeId, Message]] = [
        (ADJUDICATOR, Deliver(J, i - 1, tuple(log[i - 1 : i + size]), Timestamp((i + size) * 10), NOW))
        for i, size in ((rng.randint(1, 25), rng.randint(-1, 5)) for _ in range(20))
    ]
    inbox += [(STORAGE, Attach({})), (ADJUDICATOR, deliver(30, upto=300))]
    rng.shuffle(inbox)
    bench, position, complete, got = Bench(), 0, 0, list[int]()
    ticks = iter(range(100))
    while position < 30:
        source, message = inbox.pop() if inbox else (bench.role.node, CatchUpTick())
        if not inbox and next(ticks) % 2:
            source, message = STORAGE, Attach({J: position})
        for effect in bench.hear(message, source):
            match effect:
                case Send(to, Fetch(low, high)) if rng.random() < 0.7:
                    inbox.append((to, Fetched(low, tuple(log[low - 1 : min(high, low + rng.randint(0, 8))]), 30)))
                case Send(_, Stream(before, after, records, mark)) if before[J] == position:
                    position = after[J]
                    complete = max(complete, mark)
                    got += [record.ts for record in records]
                    assert max(got, default=0) <= complete, "no record lies beyond the watermark"
                    missing = [i * 10 for i in range(position + 1, 31) if i % 5]
                    assert not missing or complete < missing[0], "nothing at or below the watermark is missing"
    assert got == [i * 10 for i in range(1, 31) if i % 5]


def test_a_replica_that_attaches_anew_gets_what_it_lacks() -> None:
    bench = Bench()
    bench.attach()
    bench.hear(deliver(0, 10, 20, 30, upto=30))
    effects = bench.attach(1)
    assert sent(effects, Fetch) == [Fetch(2, 3)]
    assert last(effects).before == last(effects).after == {J: 1}
    assert received(bench.hear(Fetched(2, (entry(2, 20), entry(3, 30)), 3), REPLICAS[J][0])) == [20, 30]


def test_a_replica_that_lacks_nothing_learns_the_watermark_when_it_attaches() -> None:
    bench = Bench()
    bench.hear(deliver(0, 10, upto=15))
    effects = bench.attach(1)
    assert effects == [Send(STORAGE, Stream({J: 1}, {J: 1}, (), Timestamp(15)))]


def test_each_replica_gets_everything_from_where_it_stands() -> None:
    bench = Bench()
    bench.attach()
    bench.hear(deliver(0, 10, upto=10))
    bench.hear(Attach({}), OTHER)
    bench.hear(deliver(1, 20, upto=20))
    effects = bench.hear(Fetched(1, (entry(1, 10), entry(2, 20)), 2), REPLICAS[J][0])
    assert [r.ts for s in sent(effects, Stream, OTHER) for r in s.records] == [10, 20]
    assert received(effects) == []


def test_records_wait_until_every_journal_is_complete_up_to_them() -> None:
    bench = Bench(J, K)
    bench.attach()
    effects = bench.hear(deliver(0, 10, 30, upto=30))
    assert received(effects) == []
    assert last(effects).watermark == ZERO
    effects = bench.hear(deliver(0, 20, upto=25, journal=K))
    assert received(effects) == [10, 20]
    stream = last(effects)
    assert (stream.after, stream.watermark) == ({J: 1, K: 1}, 25)
    assert received(bench.hear(deliver(1, upto=40, journal=K))) == [30]


def test_a_gap_in_one_journal_holds_up_the_records_of_all() -> None:
    bench = Bench(J, K)
    bench.attach()
    bench.hear(deliver(0, 10, upto=10))
    bench.hear(deliver(1, 50, upto=60, journal=K))
    assert received(bench.hear(deliver(1, 20, upto=60))) == []
    assert received(bench.hear(Fetched(1, (entry(1, 15), entry(2, 50)), 2), REPLICAS[K][0])) == [10, 15, 20, 50]


def test_what_does_not_come_is_asked_for_again_and_elsewhere() -> None:
    bench = Bench()
    bench.attach()
    bench.hear(deliver(1, 20, upto=20))
    asked = []
    for _ in range(3):
        effects = bench.hear(CatchUpTick())
        assert [delay for delay, _ in timers(effects, CatchUpTick)] == [CATCH_UP_US]
        asked += [effect.to for effect in effects if isinstance(effect, Send)]
    assert sorted(asked) == sorted(REPLICAS[J])


def test_the_tick_asks_for_nothing_when_nothing_is_missing() -> None:
    bench = Bench()
    assert [delay for delay, _ in timers(bench.role.start(), CatchUpTick)] == [CATCH_UP_US]
    bench.attach()
    bench.hear(deliver(0, 10, upto=10))
    assert sent(bench.hear(CatchUpTick()), Fetch) == []


def test_what_has_come_at_once_is_sent_in_parts_that_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(entry(1, 10).payload)
    monkeypatch.setattr("daybreak.crossbar.crossbar.STREAM_BYTES", 2 * size)
    bench = Bench()
    bench.attach()
    streams = sent(bench.hear(deliver(0, 10, 20, 30, 40, 50, upto=60)), Stream, STORAGE)
    assert [[record.ts for record in stream.records] for stream in streams] == [[10, 20], [30, 40], [50]]
    assert [(s.before[J], s.after[J], s.watermark) for s in streams] == [(0, 2, 29), (2, 4, 49), (4, 5, 60)]


def test_a_journal_that_is_far_ahead_of_another_is_not_fetched_until_that_has_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("daybreak.crossbar.crossbar.QUEUE_BYTES", 2 * len(entry(1, 10).payload))
    bench = Bench(J, K)
    bench.attach()
    bench.hear(Deliver(J, 6, (), Timestamp(70), NOW))
    bench.hear(Deliver(K, 1, (), Timestamp(70), NOW))
    effects = bench.hear(Fetched(1, (entry(1, 10), entry(2, 20)), 6), REPLICAS[J][0])
    assert sent(effects, Fetch) == [], "two entries wait for the other journal"
    assert sent(bench.hear(CatchUpTick()), Fetch) == [Fetch(1, 1)]
    effects = bench.hear(Fetched(1, (entry(1, 15),), 1), REPLICAS[K][0])
    assert received(effects) == [10, 15, 20]
    assert sent(effects, Fetch, REPLICAS[J][1]) == [Fetch(3, 6)]


def test_missing_entries_are_asked_for_once_between_two_ticks() -> None:
    bench = Bench()
    bench.attach()
    assert sent(bench.hear(deliver(5, 60, upto=60)), Fetch) == [Fetch(1, 6)]
    assert sent(bench.hear(deliver(6, 70, upto=70)), Fetch) == []
    assert sent(bench.hear(CatchUpTick()), Fetch) == [Fetch(1, 7)]


def test_a_wish_for_promises_goes_to_who_leads_each_journal_or_to_all_who_may() -> None:
    bench = Bench(J, K)
    wish = HeartbeatRequest(Timestamp(7))
    assert bench.hear(wish, STORAGE) == [Send(node, wish) for nodes in CANDIDATES.values() for node in nodes]
    bench.hear(deliver(0, upto=1), CANDIDATES[J][1])
    bench.hear(deliver(0, upto=1, journal=K), CANDIDATES[K][0])
    assert bench.hear(wish, STORAGE) == [Send(CANDIDATES[J][1], wish), Send(CANDIDATES[K][0], wish)]
