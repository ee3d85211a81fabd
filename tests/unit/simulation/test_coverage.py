"""What a run has exercised of the specs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from daybreak.base.places import rungs
from daybreak.runtime.sim.world import Faults
from daybreak.simulation import coverage as module
from daybreak.simulation.coverage import Coverage, follow, known_actions
from daybreak.simulation.run import Options
from tests.support.checked import simulate, simulation
from tracecheck import CONFORMS, VIOLATES, Plan, Result, check_all

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


def falsify(trace: Path) -> None:
    """Record a run in which a client that was told of its commit is said to have been told of the contrary."""
    simulation(1, CALM, trace=trace, unchecked="it is falsified").run()
    for file in trace.glob("*qp-1.ndjson"):
        text = file.read_text()
        assert "SnapshotIsolation!Acknowledge" in text
        file.write_text(text.replace("SnapshotIsolation!Acknowledge", "SnapshotIsolation!Abort"))


def test_a_falsified_trace_is_refused(tmp_path: Path) -> None:
    falsify(tmp_path)
    assert VIOLATES in [result.verdict for result in follow(plans(), tmp_path).results]


def test_what_is_not_settled_quickly_is_checked_with_the_usual_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A calm run settles with hardly any; of a falsified one the specs that refuse it are asked again."""
    asked: list[Plan] = []

    def again(chosen: Sequence[Plan], logs: Sequence[str | Path]) -> list[Result]:
        asked.extend(chosen)
        return check_all(chosen, logs)

    monkeypatch.setattr(module, "check_all", again)
    falsified = tmp_path / "falsified"
    falsified.mkdir()
    covered(tmp_path / "calm")
    assert asked == []
    falsify(falsified)
    assert VIOLATES in [result.verdict for result in follow(plans(), falsified).results]
    assert asked and set(asked) <= set(plans().values())
