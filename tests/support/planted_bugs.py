"""Bugs of the bank whose runs a spec refuses: which one it is, and the faults that bring them to light."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options, Simulation
from tools.bugbank.bank import BANK, planted


@dataclass(frozen=True)
class Planted:
    """A bug by its name, none if that is empty, and the spec that must refuse what comes of it."""

    name: str
    rung: str
    clock_error_us: int = 300
    cut_every_us: int = 0
    """Mean time between two candidates that are cut off."""


PLANTED = (
    Planted("updates_do_not_conflict", "adjudication"),
    Planted("floor_is_not_raised", "adjudication"),
    Planted("promise_is_broken", "adjudication"),
    Planted("lease_is_used_before_it_is_durable", "adjudication", cut_every_us=200_000),
    Planted("heartbeat_passes_records", "adjudication"),
    Planted("lease_is_not_inherited", "adjudication"),
    Planted("history_forgets_old_keys", "adjudication"),
    Planted("acknowledged_before_the_sync", "crossregion"),
    Planted("one_promise_is_enough", "crossregion"),
    Planted("one_zone_is_enough", "crossregion"),
    Planted("lease_is_not_waited_for", "crossregion"),
    Planted("recovery_forgets_records", "isolation"),
    Planted("acknowledged_before_durable", "isolation"),
    Planted("aborted_after_commit", "isolation"),
    Planted("no_commit_wait", "isolation", clock_error_us=20_000),
    Planted("writers_commit_as_readers", "isolation"),
    Planted("snapshots_are_of_the_past", "isolation"),
    Planted("newest_version_is_served", "isolation"),
    Planted("a_write_is_lost", "isolation"),
)


def record(bug: Planted, seed: int, directory: Path) -> None:
    """Run the cluster with the bug in it, as far as it gets, and leave its trace in `directory`."""
    with planted(BANK[bug.name]) if bug.name else nullcontext():
        faults = Faults(clock_error_us=bug.clock_error_us, cut_every_us=bug.cut_every_us)
        simulation = Simulation(seed, Options(adjudicators=1, faults=faults), trace=directory)
        # A client, or a role's own invariants, may notice too; the trace ends there.
        with suppress(AssertionError, KeyError):
            simulation.run()
