"""Each fuzz target on some hundred inputs of one seed; `python -m tools.fuzz` goes on from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.fuzz.target import Target, search
from tools.fuzz.targets import TARGETS

SEED = 20261124
INPUTS: dict[str, int] = {
    "journal": 300,
    "promises": 200,
    "checkpoints": 200,
    "logs": 100,
    "sql": 400,
    "wire": 100,
    "frames": 150,
    "ranges": 150,
}
"""As many as take about three seconds."""


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_every_input_is_taken_as_it_should_be(target: Target, tmp_path: Path) -> None:
    with target.open(tmp_path) as check:
        tally = search(target, check, number=SEED, inputs=INPUTS[target.name])
    if tally.found is not None:
        raise AssertionError(f"{target.guards}: not so for {tally.found.case!r}") from tally.found.error
    assert tally.inputs >= INPUTS[target.name] // 2, "the search did not stop early"
