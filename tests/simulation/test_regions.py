"""Two regions and a witness in virtual time, far from each other and cut off from each other: money is conserved,
nothing acknowledged is lost, and every run conforms to the specs, which `run_seeds` sees to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from daybreak.base.ids import NodeId
from daybreak.base.topology import region_of
from daybreak.cluster import process_of
from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Message
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options, Simulation
from tests.support.checked import check_against_specs, simulation

SEEDS = 8
CALM = Faults(crash_every_us=0, spike=0.0)
CRASHES = Faults(crash_every_us=400_000)
PARTS = Faults(crash_every_us=0, part_every_us=400_000)
EVERYTHING = Faults(
    crash_every_us=600_000, part_every_us=600_000, duplicate=0.1, reorder=0.1, loss=0.02, clock_jump_every_us=300_000
)


def run_seeds(faults: Faults, directory: Path, moves_every_us: int = 0) -> list[Simulation]:
    """Some runs, with commits in both regions."""
    runs = []
    for seed in range(SEEDS):
        settings = Options(regions=2, transactions=20, faults=faults, moves_every_us=moves_every_us)
        trace = directory / str(seed)
        trace.mkdir()
        check_against_specs(trace, settings.adjudicators)
        run = simulation(seed, settings, trace=trace, unchecked="it is: see the line above")
        try:
            ledger = run.run().ledger
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
        committed = {int(name.partition(".")[0]) % 2 for name in ledger.committed}
        assert committed == {0, 1}, "each client has its own region"
        runs.append(run)
    return runs


def test_regions_that_are_far_from_each_other(tmp_path: Path) -> None:
    assert all(not run.ledger.unknown for run in run_seeds(CALM, tmp_path))


def test_nodes_that_crash(tmp_path: Path) -> None:
    run_seeds(CRASHES, tmp_path)


def test_regions_that_cannot_hear_each_other(tmp_path: Path) -> None:
    assert sum(run.world.strikes.counts["part"] for run in run_seeds(PARTS, tmp_path)) > 2 * SEEDS


def test_everything_at_once_while_ranges_move(tmp_path: Path) -> None:
    run_seeds(EVERYTHING, tmp_path, moves_every_us=300_000)


# --- what crosses between regions ---------------------------------------------------------------------------------


class Crossings:
    """Messages of query processors to other regions, by what their transaction was doing."""

    def __init__(self, run: Simulation) -> None:
        self._world = run.world
        self.counts: Counter[str] = Counter()
        run.world.on_send = self._sent

    def _sent(self, source: NodeId, to: NodeId, message: Message) -> None:
        role = self._world.role(source)
        if not isinstance(role, QueryProcessor):
            return
        near = region_of(process_of(source)) == region_of(process_of(to))
        phase = role.transaction.phase if role.active is not None else "over"
        self.counts[f"{'near' if near else 'far'} {phase} {type(message).__name__}"] += 1


def test_before_commit_nothing_leaves_the_region() -> None:
    run = simulation(1, Options(regions=2, transactions=20, faults=CALM), unchecked="another test runs it")
    crossings = Crossings(run)
    ledger = run.run().ledger
    assert ledger.audits and ledger.committed
    far = {what: count for what, count in crossings.counts.items() if what.startswith("far")}
    assert far, "commits have owners elsewhere"
    asking = {f"far committing {name}" for name in ("CommitRequest", "VoteRequest", "AskOutcome")}
    after = {"far over WhoLeads"}
    assert far.keys() <= asking | after
    assert crossings.counts["near running ReadKeys"] > 50


def test_the_count_sees_a_read_of_the_other_region_s_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    run = simulation(1, Options(regions=2, faults=CALM), unchecked="it reads from elsewhere")
    monkeypatch.setattr(run.layout, "storages_from", lambda region: run.layout.storages)
    crossings = Crossings(run)
    run.run()
    assert crossings.counts["far running ReadKeys"]
