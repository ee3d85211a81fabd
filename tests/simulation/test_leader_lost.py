"""The leader of a transaction of several owners is lost at a chosen moment: between vote and record, between record and
acknowledgement, and after; and it comes back at once, or another candidate takes over. Each time the outcome is the
right one, for the client and for every voter, and the runs conform to the specs, which `run_with` sees to."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.base.ids import NodeId
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options, Simulation
from tests.support.leader_faults import GAP_US, Case, Fault, run_with

OPTIONS = Options(adjudicators=4, transactions=30, faults=Faults(crash_every_us=0))
DOWN_US = 30_000
SEEDS = range(4)


def restart(simulation: Simulation, node: NodeId) -> None:
    """Crash, and come back at once."""
    simulation.world.crash(node)
    simulation.world.at(DOWN_US, lambda: simulation.world.restart(node))


def kill(simulation: Simulation, node: NodeId) -> None:
    """Crash, and stay away for the rest of the run."""
    simulation.world.crash(node)


HARMS = {"restart": restart, "kill": kill}
VOTE, RECORD, DURABLE = "Commit!Vote", "Adjudication!Commit", "Adjudication!Durable"


def lost(act: str, harm: str, monkeypatch: pytest.MonkeyPatch, directory: Path) -> list[Case]:
    """Runs in which the leader is lost after a step `act`."""
    cases = []
    for seed in SEEDS:
        case = run_with(Fault(act, HARMS[harm]), seed, monkeypatch, directory / str(seed), OPTIONS)
        print(f"{act} {harm} seed {seed}: {case.strike.journal} commits again after {case.gap_us / 1e6:.2f} s")
        assert case.gap_us <= GAP_US
        assert (case.strike.node in case.successors[:1]) is (harm == "restart")
        assert not case.outcome.ledger.unknown, "every client learns what became of its transaction"
        cases.append(case)
    return cases


@pytest.mark.parametrize("harm", HARMS)
def test_a_leader_lost_between_vote_and_record_commits_nothing_and_its_voters_are_freed(
    harm: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for case in lost(VOTE, harm, monkeypatch, tmp_path):
        assert case.strike.txn not in case.durable
        assert case.strike.txn not in case.acknowledged
        assert case.resolved <= {0}


@pytest.mark.parametrize("harm", HARMS)
def test_a_leader_lost_between_record_and_acknowledgement_has_committed_what_its_journal_kept(
    harm: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = 0
    for case in lost(RECORD, harm, monkeypatch, tmp_path):
        txn = case.strike.txn
        found += txn in case.durable
        assert case.resolved <= {case.durable.get(txn, 0)}
        assert (txn in case.durable) is (txn in case.acknowledged), "its client is told which of the two"
    assert found, "in none of these runs has a record survived"


@pytest.mark.parametrize("harm", HARMS)
def test_a_leader_lost_after_that_has_committed_and_everybody_learns_it(
    harm: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for case in lost(DURABLE, harm, monkeypatch, tmp_path):
        assert case.resolved <= {case.durable[case.strike.txn]}
        assert case.strike.txn in case.acknowledged
