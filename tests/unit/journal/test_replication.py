"""An elected leader and its replicas: streaming, feeding, relaying, probing, counting."""

from __future__ import annotations

import pytest

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError
from daybreak.journal.messages import (
    Append,
    Appended,
    BeginAfter,
    Behind,
    Doubt,
    Entry,
    Fetch,
    Fetched,
    NoRoom,
    Trimmed,
    Whole,
)
from daybreak.journal.replication import SILENT_RETRIES, Limits, Replication
from daybreak.journal.tail import Position
from daybreak.journal.takeover import Adopted
from daybreak.runtime.protocols import Effects, Send

Z1, Z2, Z3 = ZONES = tuple(NodeId(f"z{n}") for n in (1, 2, 3))
EPOCH = 5


def old(low: int, high: int, epoch: int = 3) -> tuple[Entry, ...]:
    return tuple(Entry(index, epoch, b"old") for index in range(low, high + 1))


def begun(tail: int = 0, limits: Limits | None = None) -> Replication:
    """A leader of epoch 5 whose adopted log is durable up to 10, has `tail` entries more, and then the seal."""
    adopted = Adopted(Position(10, 3), Entry(10, 3, b"old"), list(old(11, 10 + tail)))
    replication = Replication(EPOCH, ZONES, adopted, limits or Limits())
    replication.begin(b"seal")
    return replication


def sealed(limits: Limits | None = None) -> Replication:
    """As `begun`, with the seal, 11, on every zone and taken."""
    replication = begun(limits=limits)
    for zone in ZONES:
        replication.on_appended(zone, Appended(EPOCH, 11))
    replication.take_durable()
    return replication


def grow(replication: Replication, count: int) -> None:
    """`count` entries, each flushed, acknowledged by z1 and z2, and taken."""
    for _ in range(count):
        index = replication.append(b"x")
        replication.flush()
        replication.on_appended(Z1, Appended(EPOCH, index))
        replication.on_appended(Z2, Appended(EPOCH, index))
        replication.take_durable()


def own(low: int, high: int) -> tuple[Entry, ...]:
    return tuple(Entry(index, EPOCH, b"x") for index in range(low, high + 1))


def sends(effects: Effects) -> list[Send]:
    assert all(isinstance(effect, Send) for effect in effects)
    return [effect for effect in effects if isinstance(effect, Send)]


def receivers(effects: Effects) -> set[NodeId]:
    return {send.to for send in sends(effects)}


def append(prev: int, entries: tuple[Entry, ...], durable: int, prev_epoch: int = EPOCH) -> Append:
    return Append(EPOCH, prev, prev_epoch, entries, durable)


# --- counting ----------------------------------------------------------------------------------------------------


def test_the_adopted_tail_and_the_seal_go_to_every_zone() -> None:
    adopted = Adopted(Position(10, 3), Entry(10, 3, b"old"), list(old(11, 12)))
    replication = Replication(EPOCH, ZONES, adopted, Limits())
    message = append(10, (*old(11, 12), Entry(13, EPOCH, b"seal")), 10, prev_epoch=3)
    assert replication.begin(b"seal") == [Send(zone, message) for zone in ZONES]


def test_durable_is_what_two_of_three_have() -> None:
    replication = sealed()
    for _ in range(3):
        replication.append(b"x")
    replication.flush()
    replication.on_appended(Z3, Appended(EPOCH, 14))
    assert (replication.durable, replication.take_durable()) == (11, [])
    replication.on_appended(Z1, Appended(EPOCH, 13))
    assert replication.take_durable() == list(own(12, 13))
    replication.on_appended(Z2, Appended(EPOCH, 14))
    assert replication.take_durable() == list(own(14, 14))
    assert replication.take_durable() == []


def test_older_epochs_entries_count_only_once_the_seal_does() -> None:
    """A majority that has 11 and 12 of epoch 3 may be overruled by a log that ends with epoch 4, until it has the seal
    of epoch 5."""
    replication = begun(tail=2)
    for zone in ZONES:
        replication.on_appended(zone, Appended(EPOCH, 12))
    assert (replication.durable, replication.sealed, replication.take_durable()) == (10, False, [])
    replication.on_appended(Z1, Appended(EPOCH, 13))
    replication.on_appended(Z2, Appended(EPOCH, 13))
    assert replication.sealed
    assert replication.take_durable() == [*old(11, 12), Entry(13, EPOCH, b"seal")]


def test_acknowledgements_of_other_epochs_and_late_ones_count_for_nothing() -> None:
    replication = sealed()
    grow(replication, 2)
    replication.append(b"x")
    replication.flush()
    for zone in ZONES:
        replication.on_appended(zone, Appended(EPOCH - 1, 14))
        replication.on_appended(zone, Appended(EPOCH, 12))
    assert replication.durable == 13


# --- streaming ---------------------------------------------------------------------------------------------------


def test_a_flush_is_one_append_for_each_zone_and_waits_for_nothing() -> None:
    replication = sealed()
    replication.append(b"x")
    replication.append(b"x")
    assert replication.flush() == [Send(zone, append(11, own(12, 13), 11)) for zone in ZONES]
    replication.append(b"x")
    assert replication.flush() == [Send(zone, append(13, own(14, 14), 11)) for zone in ZONES]
    assert replication.flush() == []


def test_a_large_flush_is_split() -> None:
    replication = sealed(Limits(message_bytes=2))
    for _ in range(3):
        replication.append(b"x")
    assert [send.message for send in sends(replication.flush()) if send.to == Z1] == [
        append(11, own(12, 13), 11),
        append(13, own(14, 14), 11),
    ]


# --- feeding -----------------------------------------------------------------------------------------------------


def test_a_zone_that_is_behind_is_fed_once_and_streamed_to_again() -> None:
    replication = sealed()
    grow(replication, 3)
    assert replication.on_behind(Z3, Behind(EPOCH, 13, EPOCH)) == [Send(Z3, append(12, own(13, 14), 14))]
    assert replication.on_behind(Z3, Behind(EPOCH, 13, EPOCH)) == []
    replication.append(b"x")
    assert Send(Z3, append(14, own(15, 15), 14)) in replication.flush()


def test_feeding_goes_chunk_by_chunk_and_skips_what_was_acknowledged() -> None:
    replication = sealed(Limits(message_bytes=2))
    grow(replication, 5)
    replication.on_appended(Z3, Appended(EPOCH, 12))
    assert replication.on_behind(Z3, Behind(EPOCH, 11, 3)) == [Send(Z3, append(12, own(13, 14), 16))]
    assert replication.on_appended(Z3, Appended(EPOCH, 13)) == []
    replication.append(b"x")
    assert receivers(replication.flush()) == {Z1, Z2}
    assert replication.on_appended(Z3, Appended(EPOCH, 14)) == [Send(Z3, append(14, own(15, 16), 16))]
    assert replication.on_appended(Z3, Appended(EPOCH, 16)) == [Send(Z3, append(16, own(17, 17), 16))]
    replication.append(b"x")
    assert Send(Z3, append(17, own(18, 18), 16)) in replication.flush()


def test_a_zone_that_claims_another_history_is_a_bug() -> None:
    replication = sealed()
    with pytest.raises(InternalError):
        replication.on_behind(Z3, Behind(EPOCH, 12, 4))
    with pytest.raises(InternalError):
        replication.on_behind(Z3, Behind(EPOCH, 13, EPOCH))
    assert replication.on_behind(Z3, Behind(EPOCH - 1, 13, EPOCH)) == []


# --- relaying ----------------------------------------------------------------------------------------------------

SHORT = Limits(tail_entries=2, message_bytes=2)


def test_what_memory_no_longer_holds_comes_from_another_zone() -> None:
    replication = sealed(SHORT)
    grow(replication, 6)
    (ask,) = replication.on_behind(Z3, Behind(EPOCH, 12, EPOCH))
    assert ask == Send(Z2, Fetch(12, 15, EPOCH))
    assert replication.on_fetched(Z1, Fetched(12, own(12, 13), 17, EPOCH)) == []
    assert replication.on_fetched(Z2, Fetched(12, own(12, 13), 17, EPOCH - 1)) == []
    lent = Fetched(12, own(12, 13), 17, EPOCH)
    assert replication.on_fetched(Z2, lent) == [Send(Z3, append(11, own(12, 13), 17))]
    assert replication.on_fetched(Z2, lent) == []
    assert replication.on_appended(Z3, Appended(EPOCH, 13)) == [Send(Z2, Fetch(14, 15, EPOCH))]
    replication.on_fetched(Z2, Fetched(14, own(14, 15), 17, EPOCH))
    assert replication.on_appended(Z3, Appended(EPOCH, 15)) == [Send(Z3, append(15, own(16, 17), 17))]


def test_a_zone_that_lacks_what_is_gone_is_told_to_begin_after_it() -> None:
    replication = sealed(SHORT)
    grow(replication, 6)
    replication.on_behind(Z3, Behind(EPOCH, 12, EPOCH))
    for stale in (Trimmed(11, 13, EPOCH, EPOCH), Trimmed(12, 13, EPOCH, EPOCH - 1)):
        assert replication.on_trimmed(Z2, stale) == []
    assert replication.on_trimmed(Z1, Trimmed(12, 13, EPOCH, EPOCH)) == []
    assert replication.on_trimmed(Z2, Trimmed(12, 13, EPOCH, EPOCH)) == [Send(Z3, BeginAfter(EPOCH, 13, EPOCH))]
    assert replication.on_behind(Z3, Behind(EPOCH, 14, EPOCH)) == [Send(Z2, Fetch(14, 15, EPOCH))]


def test_a_lost_relay_is_asked_for_again() -> None:
    replication = sealed(SHORT)
    grow(replication, 6)
    replication.on_behind(Z3, Behind(EPOCH, 12, EPOCH))
    replication.retry()
    assert replication.retry() == [Send(Z3, append(17, (), 17))]
    assert replication.on_fetched(Z2, Fetched(12, own(12, 13), 17, EPOCH)) == []
    assert replication.on_behind(Z3, Behind(EPOCH, 12, EPOCH)) == [Send(Z2, Fetch(12, 15, EPOCH))]


def test_a_replica_whose_answer_takes_longer_than_a_retry_is_left_alone_for_so_many_as_are_set() -> None:
    replication = sealed(Limits(resend_after=3))
    replication.append(b"x")
    replication.flush()
    assert [replication.retry() for _ in range(3)] == [[], [], []]
    replication.on_appended(Z1, Appended(EPOCH, 12))
    replication.on_appended(Z2, Appended(EPOCH, 12))
    assert receivers(replication.retry()) == set(ZONES), "two are told what is durable, one is probed"


def test_nobody_is_asked_for_what_nobody_acknowledged() -> None:
    adopted = Adopted(Position(10, 3), Entry(10, 3, b"old"), [])
    replication = Replication(EPOCH, ZONES, adopted, Limits())
    replication.begin(b"seal")
    assert replication.on_behind(Z3, Behind(EPOCH, 4, 2)) == []
    replication.on_appended(Z1, Appended(EPOCH, 11))
    replication.retry()
    assert Send(Z3, append(11, (), 10)) in replication.retry()
    assert replication.on_behind(Z3, Behind(EPOCH, 4, 2)) == [Send(Z1, Fetch(4, 10, EPOCH))]


# --- probing -----------------------------------------------------------------------------------------------------


def test_a_zone_that_does_not_move_is_probed_and_no_longer_streamed_to() -> None:
    replication = sealed()
    grow(replication, 1)
    assert replication.retry() == [Send(zone, append(12, (), 12)) for zone in ZONES]
    assert replication.retry() == [Send(Z3, append(12, (), 12))]
    replication.append(b"x")
    assert receivers(replication.flush()) == {Z1, Z2}
    assert replication.on_appended(Z3, Appended(EPOCH, 12)) == [Send(Z3, append(12, own(13, 13), 12))]


def test_a_zone_that_is_slow_but_moves_is_left_alone() -> None:
    replication = sealed()
    for index in range(12, 20):
        grow(replication, 2)
        replication.on_appended(Z3, Appended(EPOCH, index))
        replication.retry()
        replication.append(b"x")
        assert receivers(replication.flush()) == set(ZONES)
        replication.on_appended(Z1, Appended(EPOCH, replication.last_index))
        replication.on_appended(Z2, Appended(EPOCH, replication.last_index))


def test_an_idle_leader_tells_once_what_is_durable() -> None:
    replication = sealed()
    assert replication.retry() == [Send(zone, append(11, (), 11)) for zone in ZONES]
    assert replication.retry() == []


# --- damage and full disks ---------------------------------------------------------------------------------------


def test_a_zone_that_is_not_whole_does_not_count() -> None:
    replication = sealed()
    index = replication.append(b"x")
    replication.flush()
    replication.on_appended(Z1, Appended(EPOCH, index))
    replication.on_appended(Z3, Appended(EPOCH, index, whole=False))
    assert replication.durable == 11
    replication.on_appended(Z3, Appended(EPOCH, index))
    assert replication.durable == index


def test_what_a_zone_had_before_it_lost_entries_does_not_count_any_more() -> None:
    for loss in (Behind(EPOCH, 11, 3, whole=False), Doubt(EPOCH, 4)):
        replication = sealed()
        index = replication.append(b"x")
        replication.flush()
        replication.on_appended(Z3, Appended(EPOCH, index))
        getattr(replication, "on_behind" if isinstance(loss, Behind) else "on_doubt")(Z3, loss)
        replication.on_appended(Z1, Appended(EPOCH, index))
        assert replication.durable == 11
        replication.on_appended(Z3, Appended(EPOCH, index, serial=4))
        assert replication.durable == index


def test_what_a_zone_said_before_it_lost_entries_may_come_late_and_does_not_count() -> None:
    replication = sealed()
    index = replication.append(b"x")
    replication.flush()
    replication.on_doubt(Z3, Doubt(EPOCH, 4))
    replication.on_appended(Z1, Appended(EPOCH, index))
    replication.on_appended(Z3, Appended(EPOCH, index, serial=3))
    assert (replication.durable, replication.holders(index)) == (11, (Z1,))


def test_what_a_zone_said_while_whole_does_not_vouch_for_more_when_it_comes_late() -> None:
    replication = sealed()
    index = replication.append(b"x")
    replication.flush()
    replication.on_appended(Z1, Appended(EPOCH, index))
    replication.on_appended(Z3, Appended(EPOCH, index, whole=False))
    replication.on_appended(Z3, Appended(EPOCH, 11))
    assert (replication.durable, replication.holders(index)) == (11, (Z1,))


def test_a_zone_in_doubt_is_told_all_that_was_ever_sent() -> None:
    replication = sealed()
    grow(replication, 3)
    replication.append(b"not sent yet")
    assert replication.on_doubt(Z3, Doubt(EPOCH, 7)) == [Send(Z3, Whole(EPOCH, 7, 14))]
    assert replication.on_doubt(Z3, Doubt(EPOCH - 1, 7)) == []


def test_entries_are_not_fetched_from_a_zone_that_is_not_whole() -> None:
    replication = sealed(Limits(tail_entries=2))
    grow(replication, 10)
    replication.on_appended(Z2, Appended(EPOCH, 21, whole=False))
    assert sends(replication.on_behind(Z3, Behind(EPOCH, 12, EPOCH)))[0].to == Z1


def test_a_full_disk_of_one_zone_leaves_room_and_that_of_two_does_not() -> None:
    replication = sealed()
    replication.on_appended(Z1, Appended(EPOCH, 11, room=False))
    assert replication.room
    replication.on_no_room(Z2, NoRoom(EPOCH))
    assert not replication.room
    replication.on_appended(Z1, Appended(EPOCH, 11))
    assert replication.room


def test_a_zone_that_is_down_gives_no_room() -> None:
    replication = sealed()
    replication.append(b"x")
    replication.flush()
    for zone in (Z1, Z2):
        replication.on_appended(zone, Appended(EPOCH, 12))
    for _ in range(SILENT_RETRIES + 1):
        replication.retry()
    assert replication.room, "as long as no disk is full nobody needs to know"
    replication.on_appended(Z1, Appended(EPOCH, 12, room=False))
    assert not replication.room
    replication.on_appended(Z3, Appended(EPOCH, 12))
    assert replication.room


def test_a_full_zone_is_left_alone_until_it_has_space() -> None:
    replication = sealed()
    replication.append(b"x")
    replication.flush()
    replication.on_no_room(Z3, NoRoom(EPOCH - 1))
    assert replication.room
    replication.on_no_room(Z3, NoRoom(EPOCH))
    replication.append(b"x")
    assert receivers(replication.flush()) == {Z1, Z2}
    assert replication.on_behind(Z3, Behind(EPOCH, 12, EPOCH, room=False)) == []
    assert sends(replication.on_behind(Z3, Behind(EPOCH, 12, EPOCH)))[0].message == append(11, own(12, 13), 11)
