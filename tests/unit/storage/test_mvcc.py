"""Versions: what a snapshot sees, and what forgetting takes away (P4)."""

from __future__ import annotations

from daybreak.base.keys import Key
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access, Record, Write
from daybreak.storage.mvcc import Versions
from tests.support.roles import key

A, B, C, Z = map(key, "abcz")


def versions(*commits: tuple[int, dict[Key, bytes | None]]) -> Versions:
    """Versions after some commits."""
    made = Versions()
    for ts, values in commits:
        made.apply(Record(f"t{ts}", ts, tuple(Write(k, Access.WRITE, v) for k, v in values.items())))
    return made


def rows(made: Versions, start: int, low: Key = A, high: Key = Z) -> list[tuple[Key, int, bytes]]:
    """What a scan at `start` sees."""
    return list(made.scan(low, high, Timestamp(start)))


def test_a_read_sees_the_newest_version_at_or_before_its_start() -> None:
    made = versions((10, {A: b"1"}), (20, {A: b"2"}), (30, {A: b"3"}))
    seen = [made.read(A, Timestamp(start)) for start in (9, 10, 19, 20, 30, 99)]
    assert seen == [(ZERO, None), (10, b"1"), (10, b"1"), (20, b"2"), (30, b"3"), (30, b"3")]


def test_a_deleted_key_is_seen_as_deleted_and_is_in_no_scan() -> None:
    made = versions((10, {A: b"1", B: b"1"}), (20, {A: None}))
    assert made.read(A, Timestamp(20)) == (20, None)
    assert rows(made, 20) == [(B, 10, b"1")]
    assert rows(made, 19) == [(A, 10, b"1"), (B, 10, b"1")]


def test_an_empty_value_is_a_row() -> None:
    assert rows(versions((10, {A: b""})), 10) == [(A, 10, b"")]


def test_a_scan_is_in_key_order_and_half_open() -> None:
    made = versions((10, {C: b"c"}), (20, {A: b"a"}), (30, {B: b"b"}))
    assert [k for k, _, _ in rows(made, 30)] == [A, B, C]
    assert [k for k, _, _ in rows(made, 30, A, C)] == [A, B]
    assert rows(made, 30, B, B) == []


def test_forgetting_keeps_what_a_snapshot_at_that_time_sees() -> None:
    made = versions((10, {A: b"1"}), (20, {A: b"2"}), (30, {A: b"3"}))
    made.forget(Timestamp(25))
    assert [made.read(A, Timestamp(start)) for start in (25, 30)] == [(20, b"2"), (30, b"3")]
    assert made.read(A, Timestamp(15)) == (ZERO, None), "what is older is gone"


def test_a_key_whose_deletion_is_forgotten_takes_no_room() -> None:
    made = versions((10, {A: b"1", B: b"1"}), (20, {A: None}))
    made.forget(Timestamp(19))
    assert len(made) == 2
    made.forget(Timestamp(20))
    assert len(made) == 1


def test_the_deletion_of_a_key_that_never_was_takes_no_room_either() -> None:
    made = versions((10, {A: None}))
    made.forget(Timestamp(10))
    assert len(made) == 0


def test_a_key_that_is_inserted_again_after_its_deletion_outlives_the_forgetting() -> None:
    made = versions((10, {A: b"1"}), (20, {A: None}), (30, {A: b"2"}))
    made.forget(Timestamp(20))
    assert made.read(A, Timestamp(29)) == (20, None)
    made.forget(Timestamp(30))
    assert made.read(A, Timestamp(30)) == (30, b"2")
    assert len(made) == 1


def test_what_is_forgotten_is_not_looked_at_again() -> None:
    made = versions((10, {A: b"1"}), (20, {A: b"2"}), (30, {A: b"3"}))
    made.forget(Timestamp(25))
    assert made._superseded == [(30, A)]
