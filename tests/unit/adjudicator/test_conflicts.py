"""P10: which accesses conflict, and what of them is remembered."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.conflicts import History
from daybreak.base.writes import Access
from tests.support.conflict_table import cells
from tests.support.roles import key, time

K, OTHER = key("k"), key("other")


def history(*commits: tuple[int, dict[bytes, Access]]) -> History:
    """A history of commits, each at a time with its accesses."""
    made = History()
    for ts, accesses in commits:
        made.add({key(name.decode()): access for name, access in accesses.items()}, time(ts))
    return made


@pytest.mark.parametrize(("wanted", "committed", "conflict"), cells())
def test_every_pair_of_classes_conflicts_as_the_table_says(wanted: Access, committed: Access, conflict: bool) -> None:
    found = history((10, {b"k": committed})).conflict({K: wanted}, time(5))
    assert found == (wanted if conflict else None)


def test_the_table_has_all_pairs() -> None:
    pairs = {(wanted, committed) for wanted, committed, _ in cells()}
    assert pairs == {(a, b) for a in Access for b in Access if b is not Access.VALIDATE}


@pytest.mark.parametrize(("start", "conflict"), [(9, True), (10, False), (11, False)])
def test_only_what_was_committed_after_the_start_conflicts(start: int, conflict: bool) -> None:
    found = history((10, {b"k": Access.WRITE})).conflict({K: Access.WRITE}, time(start))
    assert (found is not None) == conflict


def test_other_keys_do_not_conflict() -> None:
    assert history((10, {b"other": Access.WRITE})).conflict({K: Access.WRITE}, time(5)) is None


def test_a_validated_read_leaves_nothing_behind() -> None:
    made = history((10, {b"k": Access.VALIDATE}))
    assert made.conflict({K: Access.WRITE}, time(5)) is None
    assert len(made) == 0


def test_a_validated_read_is_named_before_any_other_conflict() -> None:
    made = history((10, {b"k": Access.WRITE, b"other": Access.WRITE}))
    assert made.conflict({K: Access.WRITE, OTHER: Access.VALIDATE}, time(5)) is Access.VALIDATE
    assert made.conflict({OTHER: Access.VALIDATE, K: Access.WRITE}, time(5)) is Access.VALIDATE


def test_a_later_weaker_access_does_not_hide_an_earlier_stronger_one() -> None:
    made = history((10, {b"k": Access.WRITE}), (20, {b"k": Access.SHARE}))
    assert made.conflict({K: Access.SHARE}, time(5)) is Access.SHARE
    assert made.conflict({K: Access.SHARE}, time(15)) is None
    assert made.conflict({K: Access.WRITE}, time(15)) is Access.WRITE


def test_what_was_committed_at_or_before_a_time_is_forgotten_and_nothing_later() -> None:
    made = history((10, {b"k": Access.WRITE}), (11, {b"other": Access.WRITE}))
    made.forget(time(10))
    assert len(made) == 1
    assert made.conflict({K: Access.WRITE}, time(5)) is None
    assert made.conflict({OTHER: Access.WRITE}, time(10)) is Access.WRITE


def test_a_key_written_again_outlives_the_forgetting_of_its_first_write() -> None:
    made = history((10, {b"k": Access.UPDATE}), (20, {b"k": Access.SHARE}))
    made.forget(time(15))
    assert made.conflict({K: Access.WRITE}, time(15)) is Access.WRITE
    made.forget(time(20))
    assert len(made) == 0


def test_the_newest_time_is_that_of_the_last_commit() -> None:
    made = history((10, {b"k": Access.UPDATE}), (20, {b"k": Access.SHARE}))
    assert made.newest() == time(20)
    made.clear()
    assert (made.newest(), len(made)) == (0, 0)
    assert made.conflict({K: Access.WRITE}, time(0)) is None
