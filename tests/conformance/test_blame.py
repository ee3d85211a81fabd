"""Bugs planted in Daybreak: the first sentence of each report names the event, the action and the false condition.

The sentences are in `tests/golden/blame`, one file per bug.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from daybreak.base.places import rungs
from tests.support.golden import GOLDEN, golden
from tests.support.planted_bugs import PLANTED, Planted, record
from tracecheck import CONFORMS, VIOLATES, Plan, Result, check_all
from tracecheck.minimise import minimise, part_of

ROOT = Path(__file__).parents[2]
RUNGS = {rung.name: rung for rung in rungs()}


SEEDS = range(24)
"""Tried in turn until a run shows the bug: which one does changes with every change of what is simulated."""
STEPS = 200_000
"""Of the search for a smaller part: more than a user waits for, so that whether it ends depends on no seed."""
BLAME = re.compile(
    r"\w+?_(?P<role>[a-z]+)-\d+\.ndjson:\d+: (?P<event>\w+)\(.*\) by \S+: "
    r"not allowed, for \"(?P<condition>.*)\""
    r"(?P<truth>(?:, which Next demands,)? is false| is true and must not be) \(.*\)"
    r"(?P<within>, in \".*\")?, (?P<place>specs/\S+:\d+)\.\n"
)
"""What of a sentence does not depend on the seed."""


class Caught(NamedTuple):
    """The first run with the bug that its spec refuses."""

    trace: Path
    result: Result


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    return {name: Plan(RUNGS[name].spec, RUNGS[name].mapping) for name in {bug.rung for bug in PLANTED}}


@pytest.fixture(scope="module")
def catch(plans: dict[str, Plan], tmp_path_factory: pytest.TempPathFactory) -> Callable[[Planted], Caught]:
    @cache
    def caught(bug: Planted) -> Caught:
        for seed in SEEDS:
            trace = tmp_path_factory.mktemp(bug.name)
            record(bug, seed, trace)
            (result,) = check_all([plans[bug.rung]], [trace])
            if result.verdict == VIOLATES:
                return Caught(trace, result)
        pytest.fail(f"no run of {len(SEEDS)} shows {bug.name}")

    return caught


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: str(bug.name))
def test_the_first_sentence_names_event_action_and_condition(bug: Planted, catch: Callable[[Planted], Caught]) -> None:
    trace, result = catch(bug)
    sentence = result.reason.replace(f"{trace}/", "").replace(f"{ROOT}/", "") + "\n"
    said, expected = BLAME.fullmatch(sentence), BLAME.fullmatch(golden(f"blame/{bug.name}.txt", sentence))
    assert said and expected, sentence
    assert said.groupdict() == expected.groupdict()


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: str(bug.name))
def test_a_part_of_the_trace_that_cannot_be_made_smaller_shows_the_same(
    bug: Planted, plans: dict[str, Plan], catch: Callable[[Planted], Caught]
) -> None:
    trace, result = catch(bug)
    plan, rejected = plans[bug.rung], result.rejection
    assert rejected is not None
    entries = part_of(plan, [trace], rejected)
    small = minimise(plan, rejected, entries, most_steps=STEPS)
    assert small is not None
    assert small.smallest and len(small.steps) + small.dropped == len(entries)
    assert (small.steps[-1].file, small.steps[-1].line) == (rejected.file, rejected.line)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_without_a_bug_such_runs_conform(seed: int, plans: dict[str, Plan], tmp_path: Path) -> None:
    record(Planted("", "", cut_every_us=200_000), seed, tmp_path)
    for result in check_all(list(plans.values()), [tmp_path]):
        assert result.verdict == CONFORMS, result.reason


@pytest.mark.parametrize("bug", [bug for bug in PLANTED if bug.rung == "crossregion"], ids=lambda bug: str(bug.name))
def test_what_is_wrong_with_a_journal_no_other_rung_sees(
    bug: Planted, plans: dict[str, Plan], catch: Callable[[Planted], Caught]
) -> None:
    others = [plan for name, plan in plans.items() if name != bug.rung]
    assert [result.verdict for result in check_all(others, [catch(bug).trace])] == [CONFORMS] * len(others)


def test_every_golden_sentence_is_of_a_bug() -> None:
    assert {path.stem for path in (GOLDEN / "blame").glob("*.txt")} == {bug.name for bug in PLANTED}
