"""What a commit cannot do without, with regions that are apart."""

from __future__ import annotations

import pytest

from tools.bench.regions import Distances


@pytest.mark.parametrize(
    ("apart", "endpoint", "leader", "expected"),
    [
        (Distances(60, 20, 30), "A", "A", 40),
        (Distances(60, 20, 30), "B", "B", 60),
        (Distances(60, 20, 30), "A", "B", 120 + 60),
        (Distances(60, 20, 30), "B", "A", 120 + 40),
        (Distances(10, 80, 80), "A", "A", 20),
    ],
)
def test_the_ways_of_a_commit(apart: Distances, endpoint: str, leader: str, expected: int) -> None:
    assert apart.needed(endpoint, leader) == expected
