"""A replica whose log is trimmed at the front, or begins anew behind what is gone everywhere."""

from __future__ import annotations

import pytest

from daybreak.journal.frame import FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES
from daybreak.journal.messages import (
    Append,
    Appended,
    BeginAfter,
    Behind,
    Doubt,
    Entry,
    Fetch,
    Fetched,
    HealthTick,
    Promised,
    Propose,
    Trim,
    Trimmed,
    Whole,
)
from daybreak.journal.scan import segment_name, segment_names
from tests.support.journal_zone import OTHER, ZONE, Zone, entry


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


# --- damage ------------------------------------------------------------------------------------------------------


def spoil(zone: Zone, index: int) -> None:
    """Turn a bit of an entry's payload."""
    first = max(int(name[:20]) for name in segment_names(zone.disk) if int(name[:20]) <= index)
    frame = FRAME_HEADER_BYTES + 200
    zone.disk.corrupt(segment_name(first), SEGMENT_HEADER_BYTES + (index - first) * frame + FRAME_HEADER_BYTES + 90, 4)


def found(zone: Zone, index: int) -> Zone:
    """Entry `index` is damaged, and somebody has noticed."""
    spoil(zone, index)
    (behind,) = zone.hear(Fetch(index, index), OTHER)
    assert behind == Behind(1, index, 1, whole=False)
    return zone


def test_damage_to_what_is_trimmed_is_no_damage_any_more() -> None:
    zone = found(long(Zone(), 20, durable=20), 2)
    zone.hear(Trim(9), OTHER)
    assert zone.journal.base >= 2
    assert zone.journal.whole
    zone.hear(Append(1, 20, 1, (entry(21, 1),), 20))
    assert zone.synced() == [Appended(1, 21)]


def test_what_the_others_have_trimmed_goes_where_it_is_damaged() -> None:
    zone = found(long(Zone(), 20, durable=20), 2)
    assert zone.hear(BeginAfter(1, 9, 1)) == [Behind(1, 21, 1)]
    assert 2 <= zone.journal.base <= 9
    assert zone.journal.whole and zone.journal.last_index == 20


@pytest.mark.parametrize("answer", [20, 25])
def test_damage_in_a_segment_that_goes_beyond_the_others_base_takes_the_log_and_is_a_new_doubt(answer: int) -> None:
    """Otherwise it would ask for ever for an entry that nobody has."""
    zone = long(Zone(), 20, durable=20)
    zone.hear(Trim(9), OTHER)
    base = zone.journal.base
    found(zone, base + 1)
    zone.hear(BeginAfter(1, base + 1, 1))
    behind, doubt = zone.synced()
    assert behind == Behind(1, base + 2, 1, whole=False)
    assert isinstance(doubt, Doubt)
    assert zone.hear(Propose(7, "a"), OTHER) == [], "it has acknowledged entries up to 20"
    zone.hear(Whole(1, doubt.incident, answer))
    zone.hear(Append(1, base + 1, 1, tuple(entry(index, 1) for index in range(base + 2, 20)), 20))
    assert zone.synced() == [Appended(1, 19, whole=False)]
    zone.hear(Append(1, 19, 1, tuple(entry(index, 1) for index in range(20, answer + 1)), 20))
    assert zone.synced() == [Appended(1, answer)]
    assert zone.hear(Propose(7, "a"), OTHER) == [Promised(7, 1, answer, 20)]


def test_who_begins_after_all_that_it_can_have_acknowledged_is_whole() -> None:
    zone = long(Zone(), 20, durable=10)
    spoil(zone, 15)
    zone.open()
    zone.synced()
    assert zone.hear(BeginAfter(1, 30, 1)) == [], "what is damaged goes first, with a note of the loss"
    _, doubt = zone.synced()
    assert isinstance(doubt, Doubt)
    zone.hear(Whole(1, doubt.incident, 28))
    zone.hear(BeginAfter(1, 30, 1))
    assert not zone.journal.whole
    assert zone.synced() == [Behind(1, 31, 1)]
    assert zone.journal.whole


def test_a_damaged_log_is_trimmed_like_any_other() -> None:
    zone = long(Zone(), 20, durable=20)
    spoil(zone, 15)
    zone.open()
    zone.synced()
    zone.hear(Trim(9), OTHER)
    base = zone.journal.base
    assert base > 0
    zone.disk.crash()
    zone.open()
    zone.synced()
    assert (zone.journal.base, zone.journal.last_index, zone.journal.whole) == (base, 14, False)


def test_the_scrub_looks_at_what_is_left() -> None:
    zone = long(Zone(), 20, durable=20)
    zone.hear(Trim(9), OTHER)
    spoil(zone, zone.journal.base + 1)
    (behind,) = zone.hear(HealthTick(), ZONE)
    assert behind == Behind(1, zone.journal.base + 1, 1, whole=False)
