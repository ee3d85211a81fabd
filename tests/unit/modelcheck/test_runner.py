"""A result is judged by the manifest, and by nothing else."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest
from rich.console import Console

from daybreak.modelcheck.manifest import Model
from daybreak.modelcheck.messages import Step
from daybreak.modelcheck.report import changes, counterexample
from daybreak.modelcheck.runner import Result, judge
from daybreak.modelcheck.tlc import Outcome

HOLDS = Model("M", "", 1, "regular", "M.tla", "M.cfg", "holds", 1, distinct=3)
VIOLATES = Model("M", "", 1, "must-fail", "M.tla", "M.cfg", "violates", 1, property="Safe")
COVERED = msgspec.structs.replace(HOLDS, coverage=True)


@pytest.mark.parametrize(
    ("model", "outcome"),
    [
        (HOLDS, Outcome("holds", 1.0, distinct=3)),
        (VIOLATES, Outcome("violates", 1.0, property="Safe", distinct=99)),
        (COVERED, Outcome("holds", 1.0, distinct=3, taken={"GrowNoted": 2})),
    ],
)
def test_what_the_manifest_says_is_right(model: Model, outcome: Outcome) -> None:
    assert judge(model, outcome) == ""


@pytest.mark.parametrize(
    ("model", "changed", "wrong"),
    [
        (HOLDS, {"distinct": 4}, "4 distinct states, not 3"),
        (HOLDS, {"verdict": "violates", "property": "Safe"}, "violates Safe"),
        (HOLDS, {"verdict": "failed", "reason": "no memory"}, "no memory"),
        (VIOLATES, {}, "holds"),
        (VIOLATES, {"verdict": "violates", "property": "Other"}, "violates Other"),
        (COVERED, {"taken": {"GrowNoted": 2, "ShrinkNoted": 0}}, "never taken: Shrink"),
        (COVERED, {}, "no action was counted"),
    ],
)
def test_whatever_differs_is_wrong(model: Model, changed: dict[str, Any], wrong: str) -> None:
    outcome = Outcome("holds", 1.0, distinct=3)
    assert judge(model, msgspec.structs.replace(outcome, **changed)) == wrong


def test_a_step_shows_only_what_it_changed() -> None:
    step = Step(2, "Grow", {"x": "2", "y": "1"})
    assert changes({"x": "1", "y": "1"}, step) == ["x = 2"]
    assert changes({}, step) == ["x = 2", "y = 1"]


def test_a_record_in_a_counterexample_is_shown_as_it_is() -> None:
    outcome = Outcome("violates", 1.0, property="Safe", steps=[Step(1, "GrowNoted", {"x": "[txn |-> 1]"})])
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(counterexample(Result(HOLDS, outcome, "violates Safe")))
    shown = console.export_text()
    assert "x = [txn |-> 1]" in shown
    assert " Grow " in shown
