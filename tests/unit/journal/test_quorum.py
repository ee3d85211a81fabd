"""Majorities and the choice of a log."""

from __future__ import annotations

from daybreak.base.ids import NodeId
from daybreak.journal.messages import Promised
from daybreak.journal.quorum import longest, majority, majority_index

A, B, C = NodeId("a"), NodeId("b"), NodeId("c")


def test_majority_is_more_than_half() -> None:
    assert [majority(n) for n in (1, 2, 3, 4, 5)] == [1, 2, 2, 3, 3]


def test_majority_index_is_what_two_of_three_have() -> None:
    assert majority_index([7, 0, 5]) == 5
    assert majority_index([7, 0, 0]) == 0
    assert majority_index([3, 3, 9]) == 3


def test_longest_prefers_epoch_over_length() -> None:
    promises = {A: Promised(9, 3, 120, 0), B: Promised(9, 4, 80, 0), C: Promised(9, 4, 81, 0)}
    assert longest(promises) == C
    del promises[C]
    assert longest(promises) == B


def test_of_equal_logs_the_near_one_is_read_and_no_shorter_one() -> None:
    promises = {A: Promised(9, 4, 80, 0), B: Promised(9, 4, 80, 0), C: Promised(9, 4, 79, 0)}
    assert [longest(promises, near) for near in (None, A, B, C)] == [B, A, B, B]


def test_longest_is_the_same_whatever_the_order_of_arrival() -> None:
    promises = {A: Promised(9, 4, 80, 1), B: Promised(9, 4, 80, 2)}
    assert longest(promises) == longest(dict(reversed(promises.items())))
