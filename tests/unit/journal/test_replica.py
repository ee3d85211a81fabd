"""A replica: promises, appends, group commit, cuts, readers, and what a crash may take from it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from daybreak.errors import InternalError, OperatorError
from daybreak.journal.messages import (
    Append,
    Appended,
    Behind,
    Fenced,
    Fetch,
    Fetched,
    Probe,
    Probed,
    Promised,
    Propose,
)
from daybreak.journal.replica import Journal
from daybreak.runtime.protocols import Synced, SyncFailed
from daybreak.runtime.sim.disk import SimDisk
from daybreak.trace.recorder import NoTrace
from tests.support.journal_zone import LEADER, OTHER, ZONE, Zone, entry, filled
from tests.support.roles import ManualClock, sent


@pytest.fixture
def zone() -> Iterator[Zone]:
    zone = Zone()
    yield zone
    assert zone.journal.failure is None


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


# --- probes ----------------------------------------------------------------------------------------------------------


def test_a_candidate_is_told_who_was_heard_of_and_whether_it_leads(zone: Zone) -> None:
    assert zone.hear(Probe(1)) == [Probed(1, 0, None, False, 0)]
    zone.hear(Propose(4, "a"), OTHER)
    assert zone.hear(Probe(2)) == [Probed(2, 4, OTHER, False, 0)]
    zone.hear(Propose(3, "b"), LEADER)
    assert zone.hear(Probe(3)) == [Probed(3, 4, OTHER, False, 0)], "it was refused"
    zone.hear(zone.append(0, [4], epoch=4), OTHER)
    assert zone.hear(Probe(4)) == [Probed(4, 4, OTHER, True, 0)]
    zone.synced()
    zone.open()
    zone.synced()
    assert zone.hear(Probe(5)) == [Probed(5, 4, None, False, 0)], "nobody in this life"


def test_how_long_nobody_was_heard_of_counts_from_what_was_heard_last_and_at_first_from_the_start() -> None:
    clock = ManualClock()
    journal = Journal(ZONE, clock, NoTrace(), SimDisk(Random(0)))
    journal.start()
    journal.receive(ZONE, Synced(1))

    def silence() -> int:
        (answer,) = sent(journal.receive(OTHER, Probe(1)), Probed)
        return answer.silent_us

    clock.advance(70)
    assert silence() == 70
    for us, message in ((20, Propose(1, "l")), (30, Append(1, 0, 0, (), 0)), (40, Propose(1, "l"))):
        clock.advance(us)
        journal.receive(LEADER, message)
        assert silence() == 0
        clock.advance(5)
        assert silence() == 5


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
