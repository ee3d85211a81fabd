"""What the measurement of the simulation measures: a steady load, and all of it."""

from __future__ import annotations

import pytest

from tools.bench.simulation import PER_SECOND, Run, explain, run


@pytest.mark.parametrize("lookups", [False, True])
def test_the_load_is_steady_and_is_measured_to_its_end(lookups: bool) -> None:
    found = run(1, 1, lookups=lookups)
    assert found.transactions == pytest.approx(PER_SECOND, rel=0.05)
    assert found.virtual_s == pytest.approx(1, rel=0.15)
    assert found.messages > 10 * found.transactions
    assert found.processor_s > 0


def test_what_bounds_the_speed_is_told_by_message() -> None:
    found = Run(virtual_s=2.0, processor_s=0.5, transactions=400, messages=10_000)
    assert found.speed == 4
    assert explain(found) == (
        "25.0 messages and timers per transaction, 50.0 us of processor time for each; "
        "100 virtual seconds a second leave 2.0 us"
    )
