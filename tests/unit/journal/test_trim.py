"""A replica whose log is trimmed at the front, or begins anew behind what is gone everywhere."""

from __future__ import annotations

import pytest

from daybreak.journal.messages import (
    Append,
    Appended,
    BeginAfter,
    Behind,
    Entry,
    Fetch,
    Fetched,
    Propose,
    Trim,
    Trimmed,
)
from tests.unit.journal.test_replica import OTHER, Zone, entry


def long(zone: Zone, last: int, *, durable: int) -> Zone:
    """A zone with entries in segments of a few each, of which it knows how many are durable."""
    for index in range(1, last + 1):
        payload = entry(index, 1).payload.ljust(200, b".")
        zone.hear(Append(1, index - 1, 1 if index > 1 else 0, (Entry(index, 1, payload),), min(index - 1, durable)))
        zone.synced()
    zone.hear(Append(1, last, 1, (), durable))
    return zone


def test_whole_segments_are_trimmed_up_to_what_is_allowed() -> None:
    zone = long(Zone(), 20, durable=20)
    before = zone.disk.names()
    assert zone.hear(Trim(9), OTHER) == []
    assert 0 < zone.journal.base <= 9
    assert len(zone.disk.names()) < len(before)
    zone.hear(Trim(3), OTHER)
    base = zone.journal.base
    zone.hear(Trim(9), OTHER)
    assert zone.journal.base == base, "an older or repeated permission changes nothing"


def test_the_last_durable_entry_is_never_trimmed() -> None:
    for durable in range(20):
        zone = long(Zone(), 20, durable=durable)
        zone.hear(Trim(100), OTHER)
        assert zone.journal.base < max(durable, 1)
        zone.hear(Propose(2, "l2"))
        (fetched,) = zone.hear(Fetch(max(durable, 1), 20, 2))
        assert isinstance(fetched, Fetched) and fetched.entries[0].index == max(durable, 1)


def test_a_trimmed_replica_opens_as_it_was_after_any_crash() -> None:
    for seed in range(30):
        zone = long(Zone(seed), 20, durable=15)
        zone.hear(Trim(12), OTHER)
        base = zone.journal.base
        zone.disk.crash()
        zone.open()
        zone.synced()
        assert (zone.journal.base, zone.journal.last_index) == (base, 20)
        assert [e.index for e in zone.journal.entries(base + 1, 20)] == list(range(base + 1, 21))


@pytest.mark.parametrize("epoch", [0, 1])
def test_who_asks_for_what_is_gone_is_told_where_the_log_begins(epoch: int) -> None:
    zone = long(Zone(), 20, durable=20)
    zone.hear(Trim(9), OTHER)
    base = zone.journal.base
    assert zone.hear(Fetch(base, 20, epoch), OTHER) == [Trimmed(base, base, 1, epoch)]
    (fetched,) = zone.hear(Fetch(base + 1, base + 1, epoch), OTHER)
    assert isinstance(fetched, Fetched) and len(fetched.entries) == 1


def test_a_late_append_from_before_the_base_is_answered_with_where_to_go_on() -> None:
    zone = long(Zone(), 20, durable=18)
    zone.hear(Trim(9), OTHER)
    assert zone.hear(Append(1, 1, 1, (entry(2, 1),), 1)) == [Behind(1, 21, 1)]


def test_an_empty_replica_begins_after_what_is_gone() -> None:
    zone = Zone()
    zone.hear(Append(3, 9, 2, (), 9))
    assert zone.hear(BeginAfter(3, 9, 2)) == []
    assert zone.synced() == [Behind(3, 10, 2)]
    assert zone.hear(Append(3, 9, 2, (entry(10, 3),), 9)) == []
    assert zone.synced() == [Appended(3, 10)]
    zone.disk.crash()
    zone.open()
    zone.synced()
    assert (zone.journal.base, zone.journal.last_index, zone.journal.durable) == (9, 10, 9)


def test_a_replica_that_has_the_entry_keeps_what_follows_it() -> None:
    zone = long(Zone(), 20, durable=0)
    zone.hear(Append(3, 20, 1, (), 0))
    assert zone.hear(BeginAfter(3, 9, 1)) == [Behind(3, 21, 1)]
    assert (zone.journal.base, zone.journal.last_index) == (0, 20)


def test_a_replica_whose_entry_differs_drops_everything_whatever_a_crash_leaves() -> None:
    for seed in range(40):
        zone = long(Zone(seed), 20, durable=0)
        zone.hear(Propose(3, "l1"))
        zone.hear(BeginAfter(3, 9, 2))
        zone.disk.crash()
        zone.open()
        zone.synced()
        assert (zone.journal.base, zone.journal.last_index) == (9, 9)
        zone.hear(Append(3, 9, 2, (entry(10, 3),), 9))
        if zone.syncing:
            zone.synced()


def test_nobody_but_the_leader_says_where_to_begin() -> None:
    zone = long(Zone(), 20, durable=0)
    zone.hear(Propose(3, "l1"))
    assert zone.hear(BeginAfter(2, 9, 2)) == []
    assert zone.journal.base == 0
