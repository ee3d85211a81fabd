"""Three hundred seeds, over all profiles: no judge finds anything.

`daybreak simulate` runs as many as one likes; what it prints for a seed that fails is printed here too.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from daybreak.simulation.profiles import PROFILES, draw
from daybreak.simulation.trial import run_trial

SEEDS = {"calm": 20, "swarm": 120, "regions": 50, "disks": 40, "clocks": 40, "everything": 30}
BATCH = 10
BATCHES = [(profile, first) for profile, seeds in SEEDS.items() for first in range(0, seeds, BATCH)]


@pytest.mark.parametrize(("profile", "first"), BATCHES)
def test_no_judge_finds_anything(profile: str, first: int, tmp_path: Path) -> None:
    committed, faults, actions = 0, Counter[str](), Counter[str]()
    for seed in range(first, first + BATCH):
        verdict = run_trial(seed, draw(profile, seed), tmp_path / str(seed), states=False)
        assert verdict.clean, f"daybreak simulate --profile {profile} --seed {seed}: {verdict.findings}"
        committed += verdict.committed
        faults += verdict.faults
        actions += verdict.actions
    assert committed > BATCH and actions["commit/Decide"], "a batch in which nothing happens shows nothing"
    assert bool(faults) == (profile != "calm")


def test_there_are_three_hundred_over_all_profiles() -> None:
    assert SEEDS.keys() == PROFILES.keys()
    assert sum(SEEDS.values()) >= 300
