from __future__ import annotations

import random

import pytest

from historycheck.precedence import Precedence


def test_what_follows_from_pairs_is_known_and_its_opposite_excluded() -> None:
    order = Precedence(4)
    order.add(0, 1, 10)
    order.add(2, 3, 11)
    assert not order.knows(0, 3) and not order.excludes(3, 0)
    order.add(1, 2, 12)
    assert order.knows(0, 3) and order.excludes(3, 0)
    assert [order.added[pair].reason for pair in order.path(0, 3)] == [10, 12, 11]


def test_a_pair_that_is_excluded_cannot_be_added() -> None:
    order = Precedence(2)
    order.add(0, 1, 0)
    with pytest.raises(AssertionError, match="1 cannot come before 0"):
        order.add(1, 0, 0)
    with pytest.raises(AssertionError, match="1 cannot come before 1"):
        order.add(1, 1, 0)


def test_a_path_can_be_asked_for_as_it_was_earlier() -> None:
    order = Precedence(3)
    order.add(0, 1, 10)
    order.add(1, 2, 11)
    order.add(0, 2, 12)
    assert [order.added[pair].reason for pair in order.path(0, 2)] == [10, 11]
    assert order.path(0, 2, 1) == []
    assert order.path(2, 0) == []


def test_a_copy_goes_its_own_way() -> None:
    order = Precedence(3)
    order.add(0, 1, 0)
    other = order.copy()
    other.add(1, 2, 0)
    assert other.knows(0, 2) and not order.knows(0, 2)
    assert len(order.added) == 1


def test_a_line_has_all_points_as_wished_where_the_order_allows() -> None:
    order = Precedence(4)
    order.add(3, 0, 0)
    assert order.line([0.0, 1.0, 2.0, 3.0]) == [1, 2, 3, 0]


def test_random_orders_agree_with_reachability() -> None:
    rng = random.Random(3)
    order = Precedence(30)
    reach = {point: {point} for point in range(30)}
    for _ in range(200):
        first, second = rng.randrange(30), rng.randrange(30)
        assert order.excludes(first, second) == (first in reach[second])
        if first not in reach[second]:
            order.add(first, second, 0)
            for points in reach.values():
                if first in points:
                    points |= reach[second]
    assert all(order.knows(one, two) == (one != two and two in reach[one]) for one in range(30) for two in range(30))
    line = order.line([rng.random() for _ in range(30)])
    assert all(line.index(one) <= line.index(two) for one in range(30) for two in reach[one])
