"""One fault at a time, and all at once, in whole clusters: money is conserved, nothing acknowledged is lost, and every
run conforms to the specs, which `simulate` sees to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.undecided import Outcomes
from daybreak.base.ids import NodeId
from daybreak.base.time import Interval, Timestamp
from daybreak.journal.replica import Journal
from daybreak.runtime.protocols import Effects, Synced, SyncFailed
from daybreak.runtime.sim.disk import SimDisk
from daybreak.runtime.sim.world import Faults
from daybreak.runtime.timeline import Timeline
from daybreak.simulation.run import Options, Simulation
from tests.support.checked import check_against_specs, simulation

SEEDS = 8

DUPLICATES = Faults(duplicate=0.2)
REORDERING = Faults(reorder=0.2)
LOSS = Faults(loss=0.05)
ROT = Faults(rot_every_us=50_000)
FULL_DISKS = Faults(disk_full_every_us=60_000)
FAILING_SYNCS = Faults(sync_error_every_us=100_000)
JUMPING_CLOCKS = Faults(clock_jump_every_us=50_000)
EVERYTHING = Faults(
    duplicate=0.1,
    reorder=0.1,
    loss=0.02,
    rot_every_us=50_000,
    disk_full_every_us=60_000,
    sync_error_every_us=100_000,
    clock_jump_every_us=100_000,
)


def run_seeds(faults: Faults, directory: Path) -> list[Simulation]:
    """Some runs, with commits."""
    runs, committed = [], 0
    for seed in range(SEEDS):
        trace = directory / str(seed)
        trace.mkdir()
        check_against_specs(trace, Options().adjudicators)
        run = simulation(seed, Options(faults=faults), trace=trace, unchecked="it is: see the line above")
        try:
            outcome = run.run()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
        committed += len(outcome.ledger.committed)
        runs.append(run)
    assert committed, "runs in which nothing happens show nothing"
    return runs


def count(run: Simulation, fault: str) -> int:
    """How often a kind of fault has happened in a run."""
    return run.world.strikes.counts[fault]


def test_messages_that_arrive_twice(tmp_path: Path) -> None:
    run_seeds(DUPLICATES, tmp_path)


def test_messages_that_overtake_each_other(tmp_path: Path) -> None:
    run_seeds(REORDERING, tmp_path)


def test_messages_that_are_lost(tmp_path: Path) -> None:
    run_seeds(LOSS, tmp_path)


def test_a_disk_that_spoils_what_it_holds(tmp_path: Path) -> None:
    assert all(count(run, "rot") for run in run_seeds(ROT, tmp_path))


def test_disks_that_are_full_now_and_then(tmp_path: Path) -> None:
    assert all(count(run, "disk_full") for run in run_seeds(FULL_DISKS, tmp_path))


def test_syncs_that_fail(tmp_path: Path) -> None:
    assert all(count(run, "sync_error") for run in run_seeds(FAILING_SYNCS, tmp_path))


def test_clocks_that_jump_an_hour(tmp_path: Path) -> None:
    assert all(count(run, "clock_jump") for run in run_seeds(JUMPING_CLOCKS, tmp_path))


def test_every_fault_at_once(tmp_path: Path) -> None:
    run_seeds(EVERYTHING, tmp_path)


def fill(begin: Callable[[], None], disks: Mapping[NodeId, SimDisk]) -> None:
    """Let the trouble begin, with disks that have no space from then on."""
    begin()
    for disk in disks.values():
        disk.capacity = 0


def test_full_disks_refuse_commits_with_a_known_outcome_and_serve_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all zones full from the start, and no other faults, no client is left in doubt and audits go on: leases need
    little of the segment that is open."""
    options = Options(transactions=40, segment_bytes=64 * 1024, faults=Faults(crash_every_us=0))
    run = simulation(1, options, unchecked="others are, with faults")
    for journal, trouble in run.troubles.items():
        monkeypatch.setattr(trouble, "begin", partial(fill, trouble.begin, run.disks[journal]))
    ledger = run.run().ledger
    assert ledger.failed and ledger.audits
    assert ledger.unknown == set()


# --- must fail ---------------------------------------------------------------------------------------------------


def noticed(faults: Faults, seeds: int = 40, **options: int) -> str | None:
    """What the first seed says that notices the bug; None if none does."""
    for seed in range(seeds):
        try:
            settings = replace(Options(faults=faults), **options)  # type: ignore[arg-type]
            simulation(seed, settings, unchecked="it has a bug that is to be noticed").run()
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return None


def test_a_request_that_is_decided_twice_must_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Outcomes, "get", lambda self, txn: None)
    monkeypatch.setattr(Adjudicator, "check_invariants", lambda self: None)
    said = str(noticed(DUPLICATES))
    assert "failed but there" in said or "accounts with" in said, "a transfer that was refused has happened"


def test_a_replica_that_takes_a_failed_sync_for_a_good_one_must_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the vouchers, which tell of the loss when it starts again: they are left out of account here."""
    often = replace(FAILING_SYNCS, sync_error_every_us=5_000, crash_every_us=20_000)
    monkeypatch.setattr(Journal, "whole", True)
    assert noticed(often) is None

    def pretend(self: Journal, source: object, message: SyncFailed) -> Effects:
        return self.on_synced(self.node, Synced(message.token))

    monkeypatch.setattr(Journal, "on_sync_failed", pretend)
    assert noticed(often, seeds=120) is not None


def test_a_replica_that_promises_although_it_lost_entries_must_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "whole", True)
    assert noticed(replace(ROT, rot_every_us=5_000, crash_every_us=15_000)) is not None


def test_a_clock_that_believes_every_jump_must_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def believe(self: Timeline, reading: int, steady: int, apart: int = 0) -> Interval:
        return Interval(Timestamp(reading // 1_000 - 300), Timestamp(reading // 1_000 + 300))

    monkeypatch.setattr(Timeline, "at", believe)
    assert noticed(JUMPING_CLOCKS) is not None
