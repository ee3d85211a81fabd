"""The leader's entries in memory."""

from __future__ import annotations

from daybreak.journal.messages import Entry
from daybreak.journal.tail import Position, Tail


def tail(low: int, high: int, size: int = 10) -> Tail:
    return Tail(Position(low - 1, 1), [Entry(index, 2, bytes(size)) for index in range(low, high + 1)])


def indexes(entries: object) -> list[int]:
    assert isinstance(entries, list | tuple)
    return [entry.index for entry in entries]


def test_positions_from_the_base_to_the_last() -> None:
    some = tail(5, 8)
    assert some.last == some.at(8) == Position(8, 2)
    assert some.at(4) == Position(4, 1)
    assert [some.covers(index) for index in (3, 4, 8, 9)] == [False, True, True, False]
    assert tail(1, 0).last == Position(0, 1)


def test_between_and_chunk() -> None:
    some = tail(5, 9)
    assert indexes(some.between(6, 8)) == [6, 7, 8]
    assert indexes(some.chunk(5, 9, 100)) == [5, 6, 7, 8, 9]
    assert indexes(some.chunk(6, 9, 20)) == [6, 7]
    assert indexes(some.chunk(6, 9, 1)) == [6]
    assert indexes(some.chunk(6, 7, 100)) == [6, 7]


def test_trimming_by_count_keeps_what_is_not_taken() -> None:
    some = tail(1, 10)
    some.trim(6, entries=7, size=1_000)
    assert some.base == Position(3, 2)
    some.trim(6, entries=1, size=1_000)
    assert some.base == Position(6, 2)
    assert indexes(some.between(7, 10)) == [7, 8, 9, 10]


def test_trimming_by_bytes() -> None:
    some = tail(1, 10)
    some.append(Entry(11, 2, bytes(50)))
    some.trim(11, entries=100, size=70)
    assert some.base == Position(8, 2)
    some.trim(11, entries=100, size=70)
    assert some.base == Position(8, 2)
