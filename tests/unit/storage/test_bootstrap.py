"""A replica that begins from its sibling's checkpoint: parts, faults on the way, and what it stands on afterwards."""

from __future__ import annotations

from random import Random

import pytest

from daybreak.base.ids import NodeId
from daybreak.base.time import Timestamp
from daybreak.crossbar.messages import Attach, Checkpointed, JournalTrimmed, Stream
from daybreak.errors import OperatorError
from daybreak.runtime.protocols import Effects, Message, Send, Sync, Synced
from daybreak.runtime.sim.disk import SimDisk
from daybreak.storage import bootstrap
from daybreak.storage.messages import CheckpointPart, CheckpointTick, CheckpointWanted, ReadKeys, ReadResult, Tick
from daybreak.storage.replica import Replica
from daybreak.trace.recorder import NoTrace
from tests.support.checkpointing import KEYS, SETTINGS, J, history, record, view
from tests.support.roles import ManualClock, sent

ONE, TWO, THREE = NodeId("A1/storage-0"), NodeId("A2/storage-0"), NodeId("A3/storage-0")
CROSSBAR, QP = NodeId("A1/crossbar-0"), NodeId("A/qp-0")
ALL = (ONE, TWO, THREE)


class Node:
    """A replica with its disk; entry n of the one journal commits at time n."""

    def __init__(self, node: NodeId, disk: SimDisk | None = None) -> None:
        self.node = node
        self.disk = disk or SimDisk(Random(0), str(node))
        self.clock = ManualClock(1_000)
        siblings = tuple(other for other in ALL if other != node)
        self.role = Replica(
            node,
            self.clock,
            NoTrace(),
            self.disk,
            crossbar=CROSSBAR,
            crossbars=(CROSSBAR,),
            siblings=siblings,
            settings=SETTINGS,
        )
        self.beginning = self.role.start()
        self.hear(Synced(0))

    @property
    def position(self) -> int:
        """How much it has of the journal."""
        positions = self.role.status()["positions"]
        assert isinstance(positions, dict)
        return int(positions.get(J, 0))

    def hear(self, message: Message, source: NodeId = CROSSBAR) -> Effects:
        """Deliver a message."""
        effects = self.role.receive(source, message)
        self.role.check_invariants()
        return effects

    def stream(self, upto: int) -> Effects:
        """Let it have the journal up to an entry."""
        random, before = Random(0), self.position
        made = [record(ts, random) for ts in range(1, upto + 1)]
        return self.hear(Stream({J: before}, {J: upto}, tuple(made[before:]), Timestamp(upto)))

    def work(self, ticks: int = 200) -> list[Checkpointed]:
        """Let it write checkpoints until nothing is left to do; what it says of them."""
        said = []
        for _ in range(ticks):
            self.clock.advance(11)
            if any(isinstance(effect, Sync) for effect in self.hear(CheckpointTick(), self.node)):
                self.disk.sync()
                said += sent(self.hear(Synced(0), self.node), Checkpointed, CROSSBAR)
        return said

    def filled(self, upto: int) -> Node:
        """With checkpoints of the journal up to an entry."""
        for end in range(self.position + 2, upto + 1, 2):
            self.stream(end)
            self.work(2)
        self.work()
        return self


def copy(effects: Effects, nodes: dict[NodeId, Node], to: Node) -> int:
    """Answer questions for parts until there are no more; how many there were."""
    count = 0
    while wanted := [effect for effect in effects if isinstance(effect, Send) and effect.to in nodes]:
        (question,) = wanted
        assert isinstance(question.message, CheckpointWanted)
        source = nodes[question.to]
        (part,) = sent(source.hear(question.message, to.node), CheckpointPart, to.node)
        effects = to.hear(part, source.node)
        count += 1
    return count


def finished(node: Node) -> list[Attach]:
    """The tick after the last part; where the replica attaches then."""
    effects = node.hear(CheckpointTick(), node.node)
    assert Sync(0) in effects
    node.disk.sync()
    node.hear(Synced(0), node.node)
    return sent(effects, Attach, CROSSBAR)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daybreak.storage.replica.PART_BYTES", 100)


def test_an_emptied_replica_copies_its_siblings_checkpoint_and_attaches_where_it_ends() -> None:
    one, two = Node(ONE).filled(100), Node(TWO)
    effects = two.hear(JournalTrimmed(J, 80))
    assert effects == [Send(ONE, CheckpointWanted(0, 0))]
    assert copy(effects, {ONE: one}, two) > 3, "in parts"
    assert finished(two) == [Attach({J: one.position})]
    status = two.role.status()
    assert (status["bootstraps"], status["bootstrapping"]) == (1, False)
    (note,) = two.role.notes
    assert note == (
        "A2/storage-0: stands at entry 0 of adj-0, which begins after 80: "
        "copies the checkpoint of A1/storage-0 or A3/storage-0"
    )
    two.stream(120)
    (result,) = sent(two.hear(ReadKeys(1, Timestamp(120), tuple(KEYS)), QP), ReadResult)
    seen = [(ts, value) if value is not None else (0, None) for _, ts, value in result.versions]
    assert [seen] == view(history(120, 0), 120, 120)


def test_the_copy_is_a_checkpoint_of_the_replicas_own() -> None:
    one, two = Node(ONE).filled(100), Node(TWO)
    copy(two.hear(JournalTrimmed(J, 80)), {ONE: one}, two)
    finished(two)
    assert two.role.durable[J] >= 80
    again = Node(TWO, two.disk)
    assert sent(again.beginning, Attach) == [Attach({J: 100})]
    again.filled(130)
    assert Node(TWO, again.disk).position == 130


def test_a_replica_that_has_what_was_trimmed_copies_nothing() -> None:
    two = Node(TWO).filled(50)
    assert two.hear(JournalTrimmed(J, 50)) == []
    assert two.hear(CheckpointPart(1, 0, b"x", 9), ONE) == []


def test_reads_go_on_while_a_copy_is_made() -> None:
    one, two = Node(ONE).filled(100), Node(TWO)
    two.stream(40)
    two.hear(JournalTrimmed(J, 80))
    assert sent(two.hear(ReadKeys(1, Timestamp(30), (KEYS[0],)), QP), ReadResult)
    effects = two.hear(ReadKeys(2, Timestamp(98), (KEYS[0],)), QP)
    assert sent(effects, ReadResult) == []
    assert not two.hear(JournalTrimmed(J, 80)), "one copy at a time"
    copy([Send(ONE, CheckpointWanted(0, 0))], {ONE: one}, two)
    effects = two.hear(CheckpointTick(), TWO)
    assert [result.request for result in sent(effects, ReadResult, QP)] == [2]


def test_parts_that_come_twice_late_or_from_elsewhere_change_nothing() -> None:
    one, two = Node(ONE).filled(100), Node(TWO)
    effects = two.hear(JournalTrimmed(J, 80))
    seen: list[CheckpointPart] = []
    while question := sent(effects, CheckpointWanted, ONE):
        (part,) = sent(one.hear(question[0], TWO), CheckpointPart)
        effects = two.hear(part, ONE)
        for other in seen:
            assert sent(two.hear(other, ONE), CheckpointPart) == []
        assert two.hear(part, THREE) == []
        seen.append(part)
    assert finished(two) == [Attach({J: 100})]


def test_a_part_that_is_lost_is_asked_for_again() -> None:
    one, two = Node(ONE).filled(100), Node(TWO)
    two.hear(JournalTrimmed(J, 80))
    assert sent(two.hear(Tick(), TWO), CheckpointWanted) == []
    assert sent(two.hear(Tick(), TWO), CheckpointWanted, THREE) == [CheckpointWanted(0, 0)], "of another sibling"
    (question,) = sent(two.hear(Tick(), TWO), CheckpointWanted, ONE)
    copy([Send(ONE, question)], {ONE: one}, two)
    assert finished(two) == [Attach({J: 100})]
    assert sent(two.hear(Tick(), TWO), CheckpointWanted) == []


def test_a_copy_begins_again_when_the_file_has_been_replaced() -> None:
    one, two = Node(ONE).filled(40), Node(TWO)
    (question,) = sent(two.hear(JournalTrimmed(J, 30)), CheckpointWanted)
    (part,) = sent(one.hear(question, TWO), CheckpointPart)
    effects = two.hear(part, ONE)
    before = one.disk.names()
    one.filled(200)
    assert not set(before) & set(one.disk.names()), "all files are new"
    copy(effects, {ONE: one}, two)
    assert finished(two) == [Attach({J: 200})]


def test_a_sibling_without_a_checkpoint_is_no_help_and_the_next_one_is_asked() -> None:
    one, two, three = Node(ONE), Node(TWO), Node(THREE).filled(60)
    copy(two.hear(JournalTrimmed(J, 30)), {ONE: one}, two)
    two.hear(CheckpointTick(), TWO)
    assert two.role.notes[-1] == "A1/storage-0 has no checkpoint to begin from"
    two.hear(Tick(), TWO)
    copy(two.hear(Tick(), TWO), {THREE: three}, two)
    assert finished(two) == [Attach({J: 60})]


def test_a_damaged_part_is_noticed_and_another_sibling_asked() -> None:
    one, two, three = Node(ONE).filled(60), Node(TWO), Node(THREE).filled(60)
    (question,) = sent(two.hear(JournalTrimmed(J, 30)), CheckpointWanted)
    (part,) = sent(one.hear(question, TWO), CheckpointPart)
    spoilt = CheckpointPart(part.stamp, 0, part.data[:30] + b"?" + part.data[31:], part.end)
    assert two.hear(spoilt, ONE) == []
    two.hear(CheckpointTick(), TWO)
    assert two.role.notes[-1].startswith("the checkpoint of A1/storage-0 is damaged at offset ")
    two.hear(Tick(), TWO)
    copy(two.hear(Tick(), TWO), {THREE: three}, two)
    assert finished(two) == [Attach({J: 60})]


def test_a_disk_that_is_full_stops_the_copy_only() -> None:
    one, two = Node(ONE).filled(60), Node(TWO)
    (question,) = sent(two.hear(JournalTrimmed(J, 30)), CheckpointWanted)
    (part,) = sent(one.hear(question, TWO), CheckpointPart)

    def full(name: str, size: int) -> None:
        raise OperatorError("A2/storage-0: No space left on device")

    create, two.disk.create = two.disk.create, full  # type: ignore[method-assign]
    assert two.hear(part, ONE) == []
    two.hear(CheckpointTick(), TWO)
    assert two.role.notes[-1] == "A2/storage-0: No space left on device"
    two.disk.create = create  # type: ignore[method-assign]
    for _ in range(4):
        if question_again := sent(two.hear(Tick(), TWO), CheckpointWanted, ONE):
            copy([Send(ONE, question_again[0])], {ONE: one}, two)
            break
    assert finished(two) == [Attach({J: 60})]


def test_a_crash_during_a_copy_leaves_what_was_there_before_or_a_part_that_counts() -> None:
    one = Node(ONE).filled(100)
    for parts in range(30):
        two = Node(TWO)
        effects = two.hear(JournalTrimmed(J, 80))
        for _ in range(parts):
            if question := sent(effects, CheckpointWanted, ONE):
                effects = two.hear(sent(one.hear(question[0], TWO), CheckpointPart)[0], ONE)
        two.disk.crash()
        again = Node(TWO, two.disk)
        low = int(str(again.role.status()["forgotten"]))
        assert again.position <= 100
        for start in range(low, again.position + 1):
            (result,) = sent(again.hear(ReadKeys(start, Timestamp(start), tuple(KEYS)), QP), ReadResult)
            seen = [(ts, value) if value is not None else (0, None) for _, ts, value in result.versions]
            assert [seen] == view(history(start, 0), start, start)


def test_a_part_is_bounded() -> None:
    one = Node(ONE).filled(100)
    (part,) = sent(one.hear(CheckpointWanted(0, 0), TWO), CheckpointPart)
    assert len(part.data) == 100 < part.end
    assert bootstrap.PART_BYTES <= 1 << 20


def test_the_crossbar_hears_of_checkpoints_once_they_are_durable() -> None:
    one = Node(ONE)
    one.stream(10)
    said = one.work()
    assert said, "the checkpoint was written"
    one.stream(20)
    assert one.work()[-1] == Checkpointed({J: 10}), "a start without the last commit begins there"
