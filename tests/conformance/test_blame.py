"""Bugs planted in Daybreak: the first sentence of each report names the event, the action and the false condition.

The sentences are in `tests/golden/blame`, one file per bug.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.base.places import rungs
from tests.support.golden import GOLDEN, golden
from tests.support.planted_bugs import PLANTED, Planted, record
from tracecheck import CONFORMS, VIOLATES, Plan, Result, check_all
from tracecheck.minimise import minimise, part_of

ROOT = Path(__file__).parents[2]
RUNGS = {rung.name: rung for rung in rungs()}


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    return {name: Plan(RUNGS[name].spec, RUNGS[name].mapping) for name in {bug.rung for bug in PLANTED}}


def checked(bug: Planted, plans: dict[str, Plan], directory: Path) -> Result:
    """The check of a run with the bug, by the spec that must refuse it."""
    record(bug, directory)
    (result,) = check_all([plans[bug.rung]], [directory])
    return result


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: str(bug.name))
def test_the_first_sentence_names_event_action_and_condition(
    bug: Planted, plans: dict[str, Plan], tmp_path: Path
) -> None:
    result = checked(bug, plans, tmp_path)
    assert result.verdict == VIOLATES, result.reason
    sentence = result.reason.replace(f"{tmp_path}/", "").replace(f"{ROOT}/", "")
    assert f"{sentence}\n" == golden(f"blame/{bug.name}.txt", f"{sentence}\n")


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: str(bug.name))
def test_a_part_of_the_trace_that_cannot_be_made_smaller_shows_the_same(
    bug: Planted, plans: dict[str, Plan], tmp_path: Path
) -> None:
    plan, rejected = plans[bug.rung], checked(bug, plans, tmp_path).rejection
    assert rejected is not None
    entries = part_of(plan, [tmp_path], rejected)
    small = minimise(plan, rejected, entries)
    assert small is not None
    assert small.smallest and len(small.steps) + small.dropped == len(entries)
    assert (small.steps[-1].file, small.steps[-1].line) == (rejected.file, rejected.line)


def test_without_a_bug_the_same_runs_conform(plans: dict[str, Plan], tmp_path: Path) -> None:
    for seed in {bug.seed for bug in PLANTED}:
        directory = tmp_path / str(seed)
        directory.mkdir()
        record(Planted(lambda patch: None, "", seed), directory)
        for result in check_all(list(plans.values()), [directory]):
            assert result.verdict == CONFORMS, f"seed {seed}: {result.reason}"


@pytest.mark.parametrize("bug", [bug for bug in PLANTED if bug.rung == "crossregion"], ids=lambda bug: str(bug.name))
def test_what_is_wrong_with_a_journal_no_other_rung_sees(bug: Planted, plans: dict[str, Plan], tmp_path: Path) -> None:
    record(bug, tmp_path)
    others = [plan for name, plan in plans.items() if name != bug.rung]
    assert [result.verdict for result in check_all(others, [tmp_path])] == [CONFORMS] * len(others)


def test_every_golden_sentence_is_of_a_bug() -> None:
    assert {path.stem for path in (GOLDEN / "blame").glob("*.txt")} == {bug.name for bug in PLANTED}
