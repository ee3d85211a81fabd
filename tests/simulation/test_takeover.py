"""Leaders that are killed, stopped for longer than their lease, or cut off: another candidate takes over, and the old
one never commits again. All runs conform to the specs, which `run_with` sees to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daybreak.adjudicator.candidate import Candidate
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.reign import Reign
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.places import rungs
from daybreak.journal.leader import Leader
from daybreak.runtime.protocols import Effects
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options, Outcome, Simulation
from tests.support.checked import simulate, simulation
from tests.support.leader_faults import GAP_US, Case, Fault, run_with
from tracecheck import VIOLATES, Plan, check_all

CALM = Options(adjudicators=4, transactions=40, faults=Faults(crash_every_us=0))
LONG_US = 6_000_000
"""Longer than a lease and a takeover."""
COMMIT = "Adjudication!Commit"
Harm = Callable[[Simulation, NodeId], None]


def struck(
    harm: Harm, monkeypatch: pytest.MonkeyPatch, directory: Path, *, act: str = COMMIT, actor: bool = False
) -> list[Case]:
    """Some runs in which a leader meets with `harm` while it appends a record."""
    cases = []
    for seed in range(4):
        fault = Fault(act, harm, several=actor, actor=actor)
        case = run_with(fault, seed, monkeypatch, directory / str(seed), CALM)
        print(f"{harm.__name__} seed {seed}: {case.strike.journal} commits again after {case.gap_us / 1e6:.2f} s")
        assert case.gap_us <= GAP_US
        assert not case.outcome.ledger.unknown
        cases.append(case)
    return cases


def never_again(case: Case) -> None:
    """The old leader takes no step between the lease that its successor found and its own next epoch."""
    recover = case.since("Adjudication!Recover")[0]
    assert recover["node"] != case.strike.node
    of_old = [e for e in case.events if e["node"] == case.strike.node and e.get("epoch", 0) < recover["epoch"]]
    assert of_old and all(event["at"][1] <= recover["args"]["at"] < recover["at"][0] for event in of_old)


def stop_for_long(simulation: Simulation, node: NodeId) -> None:
    """As SIGSTOP and later SIGCONT do."""
    simulation.world.stop(node)
    simulation.world.at(LONG_US, lambda: simulation.world.resume(node))


def cut_off_for_long(simulation: Simulation, node: NodeId) -> None:
    """It hears nobody, and nobody hears it."""
    simulation.world.cut_off.add(node)
    simulation.world.at(LONG_US, lambda: simulation.world.cut_off.discard(node))


@pytest.mark.parametrize("harm", [stop_for_long, cut_off_for_long])
def test_who_was_stopped_or_cut_off_for_longer_than_its_lease_never_commits_again(
    harm: Harm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for case in struck(harm, monkeypatch, tmp_path):
        never_again(case)
        assert len(set(case.successors)) == 1, "it comes back and disturbs nobody"


def stop_for_a_moment(simulation: Simulation, node: NodeId) -> None:
    """Shorter than its lease."""
    simulation.world.stop(node)
    simulation.world.at(300_000, lambda: simulation.world.resume(node))


def test_who_is_stopped_for_a_moment_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for case in struck(stop_for_a_moment, monkeypatch, tmp_path):
        assert case.successors == []


def test_a_leader_that_does_not_look_at_its_lease_must_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Reign, "_expiry", lambda self: None)

    def unchecked(seed: int, trace: Path, options: Options) -> Outcome:
        trace.mkdir()
        return simulation(seed, options, trace=trace, unchecked="its verdict is what is looked at").run()

    case = run_with(Fault(COMMIT, stop_for_long), 0, monkeypatch, tmp_path / "0", CALM, run=unchecked)
    assert case.since("Adjudication!Durable"), "the successor commits"
    rung = next(rung for rung in rungs(CALM.adjudicators) if rung.name == "commit")
    (result,) = check_all([Plan(rung.spec, rung.mapping)], [tmp_path / "0"])
    assert result.verdict == VIOLATES


def kill_all(simulation: Simulation, node: NodeId) -> None:
    """All candidates are lost, and come back a while later."""
    journal = NodeId(node.partition("/")[2])
    for candidate in simulation.layout.candidates[JournalId(journal)]:
        simulation.world.crash(candidate)
        simulation.world.at(1_000_000, lambda node=candidate: simulation.world.restart(node))


def test_all_candidates_die_and_come_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for case in struck(kill_all, monkeypatch, tmp_path):
        assert len(set(case.successors)) == 1


def kill(simulation: Simulation, node: NodeId) -> None:
    """Crash, and stay away for the rest of the run."""
    simulation.world.crash(node)


def test_a_voter_that_holds_keys_is_lost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its successor knows nothing of the hold, and admits nobody whom it could have kept away."""
    for case in struck(kill, monkeypatch, tmp_path, act="Commit!Vote", actor=True):
        (vote,) = (
            e
            for e in case.acts("Commit!Vote")
            if e["args"]["txn"] == case.strike.txn and e["slice"] == case.strike.journal
        )
        assert vote["node"] == case.strike.node
        assert case.since("Adjudication!Recover")[0]["args"]["at"] >= vote["args"]["until"]
        ts = case.durable.get(case.strike.txn, 0)
        assert ts <= vote["args"]["until"]
        assert bool(ts) is (case.strike.txn in case.acknowledged)


def test_candidates_that_propose_at_once_agree_in_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All of them think that they are the first in line."""
    proposals: list[tuple[str, int]] = []
    propose, init = Leader.propose, Candidate.__init__

    def first(self: Candidate, place: Place, *arguments: Any) -> None:
        init(self, place, *arguments)
        self._rank = 0

    def noted(self: Leader, epoch_hint: int = 0) -> Effects:
        effects = propose(self, epoch_hint)
        proposals.append((self._takeover._candidate.partition("@")[0], self.epoch))
        return effects

    monkeypatch.setattr(Candidate, "__init__", first)
    monkeypatch.setattr(Leader, "propose", noted)
    for case in struck(kill, monkeypatch, tmp_path):
        assert len(set(case.successors)) == 1
    rivals = {(node.partition("/")[2], epoch) for node, epoch in proposals}
    assert len(rivals) < len(set(proposals)), "nobody was outbid"


def test_whatever_happens_to_candidates_nothing_is_lost(tmp_path: Path) -> None:
    faults = Faults(
        crash_every_us=400_000, pause_every_us=500_000, cut_every_us=500_000, duplicate=0.03, loss=0.02, reorder=0.05
    )
    committed = 0
    for seed in range(8):
        outcome = simulate(seed, tmp_path / str(seed), Options(adjudicators=4, faults=faults))
        committed += len(outcome.ledger.committed)
    assert committed
