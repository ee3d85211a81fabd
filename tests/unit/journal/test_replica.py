"""A replica: promises, appends, group commit, cuts, readers, and what a crash may take from it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError, OperatorError
from daybreak.journal.messages import (
    Append,
    Appended,
    Behind,
    Doubt,
    Entry,
    Fenced,
    Fetch,
    Fetched,
    HealthTick,
    NoRoom,
    Promised,
    Propose,
    Whole,
)
from daybreak.journal.promise import damaged_copies
from daybreak.journal.replica import Journal
from daybreak.journal.scan import segment_names
from daybreak.runtime.protocols import Effects, Message, Send, Sync, Synced, SyncFailed
from daybreak.runtime.sim.disk import SimDisk
from tests.support.journal_world import open_replica

ZONE, LEADER, OTHER = NodeId("z1"), NodeId("l1"), NodeId("l2")


class Zone:
    """A replica on a disk whose syncs end when the test says so."""

    def __init__(self, seed: int = 1) -> None:
        self.disk = SimDisk(Random(seed), ZONE)
        self.open()
        self.synced()

    def open(self) -> None:
        self._syncs: list[tuple[int, int]] = []
        self.journal: Journal = open_replica(ZONE, self.disk)
        self._keep(self.journal.start())

    def _keep(self, effects: Effects) -> list[Message]:
        said: list[Message] = []
        for effect in effects:
            if isinstance(effect, Sync):
                self._syncs.append((effect.token, self.disk.mark()))
            elif isinstance(effect, Send):
                said.append(effect.message)
        assert len(self._syncs) <= 1, "one sync at a time"
        self.journal.check_invariants()
        return said

    def hear(self, message: Message, source: NodeId = LEADER) -> list[Message]:
        return self._keep(self.journal.receive(source, message))

    @property
    def syncing(self) -> bool:
        return bool(self._syncs)

    def synced(self) -> list[Message]:
        """The sync under way ends."""
        token, mark = self._syncs.pop()
        self.disk.sync(mark)
        return self.hear(Synced(token), ZONE)

    def append(self, prev: int, epochs: list[int], *, epoch: int = 1, prev_epoch: int = 1, durable: int = 0) -> Append:
        entries = tuple(entry(prev + n, e) for n, e in enumerate(epochs, 1))
        return Append(epoch, prev, prev_epoch if prev else 0, entries, durable)

    def epochs(self) -> list[int]:
        return [e.epoch for e in self.journal.entries(1, 99)]


def entry(index: int, epoch: int) -> Entry:
    return Entry(index, epoch, b"%d of %d" % (index, epoch) + b"." * 100)


@pytest.fixture
def zone() -> Iterator[Zone]:
    zone = Zone()
    yield zone
    assert zone.journal.failure is None


def filled(zone: Zone, count: int, *, durable: int = 0) -> Zone:
    """`count` entries of epoch 1, synced."""
    zone.hear(zone.append(0, [1] * count, durable=durable))
    zone.synced()
    return zone


# --- opening -----------------------------------------------------------------------------------------------------


def test_nothing_is_said_before_the_first_sync(zone: Zone) -> None:
    """What the files hold after a restart may be in the machine's memory only."""
    zone.hear(zone.append(0, [1]))
    zone.open()
    assert not zone.journal.serving
    assert zone.hear(Propose(5, "l")) == []
    assert zone.hear(zone.append(1, [])) == []
    zone.synced()
    assert zone.journal.serving
    zone.disk.crash()
    zone.open()
    zone.synced()
    assert zone.hear(Propose(5, "l")) == [Promised(5, 1, 1, 0)]


# --- promises ----------------------------------------------------------------------------------------------------


def test_a_promise_tells_where_the_synced_log_ends(zone: Zone) -> None:
    filled(zone, 3, durable=2)
    zone.hear(zone.append(3, [1]))
    assert zone.hear(Propose(4, "a")) == [Promised(4, 1, 3, 2)]


def test_a_promise_is_on_disk_before_it_is_given(zone: Zone) -> None:
    zone.hear(Propose(4, "a"))
    zone.disk.crash()
    zone.open()
    zone.synced()
    assert zone.journal.promised == 4
    assert zone.hear(zone.append(0, [3], epoch=3)) == [Fenced(3, 4)]


def test_of_two_candidates_with_one_epoch_the_first_is_promised(zone: Zone) -> None:
    promised = zone.hear(Propose(4, "a"))
    assert zone.hear(Propose(4, "b"), OTHER) == [Fenced(4, 4)]
    assert zone.hear(Propose(4, "a")) == promised
    assert zone.hear(Propose(3, "a")) == [Fenced(3, 4)]


def test_an_append_of_a_higher_epoch_is_a_promise_too(zone: Zone) -> None:
    zone.hear(zone.append(0, [6], epoch=6))
    assert zone.hear(Propose(6, "b"), OTHER) == [Fenced(6, 6)]
    zone.disk.crash()
    zone.open()
    assert zone.journal.promised == 6


def test_an_append_of_a_lower_epoch_is_never_written(zone: Zone) -> None:
    zone.hear(Propose(4, "a"))
    assert zone.hear(zone.append(0, [1])) == [Fenced(1, 4)]
    assert zone.journal.last_index == 0
    assert not zone.syncing


def test_what_was_written_before_a_promise_is_not_acknowledged_after_it(zone: Zone) -> None:
    zone.hear(zone.append(0, [1]))
    zone.hear(Propose(2, "a"), OTHER)
    assert zone.synced() == []


# --- appends and group commit ------------------------------------------------------------------------------------


def test_an_acknowledgement_follows_the_sync(zone: Zone) -> None:
    assert zone.hear(zone.append(0, [1, 1])) == []
    assert zone.synced() == [Appended(1, 2)]
    zone.disk.crash()
    zone.open()
    assert zone.epochs() == [1, 1]


def test_appends_during_a_sync_share_the_next_one(zone: Zone) -> None:
    zone.hear(zone.append(0, [1]))
    zone.hear(zone.append(1, [1]))
    zone.hear(zone.append(2, [1, 1]))
    assert zone.synced() == [Appended(1, 1)]
    assert zone.syncing
    assert zone.synced() == [Appended(1, 4)]
    assert not zone.syncing


def test_a_duplicate_is_skipped_and_acknowledged_again(zone: Zone) -> None:
    filled(zone, 3)
    assert zone.hear(zone.append(0, [1, 1, 1])) == [Appended(1, 3)]
    assert zone.hear(zone.append(1, [1])) == [Appended(1, 3)]
    assert not zone.syncing
    assert zone.journal.last_index == 3


def test_a_duplicate_of_what_is_not_synced_waits_for_the_sync(zone: Zone) -> None:
    zone.hear(zone.append(0, [1]))
    assert zone.hear(zone.append(0, [1])) == []
    assert zone.synced() == [Appended(1, 1)]


def test_an_overlapping_append_adds_what_is_new(zone: Zone) -> None:
    filled(zone, 2)
    zone.hear(zone.append(1, [1, 1]))
    assert zone.synced() == [Appended(1, 3)]


def test_a_gap_is_answered_with_where_to_go_on(zone: Zone) -> None:
    filled(zone, 3, durable=2)
    assert zone.hear(zone.append(5, [1])) == [Behind(1, 4, 1)]
    assert zone.hear(zone.append(5, [2], epoch=2)) == [Behind(2, 3, 1)]
    assert zone.journal.last_index == 3


def test_a_differing_predecessor_is_answered_with_where_to_go_on(zone: Zone) -> None:
    filled(zone, 3, durable=1)
    assert zone.hear(zone.append(3, [2], epoch=2, prev_epoch=2)) == [Behind(2, 2, 1)]


def test_an_acknowledgement_covers_what_agrees_with_the_leader_only(zone: Zone) -> None:
    filled(zone, 5)
    assert zone.hear(zone.append(2, [], epoch=2)) == [Appended(2, 2)]
    assert zone.hear(Propose(3, "a")) == [Promised(3, 1, 5, 0)]


def test_durable_is_known_up_to_what_agrees(zone: Zone) -> None:
    filled(zone, 5)
    zone.hear(zone.append(3, [], epoch=2, durable=9))
    assert zone.journal.durable == 3


def test_durable_is_known_after_a_restart(zone: Zone) -> None:
    filled(zone, 3)
    zone.hear(zone.append(3, [1], durable=3))
    zone.synced()
    zone.open()
    zone.synced()
    assert zone.journal.durable == 3


# --- conflicts ---------------------------------------------------------------------------------------------------


def test_a_conflicting_suffix_is_cut_and_then_replaced(zone: Zone) -> None:
    filled(zone, 5, durable=2)
    conflict = zone.append(2, [1, 2, 2], epoch=3)
    assert zone.hear(conflict) == []
    assert zone.journal.last_index == 3
    assert zone.hear(conflict) == [], "nothing is written before the cut is on disk"
    assert zone.synced() == [Behind(3, 4, 1)]
    zone.hear(conflict)
    assert zone.synced() == [Appended(3, 5)]
    assert zone.epochs() == [1, 1, 1, 2, 2]


def test_a_durable_entry_is_never_cut(zone: Zone) -> None:
    filled(zone, 5, durable=3)
    with pytest.raises(InternalError, match="entry 3 is durable"):
        zone.hear(zone.append(1, [1, 2], epoch=2))
    assert zone.journal.last_index == 5


def test_a_sync_from_before_a_cut_covers_nothing_that_was_cut(zone: Zone) -> None:
    zone.hear(zone.append(0, [1, 1, 1]))
    zone.hear(zone.append(1, [2, 2], epoch=2))
    assert zone.synced() == [Appended(2, 1)]
    assert zone.synced() == [Behind(2, 2, 1)]
    zone.hear(zone.append(1, [2, 2], epoch=2))
    assert zone.journal.synced == 1
    assert zone.synced() == [Appended(2, 3)]


def test_the_end_of_a_cut_is_news_for_the_leader_that_caused_it_only(zone: Zone) -> None:
    filled(zone, 3)
    zone.hear(zone.append(1, [2, 2], epoch=2))
    assert zone.hear(Propose(3, "a"), OTHER) == [Promised(3, 1, 1, 0)]
    assert zone.synced() == []
    zone.hear(zone.append(1, [2, 3], epoch=3))
    assert zone.synced() == [Appended(3, 3)]


@pytest.mark.parametrize("seed", range(40))
def test_a_crash_during_a_cut_leaves_old_or_nothing_but_never_a_mixture(seed: int) -> None:
    zone = Zone(seed)
    for index in range(20):
        zone.hear(zone.append(index, [1]))
        zone.synced()
    zone.hear(zone.append(3, [2], epoch=3))
    zone.disk.crash()
    zone.open()
    assert zone.epochs() == [1, 1, 1]
    zone.disk.crash()
    zone.open()
    zone.synced()
    zone.hear(zone.append(3, [2, 3], epoch=3))
    zone.disk.crash()
    zone.open()
    assert zone.epochs() in ([1, 1, 1], [1, 1, 1, 2], [1, 1, 1, 2, 3])


@pytest.mark.parametrize("seed", range(40))
def test_a_crash_takes_nothing_that_was_acknowledged(seed: int) -> None:
    zone = Zone(seed)
    acknowledged = 0
    for index in range(0, 30, 2):
        zone.hear(zone.append(index, [1, 1]))
        if index % 3 and zone.syncing:
            acknowledged = max([acknowledged, *(m.index for m in zone.synced() if isinstance(m, Appended))])
    assert acknowledged
    zone.disk.crash()
    zone.open()
    assert zone.journal.last_index >= acknowledged


# --- readers -----------------------------------------------------------------------------------------------------


def test_anybody_reads_what_is_durable(zone: Zone) -> None:
    filled(zone, 5, durable=3)
    assert zone.hear(Fetch(2, 9), OTHER) == [Fetched(2, (entry(2, 1), entry(3, 1)), 3)]
    assert zone.hear(Fetch(4, 9), OTHER) == [Fetched(4, (), 3)]


def test_the_leader_reads_what_is_synced(zone: Zone) -> None:
    filled(zone, 2)
    zone.hear(zone.append(2, [1]))
    assert zone.hear(Fetch(2, 9, 1)) == [Fetched(2, (entry(2, 1),), 2, 1)]


def test_a_reader_whose_epoch_is_over_is_fenced(zone: Zone) -> None:
    filled(zone, 2)
    zone.hear(Propose(4, "a"))
    assert zone.hear(Fetch(1, 2, 1)) == [Fenced(1, 4)]
    assert zone.hear(Fetch(1, 2, 5)) == []


def test_a_long_answer_is_cut_to_a_message(zone: Zone) -> None:
    filled(zone, 20, durable=20)
    (answer,) = zone.hear(Fetch(1, 20))
    assert isinstance(answer, Fetched)
    assert [e.index for e in answer.entries] == [1, 2, 3, 4, 5, 6]
    assert answer.last_index == 20


# --- failing disks -----------------------------------------------------------------------------------------------


def test_after_a_failed_sync_a_replica_says_nothing_any_more() -> None:
    zone = Zone()
    zone.hear(zone.append(0, [1]))
    assert zone.hear(SyncFailed(2, "dir/1.journal: Input/output error"), ZONE) == []
    assert zone.journal.failure == "dir/1.journal: Input/output error"
    assert not zone.journal.serving
    for message in (zone.append(0, [1]), Propose(9, "a"), Fetch(1, 1), Synced(2)):
        assert zone.hear(message) == []


def test_a_replica_that_cannot_write_leaves_the_quorum(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = Zone()

    def broken(name: str, size: int) -> None:
        raise OperatorError(f"dir/{name}: Input/output error")

    monkeypatch.setattr(zone.disk, "create", broken)
    assert list(zone.journal.receive(LEADER, zone.append(0, [1]))) == []
    assert zone.journal.failure is not None
    assert "Input/output error" in zone.journal.failure
    assert zone.hear(Propose(9, "a")) == []


def test_after_a_failed_sync_a_new_life_believes_only_what_is_on_the_disk() -> None:
    zone = filled(Zone(), 2)
    zone.hear(zone.append(2, [1, 1]))
    zone.hear(SyncFailed(3, "dir/1.journal: Input/output error"), ZONE)
    zone.disk.crash()
    zone.open()
    zone.synced()
    (promised,) = zone.hear(Propose(5, "l"))
    assert isinstance(promised, Promised)
    assert 2 <= promised.last_index == len(zone.epochs()) <= 4


def test_an_unknown_sync_is_a_bug(zone: Zone) -> None:
    with pytest.raises(InternalError):
        zone.hear(Synced(77), ZONE)


# --- full disks --------------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_of_and_the_replica_goes_on_when_there_is_space(zone: Zone) -> None:
    filled(zone, 4)
    zone.disk.capacity = zone.disk.used()
    zone.hear(zone.append(4, [1] * 4))
    assert zone.synced() == [Appended(1, 8, room=False)], "the second segment took the space set aside"
    assert zone.hear(zone.append(8, [1] * 6)) == [NoRoom(1)]
    assert zone.journal.last_index == 12
    assert zone.synced() == [Appended(1, 12, room=False)]
    assert zone.hear(zone.append(14, [])) == [Behind(1, 13, 1, room=False)]
    zone.disk.capacity = None
    assert zone.hear(HealthTick(), ZONE) == [Appended(1, 12)]
    zone.synced()
    zone.hear(zone.append(12, [1, 1]))
    assert zone.synced() == [Appended(1, 14)]
    assert zone.journal.failure is None


def test_a_full_disk_promises_still(zone: Zone) -> None:
    filled(zone, 1)
    zone.disk.capacity = 0
    assert zone.hear(Propose(5, "a"), OTHER) == [Promised(5, 1, 1, 0)]


def test_a_new_replica_on_a_full_disk_promises_nothing() -> None:
    zone = Zone()
    for name in zone.disk.names():
        zone.disk.remove(name)
    zone.disk.capacity = 0
    assert zone.hear(Propose(5, "a"), OTHER) == [NoRoom(5)]
    assert zone.journal.promised == 0


# --- damage ------------------------------------------------------------------------------------------------------


def spoil(zone: Zone, index: int) -> None:
    """Turn a bit in the middle of an entry's payload."""
    name = segment_names(zone.disk)[0]
    data = zone.disk.read(name, 0, zone.disk.size(name))
    zone.disk.corrupt(name, data.index(b"%d of 1." % index) + 50, 4)


def test_a_damaged_entry_is_not_lent_and_is_mended_by_the_leader(zone: Zone) -> None:
    filled(zone, 5, durable=5)
    spoil(zone, 3)
    assert zone.hear(Fetch(1, 5), OTHER) == [Behind(1, 3, 1, whole=False)]
    assert not zone.journal.whole
    assert zone.hear(Propose(7, "a"), OTHER) == [], "it cannot vouch for its log"
    zone.hear(zone.append(5, [1]))
    assert zone.synced() == [Appended(1, 6, whole=False)]
    assert zone.hear(zone.append(2, [1, 1])) == []
    assert zone.synced() == [Appended(1, 6)]
    assert zone.hear(Fetch(1, 2), OTHER) == [Fetched(1, (entry(1, 1), entry(2, 1)), 5)]
    assert zone.journal.status()["mended"] == 1
    zone.open()
    assert zone.journal.whole


def test_damage_is_found_without_being_read(zone: Zone) -> None:
    filled(zone, 5)
    spoil(zone, 2)
    assert zone.hear(HealthTick(), ZONE) == [Behind(1, 2, 1, whole=False)]


@pytest.mark.parametrize("offset", [9, 40])
def test_a_damaged_header_is_written_again(zone: Zone, offset: int) -> None:
    filled(zone, 3)
    zone.disk.corrupt(segment_names(zone.disk)[0], offset, 4)
    assert zone.hear(HealthTick(), ZONE) == []
    zone.synced()
    zone.open()
    assert zone.journal.whole


def test_a_damaged_promise_is_written_again(zone: Zone) -> None:
    filled(zone, 1)
    zone.disk.corrupt("promise.2", 30, 4)
    zone.hear(HealthTick(), ZONE)
    assert damaged_copies(zone.disk) == ["promise.2"]
    zone.hear(HealthTick(), ZONE)
    assert damaged_copies(zone.disk) == []


def damaged_and_reopened(zone: Zone) -> Zone:
    """Entries 1 to 5 were acknowledged to the leader of epoch 1; entry 3 is damaged."""
    filled(zone, 5, durable=2)
    spoil(zone, 3)
    zone.open()
    zone.synced()
    return zone


def test_a_log_damaged_at_opening_is_left_alone_until_a_leader_speaks(zone: Zone) -> None:
    damaged_and_reopened(zone)
    name = segment_names(zone.disk)[0]
    before = zone.disk.read(name, 0, 9_999)
    assert "where entry 3 was; the entries up to 5" in zone.journal.notes[0]
    assert zone.hear(Propose(7, "a"), OTHER) == []
    zone.hear(HealthTick(), ZONE)
    assert zone.disk.read(name, 0, 9_999) == before


def test_what_was_lost_counts_when_all_of_it_is_there_again(zone: Zone) -> None:
    damaged_and_reopened(zone)
    assert zone.hear(zone.append(5, [])) == []
    assert zone.synced() == [Behind(1, 3, 1, whole=False), Doubt(1, 2)]
    zone.hear(Whole(1, 2, 5))
    zone.hear(zone.append(2, [1, 1]))
    assert zone.synced() == [Appended(1, 4, whole=False)]
    assert zone.hear(Propose(7, "a"), OTHER) == []
    zone.hear(zone.append(4, [1]))
    assert zone.synced() == [Appended(1, 5)]
    assert zone.hear(Propose(7, "a"), OTHER) == [Promised(7, 1, 5, 2)]


def test_doubt_outlives_a_restart_and_is_asked_about_again(zone: Zone) -> None:
    damaged_and_reopened(zone)
    zone.hear(zone.append(5, []))
    zone.synced()
    zone.open()
    zone.synced()
    assert not zone.journal.whole
    assert zone.journal.notes == []
    assert zone.hear(zone.append(2, [])) == [Appended(1, 2, whole=False), Doubt(1, 2)]
    assert zone.hear(Whole(1, 1, 0)) == [], "the answer to another doubt"
    assert zone.hear(Whole(2, 2, 0)) == [], "the answer of another leader"
    assert not zone.journal.whole
