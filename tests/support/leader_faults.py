"""Simulated runs in which the leader of a journal meets with a fault at a chosen moment, and what their traces say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import JournalId, NodeId
from daybreak.simulation.run import Options, Outcome, Simulation
from daybreak.trace.recorder import Recorder
from tests.support.checked import simulate

GAP_US = Settings().lease_us + 3_000_000
"""Within this time after its leader is lost a journal commits again."""


def leader_of(simulation: Simulation, journal: JournalId) -> NodeId | None:
    """Who leads a journal now."""
    for node in simulation.layout.candidates[journal]:
        role = simulation.world.role(node)
        if isinstance(role, Adjudicator) and role.serving:
            return node
    return None


@dataclass(frozen=True)
class Strike:
    """What was done to a leader, and when."""

    journal: JournalId
    node: NodeId
    at: int
    txn: str


@dataclass
class Fault:
    """Does `harm` to the leader of a transaction right after its step `act`, once per run: the third time that a
    transaction of so many owners takes that step."""

    act: str
    harm: Callable[[Simulation, NodeId], None]
    several: bool = True
    """Only transactions that several owners were asked for."""
    actor: bool = False
    """Harm whoever takes the step, not the leader of the transaction."""
    simulation: Simulation | None = None
    strikes: list[Strike] = field(default_factory=list)
    _leaders: dict[str, JournalId] = field(default_factory=dict)
    _seen: int = 0
    _open: bool = False

    def look(self, node: NodeId, action: str, arguments: Mapping[str, Any]) -> None:
        """Look at a step that has just been recorded."""
        if self.simulation is None:
            return
        txn = str(arguments.get("txn"))
        if action == "Commit!Ask" and (len(arguments["slices"]) > 1 or not self.several):
            self._leaders[txn] = JournalId(arguments["leader"])
        self._open = self._open or action == "SnapshotIsolation!Acknowledge"
        if self._open and action == self.act and txn in self._leaders and not self.strikes:
            self._seen += 1
            if self._seen >= 3:
                self._strike(JournalId(node.partition("/")[2]) if self.actor else self._leaders[txn], txn)

    def _strike(self, journal: JournalId, txn: str) -> None:
        assert self.simulation is not None
        simulation, leader = self.simulation, leader_of(self.simulation, journal)
        if leader is not None:
            self.strikes.append(Strike(journal, leader, simulation.world.now_us, txn))
            simulation.world.at(0, lambda: self.harm(simulation, leader))


@dataclass
class Case:
    """A run, by what its trace says."""

    strike: Strike
    outcome: Outcome
    events: list[dict[str, Any]]
    """By their earliest time."""

    def acts(self, *acts: str) -> Iterator[dict[str, Any]]:
        """The events of some kinds."""
        return (event for event in self.events if event["act"] in acts)

    @property
    def acknowledged(self) -> set[str]:
        """What clients were told to be committed, by transaction."""
        return {event["args"]["txn"] for event in self.acts("SnapshotIsolation!Acknowledge")}

    @property
    def durable(self) -> dict[str, int]:
        """The commit time of each transaction that has committed."""
        found = {event["args"]["txn"]: event["args"]["ts"] for event in self.acts("Adjudication!Durable")}
        for event in self.acts("Adjudication!Recover"):
            found.update(event["args"]["kept"])
        return found

    @property
    def resolved(self) -> set[int]:
        """What voters have learnt of the transaction that was struck: commit times, or zero."""
        resolved = self.acts("Commit!Resolve")
        return {event["args"]["ts"] for event in resolved if event["args"]["txn"] == self.strike.txn}

    @property
    def successors(self) -> list[str]:
        """Who has taken the journal over since, in order."""
        return [event["node"] for event in self.since("Adjudication!Recover")]

    def since(self, act: str) -> list[dict[str, Any]]:
        """The events of the struck journal since then."""
        strike = self.strike
        return [e for e in self.acts(act) if e.get("slice") == strike.journal and e["at"][0] > strike.at]

    @property
    def gap_us(self) -> int:
        """How long the journal has committed nothing."""
        first: int = min(event["at"][0] for event in self.since("Adjudication!Durable"))
        return first - self.strike.at


async def _freed(self: Simulation) -> None:
    """After the length of a hold, nobody has one, or waits for votes."""
    await self._sleep(2 * Settings().hold_us + GAP_US)
    for node in (node for nodes in self.layout.candidates.values() for node in nodes):
        role = self.world.role(node)
        assert isinstance(role, Adjudicator)
        assert (role.status()["holds"], role.status()["undecided"]) == (0, 0), node


Run = Callable[[int, Path, Options], Outcome]


def run_with(
    fault: Fault, seed: int, patcher: pytest.MonkeyPatch, trace: Path, options: Options, run: Run = simulate
) -> Case:
    """Run a seed under `fault`; its trace is compared with the specs, unless `run` does otherwise."""
    record, add_nodes, settle = Recorder.record, Simulation._add_nodes, Simulation._settle

    def watched(self: Recorder, action: str, arguments: Mapping[str, object]) -> None:
        record(self, action, arguments)
        fault.look(self._node, action, arguments)

    def noted(self: Simulation) -> None:
        fault.simulation = self
        add_nodes(self)

    async def freed(self: Simulation) -> None:
        await _freed(self)
        await settle(self)

    with patcher.context() as patch:
        patch.setattr(Simulation, "_settle", freed)
        patch.setattr(Recorder, "record", watched)
        patch.setattr(Simulation, "_add_nodes", noted)
        outcome = run(seed, trace, options)
    assert fault.strikes, "a run in which nobody is struck shows nothing"
    lines = (line for file in trace.glob("*.ndjson") for line in file.read_text().splitlines())
    return Case(fault.strikes[0], outcome, sorted(map(json.loads, lines), key=lambda event: event["at"][0]))
