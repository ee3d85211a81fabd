"""A bank under crashes that never end: money is conserved, and every run conforms to the specs, which `simulate` sees
to."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options
from tests.support.checked import simulate, simulation


@pytest.mark.parametrize("adjudicators", [2, 4])
def test_nodes_that_crash_all_the_time_lose_nothing(adjudicators: int, tmp_path: Path) -> None:
    faults = Faults(crash_every_us=12_000, down_us=(5_000, 60_000))
    committed = crashes = 0
    for seed in range(8):
        outcome = simulate(seed, tmp_path / str(seed), Options(adjudicators=adjudicators, faults=faults))
        committed += len(outcome.ledger.committed)
        crashes += outcome.crashes
    assert committed
    assert crashes > 8 * 20


def test_storage_that_is_lost_comes_back_from_its_sibling(tmp_path: Path) -> None:
    """Longer runs: journals are trimmed, and a replica whose disk is lost cannot begin with them alone."""
    bootstraps = trimmed = 0
    for seed in range(6):
        outcome = simulate(seed, tmp_path / str(seed), Options(transactions=60, wiped=0.6))
        bootstraps += outcome.bootstraps
        trimmed += outcome.trimmed
    assert bootstraps > 3 and trimmed > 300


@pytest.mark.parametrize("broken", ["conflicts.History.conflict", "holds.Holds.conflict", "conflicts.History.learn"])
def test_the_bank_notices_a_lost_update(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"daybreak.adjudicator.{broken}", lambda *arguments: None)
    monkeypatch.setattr("daybreak.adjudicator.holds.Holds.check", lambda holds: None)
    with pytest.raises(AssertionError, match=r"accounts with|add up"):
        for seed in range(20):
            options = Options(accounts=3, clients=6, faults=Faults(crash_every_us=0))
            simulation(seed, options, unchecked="it has the bug that the bank is to notice").run()
