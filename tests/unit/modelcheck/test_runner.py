"""A result is judged by the manifest, and by nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from daybreak.modelcheck.manifest import Model
from daybreak.modelcheck.runner import judge
from daybreak.modelcheck.tlc import Outcome

HOLDS = Model("M", "", 1, "regular", "M.tla", "M.cfg", "holds", 1, distinct=3)
VIOLATES = Model("M", "", 1, "must-fail", "M.tla", "M.cfg", "violates", 1, property="Safe", rules=["P10"], length=2)
SIMULATED = Model("M", "", 1, "regular", "M.tla", "M.cfg", "holds", 1, mode="simulate", traces=7, depth=9)
COVERED = msgspec.structs.replace(HOLDS, coverage=True)


@pytest.mark.parametrize(
    ("model", "outcome"),
    [
        (HOLDS, Outcome("holds", 1.0, distinct=3)),
        (VIOLATES, Outcome("violates", 1.0, property="Safe", distinct=99, length=2)),
        (SIMULATED, Outcome("holds", 1.0, generated=50, traces=7)),
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
        (VIOLATES, {"verdict": "violates", "property": "Safe", "length": 3}, "3 states in the counterexample, not 2"),
        (VIOLATES, {"verdict": "unusable", "reason": "no time"}, "no time"),
        (SIMULATED, {"traces": 6}, "6 random behaviours, not 7"),
        (COVERED, {"taken": {"GrowNoted": 2, "ShrinkNoted": 0}}, "never taken: Shrink"),
        (COVERED, {}, "no action was counted"),
        (COVERED, {"taken": {"NextQuiet": 2, "Grow": 1}}, "actions are not counted one by one inside NextQuiet"),
    ],
)
def test_whatever_differs_is_wrong(model: Model, changed: dict[str, Any], wrong: str) -> None:
    outcome = Outcome("holds", 1.0, distinct=3)
    assert judge(model, msgspec.structs.replace(outcome, **changed)) == wrong
