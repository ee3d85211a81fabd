"""Accepted runs, written out as behaviours, are re-checked by plain TLC; spoilt ones are refused by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from daybreak.base.places import rungs
from daybreak.simulation.run import Options
from tests.support.checked import simulation
from tests.support.tracefiles import ADJUDICATOR, Trace, read
from tracecheck import CONFORMS, Plan, check_all
from tracecheck.certificate import Run, recheck, runs_of, write
from tracecheck.feed import ordered
from tracecheck.read import log_files

RUNS = 5
"""Of each of the two specs."""
STEPS = 60
RUNGS = {rung.name: rung for rung in rungs()}


@pytest.fixture(scope="module", params=["adjudication", "isolation"])
def plan(request: pytest.FixtureRequest) -> Plan:
    rung = RUNGS[request.param]
    return Plan(rung.spec, rung.mapping)


@pytest.fixture(scope="module")
def runs(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """The runs of some seeds, each accepted."""
    found = []
    for seed in range(RUNS):
        directory = tmp_path_factory.mktemp("run")
        simulation(seed, Options(transactions=5, adjudicators=1), trace=directory, unchecked="it is judged here").run()
        (result,) = check_all([plan], [directory])
        assert result.verdict == CONFORMS, result.reason
        accepted = [part.name for part in result.slices]
        found += runs_of(plan, ordered(log_files([directory])), accepted=accepted, most_steps=STEPS)
    return found


def test_accepted_runs_are_behaviours_for_tlc_too(plan: Plan, runs: list[Run], tmp_path: Path) -> None:
    assert len(runs) == RUNS and all(20 < run.events <= STEPS for run in runs)
    again = recheck(write(plan, runs, tmp_path))
    assert again.ok, again.output
    # One for each state of each run, and one more where each has not begun.
    assert again.states == sum(len(run.steps) + 2 for run in runs)


# --- spoilt certificates ------------------------------------------------------------------------------------------


def another_value(text: str, run: Run) -> str:
    """In the state after the twentieth step, or the next one that has a time in it, a variable has another value."""
    for number in range(20, len(run.steps)):
        head, step, rest = text.partition(f"Certificate_1_{number} ==")
        change, _, after = rest.partition("UNCHANGED")
        spoilt = re.sub(r"(\d+)>>", lambda found: f"{int(found[1]) + 1}>>", change, count=1)
        if spoilt != change:
            return f"{head}{step}{spoilt}UNCHANGED{after}"
    return text


def another_beginning(text: str, run: Run) -> str:
    """The first state is none of the spec's."""
    return text.replace("= <<0, 0>>", "= <<0, 1>>", 1)


def a_step_left_out(text: str, run: Run) -> str:
    """Where a transaction commits or begins, the step after it follows at once."""
    number = next(i for i, step in enumerate(run.steps, 1) if step.leaf.action in ("Commit", "Begin"))
    after = f"{number + 1}"
    return text.replace(f"= {number} /\\ Certificate_1_{number}\n", f"= {number} /\\ Certificate_1_{after}\n")


@pytest.mark.parametrize("spoil", [another_value, another_beginning, a_step_left_out])
def test_a_spoilt_certificate_is_refused(
    spoil: Callable[[str, Run], str], plan: Plan, runs: list[Run], tmp_path: Path
) -> None:
    module = write(plan, runs[:1], tmp_path)
    text = module.read_text()
    spoilt = spoil(text, runs[0])
    assert spoilt != text
    module.write_text(spoilt)
    again = recheck(module)
    assert not again.ok
    assert "Deadlock reached" in again.output, again.output


def test_a_certificate_has_all_that_it_needs(plan: Plan, runs: list[Run], tmp_path: Path) -> None:
    module = write(plan, runs[:2], tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"Certificate.tla", "Certificate.cfg", "Times.tla"}
    assert f"Run 1 of slice {runs[0].slice}" in module.read_text() or runs[0].slice is None
    assert f"{runs[0].events} of {runs[0].total} events" in module.read_text()


def test_slices_that_are_not_accepted_have_no_run(plan: Plan, tmp_path: Path) -> None:
    simulation(0, Options(transactions=2, adjudicators=1), trace=tmp_path, unchecked="a run like those above").run()
    trace: Trace = read(tmp_path)
    assert trace[ADJUDICATOR]
    assert runs_of(plan, ordered(log_files([tmp_path])), accepted=["another"]) == []
