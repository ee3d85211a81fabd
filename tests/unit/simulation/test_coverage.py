"""What a run has exercised of the specs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from daybreak.base.places import rungs
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.coverage import Coverage, follow, known_actions
from daybreak.simulation.run import Options
from tests.support.checked import simulate, simulation
from tracecheck import CONFORMS, VIOLATES, Plan

CALM = Options(clients=2, transactions=5, accounts=3, faults=Faults(crash_every_us=0))


@cache
def plans() -> dict[str, Plan]:
    """Of the rungs that are quickest to load."""
    return {rung.name: Plan(rung.spec, rung.mapping) for rung in rungs() if rung.name in ("commit", "isolation")}


def covered(trace: Path, options: Options = CALM, *, states: bool = True) -> Coverage:
    """By a run of seed 1."""
    simulate(1, trace, options)
    return follow(plans(), trace, states=states)


def test_a_run_is_checked_and_its_steps_are_counted(tmp_path: Path) -> None:
    found = covered(tmp_path / "trace")
    assert [result.verdict for result in found.results] == [CONFORMS, CONFORMS]
    assert found.actions["isolation/Begin"] >= CALM.clients * CALM.transactions
    assert found.actions.keys() <= known_actions()
    assert found.pairs["SnapshotIsolation!Begin SnapshotIsolation!Read"] > 0
    assert any(state.startswith("commit/holds=") for state in found.states)


def test_who_does_not_ask_for_states_gets_the_rest(tmp_path: Path) -> None:
    found = covered(tmp_path / "trace")
    assert follow(plans(), tmp_path / "trace", states=False)._replace(states=found.states)[1:] == found[1:]
    assert not follow(plans(), tmp_path / "trace", states=False).states


def test_a_run_that_moves_ranges_comes_where_a_calm_one_does_not(tmp_path: Path) -> None:
    calm = covered(tmp_path / "calm")
    moves = Options(clients=3, transactions=10, moves_every_us=30_000, faults=Faults(crash_every_us=0))
    restless = covered(tmp_path / "restless", moves)
    assert restless.states - calm.states and set(restless.pairs) - set(calm.pairs)
    assert "commit/Install" in restless.actions.keys() - calm.actions.keys()


def test_a_falsified_trace_is_refused(tmp_path: Path) -> None:
    simulation(1, CALM, trace=tmp_path, unchecked="it is falsified").run()
    for file in tmp_path.glob("*qp-1.ndjson"):
        text = file.read_text()
        assert "SnapshotIsolation!Acknowledge" in text
        file.write_text(text.replace("SnapshotIsolation!Acknowledge", "SnapshotIsolation!Abort"))
    assert VIOLATES in [result.verdict for result in follow(plans(), tmp_path).results]
