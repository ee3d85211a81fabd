"""Key ranges that are split, merged and moved at random while a bank is at work: money is conserved, no acknowledged
transfer is lost, and every run conforms to the specs, which `simulate` sees to."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from daybreak.adjudicator.conflicts import History
from daybreak.adjudicator.placement import Placement
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options
from tests.support.checked import simulate, simulation
from tests.support.tracefiles import read

MOVES = Options(adjudicators=4, moves_every_us=10_000)
CRASHES = Faults(crash_every_us=25_000, down_us=(5_000, 60_000))
DUPLICATES = Faults(duplicate=0.2, reorder=0.2)
LOSS = Faults(loss=0.05)
QUIET = Faults(crash_every_us=0)


def run_seeds(options: Options, directory: Path, seeds: int = 4) -> Counter[str]:
    """Some runs; how often each step was taken, and how many transfers committed and failed."""
    count: Counter[str] = Counter()
    for seed in range(seeds):
        outcome = simulate(seed, directory / str(seed), options)
        count.update(committed=len(outcome.ledger.committed), failed=len(outcome.ledger.failed))
        events = (event for events in read(directory / str(seed)).values() for event in events)
        count.update(str(event["act"]).partition("!")[2] for event in events)
    steps = ("Split", "Merge", "Release", "Depart", "Install", "Redirect", "AskAgain", "committed")
    assert all(count[step] for step in steps), count
    return count


def test_ranges_that_move_while_nothing_else_happens(tmp_path: Path) -> None:
    run_seeds(replace(MOVES, faults=QUIET), tmp_path)


def test_messages_that_come_twice_or_late(tmp_path: Path) -> None:
    run_seeds(replace(MOVES, faults=DUPLICATES), tmp_path)


def test_messages_that_are_lost(tmp_path: Path) -> None:
    run_seeds(replace(MOVES, faults=LOSS), tmp_path)


@pytest.mark.parametrize("adjudicators", [2, 4])
def test_owners_that_crash(adjudicators: int, tmp_path: Path) -> None:
    count = run_seeds(replace(MOVES, adjudicators=adjudicators, faults=CRASHES), tmp_path, 6)
    assert count["Seal"] > 6 * adjudicators, "there were successors"


def test_all_of_it_at_once(tmp_path: Path) -> None:
    faults = replace(CRASHES, duplicate=0.1, reorder=0.1, loss=0.02, clock_jump_every_us=100_000)
    run_seeds(replace(MOVES, faults=faults), tmp_path, 6)


# --- must fail ------------------------------------------------------------------------------------------------------


def noticed(options: Options) -> str | None:
    """What the first seed says that notices the bug; None if none does."""
    for seed in range(20):
        try:
            simulation(seed, options, unchecked="it has a bug that is to be noticed").run()
        except AssertionError as error:
            return str(error)
    return None


BUSY = replace(MOVES, accounts=3, clients=6, moves_every_us=4_000, faults=QUIET)


def test_without_a_bug_nothing_is_noticed() -> None:
    assert noticed(BUSY) is None


def test_a_range_without_its_history_must_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(History, "recent", lambda self, has, above, limit: ([], above))
    assert noticed(BUSY) is not None


def test_who_judges_what_it_owns_no_more_must_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Placement, "owns", lambda self, keys: True)
    assert noticed(BUSY) is not None


def test_a_release_in_spite_of_holds_must_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daybreak.adjudicator.holds.Holds.__iter__", lambda self: iter(()))
    assert noticed(BUSY) is not None
