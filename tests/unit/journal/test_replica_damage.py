"""A replica whose disk is full, or does not hold what was written to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daybreak.journal.messages import (
    Appended,
    Behind,
    Doubt,
    Fetch,
    Fetched,
    HealthTick,
    NoRoom,
    Promised,
    Propose,
    Whole,
)
from daybreak.journal.promise import damaged_copies
from daybreak.journal.scan import segment_names
from tests.support.journal_zone import OTHER, ZONE, Zone, entry, filled


@pytest.fixture
def zone() -> Iterator[Zone]:
    zone = Zone()
    yield zone
    assert zone.journal.failure is None


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


def test_damage_is_found_although_entries_keep_coming(zone: Zone) -> None:
    filled(zone, 5)
    for last in range(5, 9):
        zone.hear(HealthTick(), ZONE)
        zone.hear(zone.append(last, [1]))
        zone.synced()
        if last == 6:
            spoil(zone, 2)
    assert not zone.journal.whole
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
