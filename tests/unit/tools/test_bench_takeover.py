"""The figure that says how long nobody could commit."""

from __future__ import annotations

import pytest

from tools.bench.takeover import gap


@pytest.mark.parametrize(("since", "expected"), [(0.5, 6.0), (3.0, 6.0), (9.5, 1.0)])
def test_a_gap_counts_from_the_commit_before_it_if_it_ends_after_the_fault(since: float, expected: float) -> None:
    assert gap([1.0, 2.0, 3.0, 9.0, 10.0], since) == expected
