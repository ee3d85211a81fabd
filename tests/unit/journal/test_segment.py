"""The log in its segment files: growing, reading, cutting, opening after every kind of end."""

from __future__ import annotations

import re
from random import Random

import pytest

from daybreak.errors import CorruptionError, DiskFullError, InternalError, OperatorError
from daybreak.journal import frame
from daybreak.journal.frame import FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES, pack_frame
from daybreak.journal.messages import Entry
from daybreak.journal.scan import segment_names
from daybreak.journal.segment import Log
from daybreak.journal.tail import Position
from daybreak.runtime.sim.disk import SimDisk

SEGMENT = 512
FIRST, SECOND = "00000000000000000001.journal", "00000000000000000005.journal"
FRAME = FRAME_HEADER_BYTES + 60
"""Of the entries here; four fit a segment."""


def entry(index: int, epoch: int = 1) -> Entry:
    return Entry(index, epoch, f"{index}/{epoch}".encode().ljust(60, b"."))


def entries(low: int, high: int, epoch: int = 1) -> tuple[Entry, ...]:
    return tuple(entry(index, epoch) for index in range(low, high + 1))


@pytest.fixture
def disk() -> SimDisk:
    return SimDisk(Random(5), "dir")


def open_log(disk: SimDisk, cut: int = 0, base: Position | None = None) -> Log:
    return Log(disk, segment_bytes=SEGMENT, cut=cut, base=base or Position(0, 0))


def written(disk: SimDisk, *, synced: int = 0, unsynced: int = 0) -> Log:
    """A log with `synced` entries, then `unsynced` ones that know of it."""
    log = open_log(disk)
    for index in range(1, synced + 1):
        log.append([entry(index)], durable=0, synced=index - 1)
    log.append(entries(synced + 1, synced + unsynced), durable=0, synced=synced)
    return log


def damage(disk: SimDisk, cut: int = 0) -> str:
    """What a log that is opened says of its damage."""
    return str(open_log(disk, cut).damage)


def held(log: Log) -> tuple[Entry, ...]:
    return log.read(log.base.index + 1, log.last_index, 1 << 30)


def test_a_new_log_is_empty(disk: SimDisk) -> None:
    log = open_log(disk)
    assert (log.last_index, log.epoch_at(0), log.durable, log.notes) == (0, 0, 0, [])
    assert log.read(1, 10, 100) == ()
    assert disk.names() == []


def test_entries_fill_preallocated_segments_named_after_their_first_index(disk: SimDisk) -> None:
    log = written(disk, synced=6)
    assert segment_names(disk) == [FIRST, SECOND]
    assert disk.size(FIRST) == SEGMENT
    assert held(log) == entries(1, 6)


def test_a_log_reopened_is_the_same_and_grows_on(disk: SimDisk) -> None:
    written(disk, synced=6)
    log = open_log(disk)
    assert held(log) == entries(1, 6)
    log.append(entries(7, 9, epoch=2), durable=6, synced=6)
    log = open_log(disk)
    assert held(log) == entries(1, 6) + entries(7, 9, epoch=2)
    assert [log.epoch_at(index) for index in (6, 7)] == [1, 2]
    assert (log.durable, log.notes) == (6, [])


def test_an_entry_larger_than_a_segment_gets_one_of_its_own(disk: SimDisk) -> None:
    log = written(disk, synced=1)
    large = Entry(2, 1, b"x" * 2_000)
    log.append([large, entry(3)], durable=0, synced=0)
    assert disk.size("00000000000000000002.journal") == SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + 2_000
    assert held(open_log(disk)) == (entry(1), large, entry(3))


def test_reading_stops_at_the_limit_but_gives_one_entry_at_least(disk: SimDisk) -> None:
    log = written(disk, synced=9)
    assert log.read(3, 9, 1) == entries(3, 3)
    assert log.read(3, 9, 2 * 60) == entries(3, 4)
    assert log.read(3, 9, 5 * 60 - 1) == entries(3, 6)
    assert log.read(3, 5, 1 << 20) == entries(3, 5)
    assert log.read(8, 99, 1 << 20) == entries(8, 9)


def test_only_the_next_entry_can_be_appended(disk: SimDisk) -> None:
    log = written(disk, synced=2)
    for index in (2, 4):
        with pytest.raises(InternalError):
            log.append([entry(index)], durable=0, synced=0)


def test_a_payload_over_the_limit_is_refused(disk: SimDisk) -> None:
    with pytest.raises(InternalError):
        open_log(disk).append([Entry(1, 1, bytes(16 * 1024 * 1024 + 1))], durable=0, synced=0)


@pytest.mark.parametrize("index", range(1, 10))
def test_a_cut_leaves_no_trace_of_what_it_removed(disk: SimDisk, index: int) -> None:
    log = written(disk, synced=9)
    log.cut(index)
    assert log.last_index == index - 1
    assert held(open_log(disk)) == entries(1, index - 1)
    for name in segment_names(disk):
        assert b"%d/1" % index not in disk.read(name, 0, 9_999)
    log.append([entry(index, 2)], durable=0, synced=0)
    assert held(log) == held(open_log(disk)) == (*entries(1, index - 1), entry(index, 2))


def test_a_torn_tail_is_dropped_and_noted(disk: SimDisk) -> None:
    written(disk, synced=5, unsynced=1)
    disk.corrupt(SECOND, SEGMENT_HEADER_BYTES + FRAME + 20)
    log = open_log(disk)
    assert held(log) == entries(1, 5)
    where = f"dir/{SECOND}: dropped a torn, never acknowledged tail at offset {SEGMENT_HEADER_BYTES + FRAME}"
    assert log.notes == [where]
    assert open_log(disk).notes == []
    assert disk.size(SECOND) == SEGMENT


def test_a_hole_in_what_was_not_synced_is_a_torn_tail(disk: SimDisk) -> None:
    """A crash may keep later writes and lose earlier ones."""
    written(disk, synced=2, unsynced=5)
    disk.corrupt(FIRST, SEGMENT_HEADER_BYTES + 2 * FRAME)
    log = open_log(disk)
    assert held(log) == entries(1, 2)
    assert segment_names(disk) == [FIRST]
    log.append(entries(3, 3), durable=0, synced=2)
    assert held(open_log(disk)) == entries(1, 3)


@pytest.mark.parametrize("place", [0, 8, 50, FRAME - 1])
def test_damage_to_a_synced_entry_is_corruption(disk: SimDisk, place: int) -> None:
    written(disk, synced=3, unsynced=1)
    offset = SEGMENT_HEADER_BYTES + FRAME
    disk.corrupt(FIRST, offset + place)
    assert re.match(f"^dir/{FIRST}: corrupt at offset {offset}: .* entry 2 ", damage(disk))
    assert held(open_log(disk)) == entries(1, 1)


def test_corruption_changes_no_file(disk: SimDisk) -> None:
    written(disk, synced=9)
    disk.corrupt(FIRST, SEGMENT_HEADER_BYTES + FRAME)
    before = {name: disk.read(name, 0, 9_999) for name in disk.names()}
    assert open_log(disk).damage is not None
    assert {name: disk.read(name, 0, 9_999) for name in disk.names()} == before


def test_proof_of_corruption_may_lie_in_a_later_segment(disk: SimDisk) -> None:
    written(disk, synced=5)
    disk.corrupt(FIRST, SEGMENT_HEADER_BYTES + 3 * FRAME)
    assert f"dir/{FIRST}: corrupt at offset {SEGMENT_HEADER_BYTES + 3 * FRAME}" in damage(disk)


def test_a_damaged_segment_header_is_corruption(disk: SimDisk) -> None:
    written(disk, synced=6)
    for offset in (9, 20):
        disk.corrupt(SECOND, offset)
        assert f"dir/{SECOND}: corrupt at offset 0: no segment header" in damage(disk)
        disk.corrupt(SECOND, offset)
    assert open_log(disk).damage is None


def test_what_does_not_follow_is_not_an_entry(disk: SimDisk) -> None:
    """A frame in its place, but of a lower epoch than the one before it, or of another index."""
    log = open_log(disk)
    log.append([entry(1, 2), entry(2, 1)], durable=0, synced=0)
    assert held(open_log(disk)) == (entry(1, 2),)
    offset = SEGMENT_HEADER_BYTES + FRAME
    disk.write(FIRST, offset, pack_frame(entry(3, 2), durable=0, synced=0, first=1, offset=offset))
    assert held(open_log(disk)) == (entry(1, 2),)


def test_durable_is_not_beyond_what_is_left(disk: SimDisk) -> None:
    open_log(disk).append(entries(1, 3), durable=3, synced=0)
    assert open_log(disk).durable == 3
    disk.corrupt(FIRST, SEGMENT_HEADER_BYTES + 2 * FRAME)
    assert open_log(disk).durable == 2


@pytest.mark.parametrize("name", [FIRST, SECOND])
def test_a_missing_segment_is_corruption(disk: SimDisk, name: str) -> None:
    written(disk, synced=10)
    disk.remove(name)
    assert re.match(f"dir/{FIRST}: corrupt at offset .*: entries are missing", damage(disk))


def test_segments_of_which_nothing_was_synced_may_be_missing(disk: SimDisk) -> None:
    written(disk, synced=3, unsynced=7)
    disk.remove(SECOND)
    assert held(open_log(disk)) == entries(1, 4)
    assert segment_names(disk) == [FIRST]


def test_a_segment_without_its_header_is_begun_again(disk: SimDisk) -> None:
    written(disk, synced=4)
    disk.create(SECOND, SEGMENT)
    log = open_log(disk)
    assert (log.last_index, segment_names(disk)) == (4, [FIRST])
    log.append([entry(5)], durable=0, synced=4)
    assert held(open_log(disk)) == entries(1, 5)


def test_an_empty_segment_too_small_for_the_next_entry_grows(disk: SimDisk) -> None:
    written(disk, synced=5).cut(5)
    written_again = written(disk)
    written_again.append([entry(5)], durable=0, synced=4)
    disk.write(SECOND, SEGMENT_HEADER_BYTES, bytes(FRAME))
    log = open_log(disk)
    assert log.last_index == 4
    large = Entry(5, 1, b"x" * 2_000)
    log.append([large], durable=0, synced=4)
    assert held(open_log(disk)) == (*entries(1, 4), large)


def test_a_newer_format_is_refused_and_left_alone(disk: SimDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    written(disk, synced=1)
    with monkeypatch.context() as other:
        other.setattr(frame, "VERSION", frame.VERSION + 1)
        disk.write(FIRST, 0, frame.pack_header(1))
    with pytest.raises(OperatorError, match=f"dir/{FIRST}: written by a newer version"):
        open_log(disk)


def test_an_interrupted_cut_is_finished_at_opening(disk: SimDisk) -> None:
    written(disk, synced=10)
    disk.remove(SECOND)
    log = open_log(disk, cut=4)
    assert held(log) == entries(1, 3)
    assert (segment_names(disk), log.notes) == ([FIRST], [])
    assert held(open_log(disk)) == entries(1, 3)


def test_an_interrupted_cut_excuses_no_damage_before_it(disk: SimDisk) -> None:
    written(disk, synced=10)
    disk.corrupt(FIRST, SEGMENT_HEADER_BYTES + FRAME)
    assert "where entry 2 " in damage(disk, cut=4)


def test_to_verify_finds_what_a_read_would(disk: SimDisk) -> None:
    log = open_log(disk)
    log.append(entries(1, 6), durable=0, synced=0)
    assert log.verify(1, 6, 1 << 20) == log.verify(2, 99, 1 << 20) == 6
    assert log.verify(1, 6, 150) == log.read(1, 6, 150)[-1].index == 2
    for number, name, place in ((2, FIRST, 1), (4, FIRST, 3), (5, SECOND, 0)):
        for offset in range(SEGMENT_HEADER_BYTES + place * FRAME, SEGMENT_HEADER_BYTES + (place + 1) * FRAME):
            disk.corrupt(name, offset)
            for look in (log.read, log.verify):
                with pytest.raises(CorruptionError) as found:
                    look(1, 6, 1 << 20)
                assert found.value.entry == number
            disk.corrupt(name, offset)
    assert log.verify(1, 6, 1 << 20) == 6


def test_a_read_of_what_was_damaged_since_opening_is_corruption(disk: SimDisk) -> None:
    log = written(disk, synced=3)
    disk.corrupt(FIRST, SEGMENT_HEADER_BYTES + FRAME + 50)
    assert log.read(3, 3, 1 << 20) == entries(3, 3)
    with pytest.raises(CorruptionError, match=f"dir/{FIRST}: corrupt at offset {SEGMENT_HEADER_BYTES + FRAME}"):
        log.read(1, 3, 1 << 20)


def test_other_files_are_none_of_its_business(disk: SimDisk) -> None:
    disk.replace("promise", b"x")
    disk.replace("1.journal.bak", b"x")
    written(disk, synced=1)
    assert segment_names(disk) == [FIRST]


# --- trimming ------------------------------------------------------------------------------------------------------

NINTH = "00000000000000000009.journal"


@pytest.mark.parametrize(("upto", "base"), [(0, 0), (3, 0), (4, 4), (7, 4), (8, 8), (9, 8), (99, 8)])
def test_only_whole_segments_are_trimmed_and_never_the_last(disk: SimDisk, upto: int, base: int) -> None:
    log = written(disk, synced=10)
    assert log.trimmed(upto) == Position(base, 1 if base else 0)


def test_a_trimmed_log_begins_after_its_base_and_grows_on(disk: SimDisk) -> None:
    log = written(disk, synced=10)
    log.trim(log.trimmed(8))
    assert segment_names(disk) == [NINTH]
    assert (log.base, log.last_index, log.epoch_at(8)) == (Position(8, 1), 10, 1)
    log.append([entry(11, 2)], durable=0, synced=0)
    assert held(log) == (*entries(9, 10), entry(11, 2))
    again = open_log(disk, base=Position(8, 1))
    assert (held(again), again.epoch_at(8), again.epoch_at(11)) == (held(log), 1, 2)
    again.cut(10)
    assert held(again) == entries(9, 9)


def test_segments_that_a_crash_left_below_the_base_are_removed(disk: SimDisk) -> None:
    written(disk, synced=10)
    log = open_log(disk, base=Position(4, 1))
    assert segment_names(disk) == [SECOND, NINTH]
    assert held(log) == entries(5, 10)
    assert log.trimmed(8) == Position(8, 1)


def test_without_its_base_a_trimmed_log_is_no_log(disk: SimDisk) -> None:
    log = written(disk, synced=10)
    log.trim(log.trimmed(4))
    assert "entries are missing, where entry 1 was; the entries up to" in str(open_log(disk).damage)


def test_a_log_that_begins_anew_has_nothing_before_its_base(disk: SimDisk) -> None:
    log = written(disk, synced=10)
    log.restart(Position(20, 3))
    assert (segment_names(disk), log.last_index, log.epoch_at(20)) == ([], 20, 3)
    log.append(entries(21, 25, epoch=4), durable=20, synced=20)
    again = open_log(disk, base=Position(20, 3))
    assert (held(again), again.durable) == (entries(21, 25, epoch=4), 20)


def test_what_a_crash_left_of_an_older_log_above_the_new_base_is_not_read(disk: SimDisk) -> None:
    """The cut under way says that what begins after the base is on its way out."""
    for base in (2, 4, 6):
        old = SimDisk(Random(1), "dir")
        written(old, synced=10)
        log = open_log(old, cut=base + 1, base=Position(base, 3))
        assert (log.last_index, held(log)) == (base, ())
        log.append(entries(base + 1, base + 2, epoch=4), durable=base, synced=base)
        assert held(open_log(old, base=Position(base, 3))) == entries(base + 1, base + 2, epoch=4)


# --- vouchers, repair, and space ---------------------------------------------------------------------------------


def test_a_voucher_tells_a_lost_entry_from_a_torn_one(disk: SimDisk) -> None:
    log = written(disk, synced=2, unsynced=1)
    assert log.vouch(3)
    assert not log.vouch(3)
    disk.corrupt(FIRST, SEGMENT_HEADER_BYTES + 2 * FRAME)
    assert "where entry 3 was; the entries up to 3 had been written" in damage(disk)
    disk.corrupt(FIRST, SEGMENT_HEADER_BYTES + 2 * FRAME)
    disk.write(FIRST, SEGMENT_HEADER_BYTES + 2 * FRAME, bytes(FRAME))
    assert "no entry, where entry 3 was" in damage(disk), "zeros are no excuse"


def test_a_damaged_voucher_is_damage(disk: SimDisk) -> None:
    written(disk, synced=2).vouch(2)
    disk.corrupt(FIRST, 45, 4)
    assert f"dir/{FIRST}: corrupt at offset 32: not a voucher" in damage(disk)


def test_a_cut_takes_vouchers_back(disk: SimDisk) -> None:
    log = written(disk, synced=4)
    log.vouch(4)
    log.cut(3)
    assert open_log(disk).damage is None
    log.cut(1)
    log.append([entry(1)], durable=0, synced=0)
    assert open_log(disk).damage is None


def test_a_cut_at_the_damage_lets_a_log_go_on(disk: SimDisk) -> None:
    written(disk, synced=9)
    disk.corrupt(FIRST, SEGMENT_HEADER_BYTES + 2 * FRAME)
    log = open_log(disk)
    log.cut(log.last_index + 1)
    assert (log.damage, segment_names(disk)) == (None, [FIRST])
    log.append(entries(3, 5, 2), durable=0, synced=0)
    assert held(open_log(disk)) == (*entries(1, 2), *entries(3, 5, 2))


def test_an_entry_is_rewritten_in_place(disk: SimDisk) -> None:
    log = written(disk, synced=9)
    for offset in (SEGMENT_HEADER_BYTES + 2 * FRAME + 50, 20, 40):
        disk.corrupt(FIRST, offset)
    assert log.mend_header(3)
    assert not log.mend_header(3)
    log.rewrite(entry(3), durable=0, synced=2)
    assert held(open_log(disk)) == entries(1, 9)
    with pytest.raises(InternalError, match="entry 3 is not the one that was here"):
        log.rewrite(entry(3, 2), durable=0, synced=2)


def test_the_space_of_a_segment_is_set_aside(disk: SimDisk) -> None:
    log = open_log(disk)
    disk.capacity = 2 * SEGMENT
    assert log.secure()
    log.append(entries(1, 4), durable=0, synced=0)
    assert log.room
    log.append([entry(5)], durable=0, synced=0)
    assert not log.room, "the second segment took it"
    assert not open_log(disk).room
    disk.capacity = 3 * SEGMENT
    assert log.secure()
    assert open_log(disk).room


@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_full_disk_takes_what_it_can_and_the_rest_later(disk: SimDisk, count: int) -> None:
    disk.capacity = 2 * SEGMENT
    log = written(disk, synced=8)
    with pytest.raises(DiskFullError, match="No space left"):
        log.append(entries(9, 8 + count), durable=0, synced=8)
    assert held(log) == held(open_log(disk)) == entries(1, 8)
    disk.capacity = None
    log.append(entries(9, 8 + count), durable=0, synced=8)
    assert held(log) == held(open_log(disk)) == entries(1, 8 + count)


def test_a_full_disk_cuts_an_append_where_the_segment_ends(disk: SimDisk) -> None:
    disk.capacity = SEGMENT
    log = written(disk, synced=2)
    with pytest.raises(DiskFullError):
        log.append(entries(3, 7), durable=0, synced=2)
    assert held(log) == held(open_log(disk)) == entries(1, 4)
    log.cut(4)
    log.append([entry(4, 2)], durable=0, synced=3)
    disk.capacity = None
    log.append(entries(5, 7, 2), durable=0, synced=3)
    assert held(open_log(disk)) == (*entries(1, 3), *entries(4, 7, 2))


def test_a_torn_tail_on_a_full_disk_still_ends_the_log(disk: SimDisk) -> None:
    written(disk, synced=2, unsynced=1)
    disk.corrupt(FIRST, SEGMENT_HEADER_BYTES + 2 * FRAME)
    disk.capacity = 1
    log = open_log(disk)
    assert held(log) == entries(1, 2)
    with pytest.raises(DiskFullError):
        log.append([entry(3)], durable=0, synced=2)
    disk.capacity = None
    log.append([entry(3)], durable=0, synced=2)
    assert held(open_log(disk)) == entries(1, 3)
