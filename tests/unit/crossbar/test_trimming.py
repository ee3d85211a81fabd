"""What the journals are told to drop: only what every storage replica has on its disk, whatever happens on the way."""

from __future__ import annotations

from random import Random

import pytest

from daybreak.base.ids import JournalId, NodeId
from daybreak.base.time import ZERO, Timestamp
from daybreak.crossbar.crossbar import Crossbar
from daybreak.crossbar.messages import Attach, Checkpointed, Deliver, JournalTrimmed
from daybreak.crossbar.trimming import Trimming
from daybreak.journal.messages import Trim, Trimmed
from daybreak.runtime.protocols import Effects, Message, Send
from daybreak.trace.recorder import NoTrace
from tests.support.roles import ManualClock, sent

J, K = JournalId("adj-0"), JournalId("adj-1")
REPLICAS = {J: (NodeId("A1/j"), NodeId("A2/j"), NodeId("A3/j")), K: (NodeId("A1/k"),)}
ONE, TWO = NodeId("A1/storage-0"), NodeId("A2/storage-0")


class Bench:
    """A crossbar without a margin, or with one."""

    def __init__(self, margin_us: int = 0) -> None:
        self.clock = ManualClock()
        self.role = Crossbar(
            NodeId("A1/crossbar-0"),
            self.clock,
            NoTrace(),
            journals=REPLICAS,
            candidates={},
            storages=(ONE, TWO),
            margin_us=margin_us,
        )

    def hear(self, message: Message, source: NodeId) -> Effects:
        """Deliver a message."""
        effects = self.role.receive(source, message)
        self.role.check_invariants()
        return effects


def test_nothing_is_trimmed_before_every_replica_has_spoken() -> None:
    bench = Bench()
    assert bench.hear(Checkpointed({J: 10, K: 5}), ONE) == []
    assert bench.hear(Checkpointed({J: 12, K: 6}), ONE) == []


def test_what_all_have_is_trimmed_on_every_zone() -> None:
    bench = Bench()
    bench.hear(Checkpointed({J: 10, K: 5}), ONE)
    effects = bench.hear(Checkpointed({J: 7, K: 9}), TWO)
    assert effects == [*(Send(replica, Trim(7)) for replica in REPLICAS[J]), Send(REPLICAS[K][0], Trim(5))]


def test_a_journal_that_a_replica_has_nothing_of_is_kept() -> None:
    bench = Bench()
    bench.hear(Checkpointed({J: 10}), ONE)
    assert sent(bench.hear(Checkpointed({J: 10, K: 9}), TWO), Trim, REPLICAS[K][0]) == []
    assert bench.hear(Checkpointed({}), TWO) == []


def test_permissions_are_held_back_for_the_margin() -> None:
    bench = Bench(margin_us=100)
    bench.hear(Checkpointed({J: 10}), ONE)
    assert bench.hear(Checkpointed({J: 10}), TWO) == []
    bench.clock.advance(99)
    assert bench.hear(Checkpointed({J: 20}), ONE) == []
    assert bench.hear(Checkpointed({J: 20}), TWO) == []
    bench.clock.advance(1)
    assert {m.upto for m in sent(bench.hear(Checkpointed({J: 30}), ONE), Trim)} == {10}
    bench.clock.advance(99)
    assert {m.upto for m in sent(bench.hear(Checkpointed({J: 30}), TWO), Trim)} == {20}


def test_a_replica_that_has_lost_its_disk_holds_trimming_up_until_it_has_checkpoints_again() -> None:
    bench = Bench()
    bench.hear(Checkpointed({J: 10}), ONE)
    bench.hear(Checkpointed({J: 10}), TWO)
    bench.hear(Attach({}), TWO)
    assert {m.upto for m in sent(bench.hear(Checkpointed({J: 50}), ONE), Trim)} <= {10}
    assert {m.upto for m in sent(bench.hear(Checkpointed({J: 30}), TWO), Trim)} == {30}


def test_what_rests_on_a_word_that_is_true_no_more_is_not_given() -> None:
    bench = Bench(margin_us=100)
    bench.hear(Checkpointed({J: 10}), ONE)
    bench.hear(Checkpointed({J: 5}), TWO)
    # By now ONE has lost its disk, and copies what TWO had then: it attaches elsewhere.
    bench.hear(Checkpointed({J: 10}), TWO)
    bench.clock.advance(50)
    bench.hear(Checkpointed({J: 5}), ONE)
    bench.clock.advance(60)
    assert bench.hear(Checkpointed({J: 12}), TWO) == []
    bench.clock.advance(40)
    assert {m.upto for m in sent(bench.hear(Checkpointed({J: 12}), TWO), Trim)} == {5}


def test_a_replica_that_starts_again_with_its_checkpoints_holds_nothing_up() -> None:
    bench = Bench()
    bench.hear(Checkpointed({J: 10}), TWO)
    bench.hear(Attach({J: 12}), TWO)
    assert {m.upto for m in sent(bench.hear(Checkpointed({J: 50}), ONE), Trim)} == {10}


@pytest.mark.parametrize("seed", range(30))
def test_lost_doubled_and_reordered_reports_never_trim_what_a_replica_lacks(seed: int) -> None:
    random = Random(seed)
    trimming, has = Trimming((ONE, TWO), 0), {ONE: 0, TWO: 0}
    on_the_way: list[tuple[NodeId, int]] = []
    for now in range(200):
        node = random.choice((ONE, TWO))
        has[node] += random.randint(0, 5)
        on_the_way += [(node, has[node])] * random.randint(0, 2)
        random.shuffle(on_the_way)
        if on_the_way:
            source, position = on_the_way.pop()
            allowed = trimming.checkpointed(source, {J: position}, Timestamp(now))
            assert allowed.get(J, 0) <= min(has.values())


def test_who_wants_what_is_gone_is_told() -> None:
    bench = Bench()
    bench.hear(Attach({J: 3}), ONE)
    bench.hear(Attach({J: 9}), TWO)
    bench.hear(Deliver(J, 20, (), Timestamp(5), ZERO), NodeId("A1/adj-0"))
    effects = bench.hear(Trimmed(4, 8, 1), REPLICAS[J][1])
    assert effects == [Send(ONE, JournalTrimmed(J, 8))]
