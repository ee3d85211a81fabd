"""The balancer at work: what is busy is split and moved, what is idle is merged but where an operator has split it, and
leaders go where transactions come from and stay there. Nothing acknowledged is lost, and every run conforms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.messages import SplitRange
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.time import SECOND_US
from daybreak.control.balancer import Settings
from daybreak.control.leading import Settings as LeadingSettings
from daybreak.runtime.protocols import Send
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options, Simulation
from tests.support.checked import check_against_specs, simulation
from tests.support.tracefiles import read

CALM = Faults(crash_every_us=0, spike=0.0)
STAY = LeadingSettings(share=0)
EAGER = Settings(split_above=8, look_us=500_000, cold_looks=4, rest_us=500_000, leading=STAY)
FOLLOWING = Settings(split_above=0, look_us=500_000, leading=LeadingSettings(looks=3))
ONE_REGION = Options(adjudicators=3, transactions=30, faults=CALM, balancer=EAGER)
FROM_B = Options(regions=2, clients=1, transactions=60, faults=CALM, balancer=FOLLOWING)
"""The only client is in B."""
FROM_BOTH = Options(regions=2, clients=4, transactions=60, faults=CALM, balancer=FOLLOWING)
OPERATORS, NOBODYS = b"\xf0", b"\xf8"
"""Where ranges without any keys begin: one that an operator has split off, and one that nobody wants."""
IDLE_US = 7 * SECOND_US


def prepared(options: Options, trace: Path, seed: int = 1) -> Simulation:
    """A cluster whose runs are compared with the specs."""
    check_against_specs(trace, options.adjudicators)
    return simulation(seed, options, trace=trace, unchecked="it is: see the line above")


def steps(trace: Path) -> list[dict[str, Any]]:
    """All events, in the order of their times."""
    events = (event for node in read(trace).values() for event in node)
    return sorted(events, key=lambda event: event["at"][0])


def takeovers(trace: Path, journal: str) -> list[str]:
    """Who has led a journal, in order."""
    found = [event for event in steps(trace) if event["act"] == "Adjudication!Recover"]
    return [event["node"] for event in found if event["slice"] == journal]


def rest_before_the_end(patcher: pytest.MonkeyPatch) -> None:
    """Leave the cluster alone for some time when all clients have finished."""
    settle = Simulation._settle

    async def rested(self: Simulation) -> None:
        await self._sleep(IDLE_US)
        await settle(self)

    patcher.setattr(Simulation, "_settle", rested)


def test_ranges_are_split_and_moved_while_busy_and_merged_when_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_before_the_end(monkeypatch)
    run = prepared(ONE_REGION, tmp_path)
    balancer, leader = run.layout.balancers[0], run.layout.candidates[JournalId("adj-2")][0]

    def split() -> None:
        for number, (at, kept) in enumerate(((OPERATORS, True), (NOBODYS, False))):
            run.world.perform(balancer, [Send(leader, SplitRange(number, at, kept))])

    run.world.at(SECOND_US, split)
    assert run.run().ledger.committed
    events = steps(tmp_path)
    cut, merged = (
        {e["args"]["at"] for e in events if e["act"] == act} for act in ("Placement!Split", "Placement!Merge")
    )
    assert cut - {OPERATORS.hex(), NOBODYS.hex()}, "busy ones were cut by the balancer"
    assert [event for event in events if event["act"] == "Placement!Install"], "and moved"
    assert NOBODYS.hex() in merged
    assert OPERATORS.hex() in cut - merged


def test_a_leader_goes_where_its_transactions_come_from_and_stays(tmp_path: Path) -> None:
    prepared(FROM_B, tmp_path).run()
    assert takeovers(tmp_path, "adj-0") == ["A1/adj-0", "B1/adj-0"]
    assert takeovers(tmp_path, "adj-1") == ["B1/adj-1"]


def test_a_region_that_is_lost_and_returns_has_no_leader_run_to_and_fro(tmp_path: Path) -> None:
    run = prepared(FROM_BOTH, tmp_path)
    lost = [NodeId(f"B1/adj-{number}") for number in range(2)]

    def restart() -> None:
        for node in lost:
            run.world.restart(node)

    def crash() -> None:
        for node in lost:
            run.world.crash(node)
        run.world.at(5 * SECOND_US, restart)

    run.world.at(3 * SECOND_US, crash)
    assert run.run().ledger.committed
    assert takeovers(tmp_path, "adj-0") == ["A1/adj-0"]
    assert takeovers(tmp_path, "adj-1") == ["B1/adj-1", "A1/adj-1"]
    roles = [run.world.role(node) for node in lost]
    assert all(isinstance(role, Adjudicator) and not role.serving for role in roles), "they are back"
