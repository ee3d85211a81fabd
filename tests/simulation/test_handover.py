"""Leaders that hand their journals over while a bank is at work: money is conserved, nothing acknowledged is lost,
every run conforms to the specs, and a journal is without a leader for some round trips instead of a lease."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from daybreak.adjudicator.handover import Handover
from daybreak.adjudicator.messages import TakeLead
from daybreak.adjudicator.settings import Settings
from daybreak.runtime.protocols import Effects, Send
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.distance import WAY_US
from daybreak.simulation.run import Options
from tests.support.checked import check_against_specs, simulate, simulation
from tests.support.tracefiles import read

CALM = Faults(crash_every_us=0, spike=0.0)
FAR = Options(regions=2, transactions=20, handovers_every_us=500_000, faults=CALM)
NEAR = replace(FAR, regions=1, handovers_every_us=100_000)
ROUND_TRIP_US = 2 * WAY_US
GAP_US = 3 * ROUND_TRIP_US
"""Between regions a handover takes two round trips, and something for chance."""
CRASHES = Faults(crash_every_us=200_000, down_us=(5_000, 60_000))
PARTS = Faults(crash_every_us=0, part_every_us=400_000)
EVERYTHING = Faults(
    crash_every_us=600_000, part_every_us=600_000, duplicate=0.1, reorder=0.1, loss=0.02, clock_jump_every_us=300_000
)


def gaps(trace: Path) -> Iterator[int]:
    """For how long a journal was without a leader, each time that another candidate took it over: from the last step
    of the one to the first step of the other."""
    events: dict[str, list[dict[str, Any]]] = {}
    for event in (event for node in read(trace).values() for event in node):
        if event.get("slice") and "epoch" in event:
            events.setdefault(event["slice"], []).append(event)
    for of_journal in events.values():
        of_journal.sort(key=lambda event: (event["epoch"], event["n"]))
        for last, first in pairwise(of_journal):
            if first["act"] == "Adjudication!Recover" and first["node"] != last["node"]:
                yield first["at"][0] - last["at"][0]


def run_seeds(options: Options, directory: Path, seeds: int) -> list[list[int]]:
    """Some runs; the gaps of each."""
    found = []
    for seed in range(seeds):
        ledger = simulate(seed, directory / str(seed), options).ledger
        assert ledger.committed
        found.append([*gaps(directory / str(seed))])
    return found


@pytest.mark.parametrize(("options", "most_us"), [(FAR, GAP_US), (NEAR, 40_000)], ids=["far", "near"])
def test_a_handover_takes_some_round_trips_and_no_lease(options: Options, most_us: int, tmp_path: Path) -> None:
    found = run_seeds(options, tmp_path, 3)
    assert all(found), "leaders moved in every run"
    print(f"the longest gaps: {[max(of_run) / 1_000 for of_run in found]} ms")
    assert max(map(max, found)) < most_us


def test_who_begins_before_the_lease_is_given_back_waits_for_all_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def at_once(self: Handover) -> Effects:
        order, self._order, self._accepted = self._order, None, False
        return [Send(order.message.to, TakeLead(self._leader.epoch, *order.told))] if order is not None else []

    monkeypatch.setattr(Handover, "_try_hand_over", at_once)
    check_against_specs(tmp_path, FAR.adjudicators)
    simulation(1, FAR, trace=tmp_path, unchecked="it is: see the line above").run()
    assert max(gaps(tmp_path)) > Settings().lease_us / 3, "it is safe, and slow"


def test_nodes_that_crash_meanwhile(tmp_path: Path) -> None:
    run_seeds(replace(NEAR, faults=CRASHES), tmp_path, 3)


def test_regions_that_cannot_hear_each_other_meanwhile(tmp_path: Path) -> None:
    run_seeds(replace(FAR, faults=PARTS), tmp_path, 3)


@pytest.mark.parametrize("options", [FAR, NEAR], ids=["far", "near"])
def test_all_of_it_at_once_while_ranges_move(options: Options, tmp_path: Path) -> None:
    run_seeds(replace(options, adjudicators=3, moves_every_us=100_000, faults=EVERYTHING), tmp_path, 2)
