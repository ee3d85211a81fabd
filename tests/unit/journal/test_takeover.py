"""Taking a journal over: promises, the choice of a log, reading its tail."""

from __future__ import annotations

import pytest

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError
from daybreak.journal.messages import Entry, Fetch, Fetched, Promised, Propose, Trimmed
from daybreak.journal.tail import Position
from daybreak.journal.takeover import STALLED_RETRIES, UNHEARD_RETRIES, Adopted, Takeover
from daybreak.runtime.protocols import Send

Z1, Z2, Z3 = ZONES = tuple(NodeId(f"z{n}") for n in (1, 2, 3))


def started(patience: int = 1, above: int = 0) -> Takeover:
    takeover = Takeover(ZONES, "me", patience)
    assert takeover.propose(above) == [Send(zone, Propose(above + 1, "me")) for zone in ZONES]
    return takeover


def entries(low: int, high: int, epoch: int = 3) -> tuple[Entry, ...]:
    return tuple(Entry(index, epoch, b"") for index in range(low, high + 1))


def test_three_promises_are_enough_at_once() -> None:
    takeover = started()
    assert takeover.on_promised(Z1, Promised(1, 3, 5, 4)) == []
    assert takeover.on_promised(Z2, Promised(1, 2, 9, 4)) == []
    assert takeover.on_promised(Z3, Promised(1, 3, 7, 5)) == [Send(Z3, Fetch(5, 7, 1))]


def test_two_promises_are_enough_after_some_patience() -> None:
    takeover = started(patience=2)
    takeover.on_promised(Z1, Promised(1, 3, 5, 4))
    assert takeover.on_promised(Z2, Promised(1, 3, 7, 5)) == []
    assert takeover.retry() == [Send(Z3, Propose(1, "me"))]
    assert takeover.retry() == [Send(Z2, Fetch(5, 7, 1))]


def test_without_patience_two_promises_are_enough_at_once() -> None:
    takeover = started(patience=0)
    takeover.on_promised(Z1, Promised(1, 3, 5, 4))
    assert takeover.on_promised(Z2, Promised(1, 3, 7, 5)) == [Send(Z2, Fetch(5, 7, 1))]


def test_one_promise_is_never_enough() -> None:
    takeover = started(patience=0)
    for _ in range(3):
        assert takeover.on_promised(Z1, Promised(1, 3, 5, 4)) == []
        assert takeover.retry() == [Send(zone, Propose(1, "me")) for zone in (Z2, Z3)]


def test_the_tail_is_read_in_parts_from_the_last_durable_entry_on() -> None:
    takeover = started(patience=0)
    takeover.on_promised(Z1, Promised(1, 3, 9, 4))
    assert takeover.on_promised(Z2, Promised(1, 3, 8, 5)) == [Send(Z1, Fetch(5, 9, 1))]
    assert takeover.on_fetched(Z1, Fetched(5, entries(5, 7), 9, 1)) == [Send(Z1, Fetch(8, 9, 1))]
    assert takeover.retry() == [Send(Z1, Fetch(8, 9, 1))]
    for stale in (Fetched(5, entries(5, 7), 9, 1), Fetched(8, (), 9, 1), Fetched(8, entries(8, 9), 9, 0)):
        assert takeover.on_fetched(Z1, stale) == []
    assert takeover.on_fetched(Z2, Fetched(8, entries(8, 9), 9, 1)) == []
    assert takeover.adopted is None
    assert takeover.on_fetched(Z1, Fetched(8, entries(8, 9), 9, 1)) == []
    assert takeover.adopted == Adopted(Position(5, 3), Entry(5, 3, b""), list(entries(6, 9)))


def test_a_log_of_which_nothing_is_known_to_be_durable_is_read_whole() -> None:
    takeover = started(patience=0)
    takeover.on_promised(Z1, Promised(1, 3, 2, 0))
    assert takeover.on_promised(Z2, Promised(1, 0, 0, 0)) == [Send(Z1, Fetch(1, 2, 1))]
    takeover.on_fetched(Z1, Fetched(1, entries(1, 2), 2, 1))
    assert takeover.adopted == Adopted(Position(0, 0), None, list(entries(1, 2)))


def test_a_log_that_begins_right_after_the_last_durable_entry_is_read_from_there() -> None:
    takeover = started(patience=0)
    takeover.on_promised(Z1, Promised(1, 3, 9, 5))
    takeover.on_promised(Z2, Promised(1, 3, 8, 5))
    for stale in (Trimmed(4, 5, 2, 1), Trimmed(5, 5, 2, 0)):
        assert takeover.on_trimmed(Z1, stale) == []
    assert takeover.on_trimmed(Z2, Trimmed(5, 5, 2, 1)) == []
    assert takeover.on_trimmed(Z1, Trimmed(5, 5, 2, 1)) == [Send(Z1, Fetch(6, 9, 1))]
    takeover.on_fetched(Z1, Fetched(6, entries(6, 9), 9, 1))
    assert takeover.adopted == Adopted(Position(5, 2), None, list(entries(6, 9)))


@pytest.mark.parametrize(("last", "gone"), [(9, 6), (5, 5)])
def test_a_log_without_anything_that_tells_the_lease_is_a_bug(last: int, gone: int) -> None:
    takeover = started(patience=0)
    takeover.on_promised(Z1, Promised(1, 3, last, 5))
    takeover.on_promised(Z2, Promised(1, 3, 4, 3))
    with pytest.raises(InternalError, match="are gone; 5 is the last durable"):
        takeover.on_trimmed(Z1, Trimmed(5, gone, 3, 1))


def test_a_new_journal_has_nothing_to_read() -> None:
    takeover = started(patience=0)
    takeover.on_promised(Z1, Promised(1, 0, 0, 0))
    assert takeover.on_promised(Z2, Promised(1, 0, 0, 0)) == []
    assert takeover.adopted == Adopted(Position(0, 0), None, [])


def test_outbid_it_is_lost_and_goes_higher_the_next_time() -> None:
    takeover = started()
    takeover.on_promised(Z1, Promised(1, 0, 0, 0))
    assert not takeover.lost
    takeover.on_fenced(7)
    assert takeover.lost
    assert takeover.propose(3) == [Send(zone, Propose(8, "me")) for zone in ZONES]
    assert not takeover.lost
    assert takeover.on_promised(Z2, Promised(1, 0, 0, 0)) == []


def test_a_rival_of_the_same_epoch_counts_only_without_a_majority() -> None:
    takeover = started(patience=9)
    takeover.on_fenced(1)
    takeover.on_promised(Z1, Promised(1, 0, 0, 0))
    assert takeover.lost
    takeover.on_promised(Z2, Promised(1, 0, 0, 0))
    assert not takeover.lost
    assert takeover.retry() == [Send(Z3, Propose(1, "me"))]


def test_without_a_majority_it_is_lost_in_the_end() -> None:
    takeover = started()
    takeover.on_promised(Z1, Promised(1, 0, 0, 0))
    for _ in range(UNHEARD_RETRIES):
        assert takeover.retry() == [Send(zone, Propose(1, "me")) for zone in (Z2, Z3)]
        assert not takeover.lost
    takeover.retry()
    assert takeover.lost


def test_when_the_chosen_replica_is_gone_it_is_lost() -> None:
    takeover = started(patience=0)
    takeover.on_promised(Z1, Promised(1, 3, 5, 4))
    takeover.on_promised(Z2, Promised(1, 3, 4, 4))
    for _ in range(STALLED_RETRIES):
        assert takeover.retry() == [Send(Z1, Fetch(4, 5, 1))]
        assert not takeover.lost
    takeover.retry()
    assert takeover.lost
    takeover.propose(0)
    assert takeover.on_fetched(Z1, Fetched(4, entries(4, 5), 5, 1)) == []
    takeover.on_promised(Z2, Promised(2, 3, 4, 4))
    assert takeover.on_promised(Z3, Promised(2, 3, 4, 4)) == [Send(Z3, Fetch(4, 4, 2))]
