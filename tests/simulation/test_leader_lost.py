"""The leader of a transaction of several owners is lost at a chosen moment: between vote and record, between record and
acknowledgement, and after. Each time the outcome is the right one, for the client and for every voter, and the runs
conform to the specs, which `simulate` sees to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import JournalId, NodeId
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options, Simulation
from daybreak.trace.recorder import Recorder
from tests.support.checked import simulate

OPTIONS = Options(adjudicators=4, transactions=10, faults=Faults(crash_every_us=0))
DOWN_US = 30_000
SEEDS = range(5)


@dataclass
class Killer:
    """Stops the leader of a transaction of several owners right after a step `act` of it, every third time."""

    act: str
    simulation: Simulation | None = None
    leaders: dict[str, NodeId] = field(default_factory=dict)
    """The leader of each transaction that several owners were asked for."""
    struck: dict[str, int] = field(default_factory=dict)
    """Transactions whose leader was stopped, and when."""
    seen: int = 0
    open: bool = False
    """Whether the bank's accounts are there."""

    def look(self, action: str, arguments: Mapping[str, Any]) -> None:
        """Look at a step that has just been recorded."""
        if self.simulation is None:
            return
        txn = arguments.get("txn")
        if action == "Commit!Ask" and len(arguments["slices"]) > 1:
            self.leaders[str(txn)] = self.simulation.layout.candidates[JournalId(arguments["leader"])][0]
        self.open = self.open or action == "SnapshotIsolation!Acknowledge"
        if self.open and action == self.act and txn in self.leaders and txn not in self.struck:
            self.seen += 1
            if self.seen % 3 == 0:
                self._strike(str(txn))

    def _strike(self, txn: str) -> None:
        assert self.simulation is not None
        world, leader = self.simulation.world, self.leaders[txn]
        self.struck[txn] = world.now_us

        def stop() -> None:
            world.crash(leader)
            world.at(DOWN_US, lambda: world.restart(leader))

        world.at(0, stop)


@pytest.fixture
def killed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Case]:
    """Runs in which leaders are stopped after the step that the test names."""
    return [run_with(Killer(request.param), seed, monkeypatch, tmp_path / str(seed)) for seed in SEEDS]


@dataclass
class Case:
    """A run, by what its trace says of the transactions whose leader was stopped."""

    killer: Killer
    committed: set[str]
    """What the client was told to be committed, by transaction."""
    durable: dict[str, int]
    resolved: dict[str, list[int]]
    """What voters learnt: commit times, or zero."""


def run_with(killer: Killer, seed: int, monkeypatch: pytest.MonkeyPatch, trace: Path) -> Case:
    """Run a seed under `killer`."""
    record, add_nodes, settle = Recorder.record, Simulation._add_nodes, Simulation._settle

    def watched(self: Recorder, action: str, arguments: Mapping[str, object]) -> None:
        record(self, action, arguments)
        killer.look(action, arguments)

    def noted(self: Simulation) -> None:
        killer.simulation = self
        add_nodes(self)

    async def freed(self: Simulation) -> None:
        """After the length of a hold, nobody has one, or waits for votes."""
        await self._sleep(2 * Settings().hold_us)
        for node, *_ in self.layout.candidates.values():
            role = self.world.role(node)
            assert isinstance(role, Adjudicator)
            assert (role.status()["holds"], role.status()["undecided"]) == (0, 0), node
        await settle(self)

    with monkeypatch.context() as patch:
        patch.setattr(Simulation, "_settle", freed)
        patch.setattr(Recorder, "record", watched)
        patch.setattr(Simulation, "_add_nodes", noted)
        outcome = simulate(seed, trace, OPTIONS)
    assert outcome.crashes == len(killer.struck)
    case = Case(killer, set(), {}, {})
    for file in trace.glob("*.ndjson"):
        for line in file.read_text().splitlines():
            event = json.loads(line)
            note(case, event["act"], event["args"])
    return case


def note(case: Case, act: str, args: dict[str, Any]) -> None:
    """Take in one event."""
    match act:
        case "SnapshotIsolation!Acknowledge":
            case.committed.add(args["txn"])
        case "Adjudication!Durable":
            case.durable[args["txn"]] = args["ts"]
        case "Adjudication!Recover":
            case.durable.update(args["kept"])
        case "Commit!Resolve":
            case.resolved.setdefault(args["txn"], []).append(args["ts"])


def struck(cases: list[Case]) -> list[tuple[Case, str]]:
    """All transactions whose leader was stopped; there are some."""
    found = [(case, txn) for case in cases for txn in case.killer.struck]
    assert len(found) >= len(SEEDS), "a run in which nobody is stopped shows nothing"
    return found


@pytest.mark.parametrize("killed", ["Commit!Vote"], indirect=True)
def test_a_leader_lost_between_vote_and_record_commits_nothing_and_its_voters_are_freed(killed: list[Case]) -> None:
    for case, txn in struck(killed):
        assert txn not in case.durable
        assert txn not in case.committed
        assert set(case.resolved.get(txn, [])) <= {0}


@pytest.mark.parametrize("killed", ["Adjudication!Commit"], indirect=True)
def test_a_leader_lost_between_record_and_acknowledgement_has_committed_what_its_journal_kept(
    killed: list[Case],
) -> None:
    found = 0
    for case, txn in struck(killed):
        found += txn in case.durable
        assert set(case.resolved.get(txn, [])) <= {case.durable.get(txn, 0)}
        assert txn in case.durable or txn not in case.committed
    assert found, "in none of these runs has a record survived"


@pytest.mark.parametrize("killed", ["Adjudication!Durable"], indirect=True)
def test_a_leader_lost_after_that_has_committed_and_everybody_learns_it(killed: list[Case]) -> None:
    for case, txn in struck(killed):
        assert set(case.resolved.get(txn, [])) <= {case.durable[txn]}
        assert txn in case.committed, "the answer had left before"
