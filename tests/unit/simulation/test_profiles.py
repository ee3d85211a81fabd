"""Profiles: what a seed is run with depends on nothing else, and swarms differ from each other."""

from __future__ import annotations

from dataclasses import asdict
from random import Random

import pytest

from daybreak.errors import RequestError
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.mixed import KINDS
from daybreak.simulation.profiles import CHANGES, FAULTS, PROFILES, QUIET, draw
from daybreak.simulation.run import Options

SEEDS = range(200)
SOUND = asdict(Faults(**QUIET))
FREQUENT = {"loss", "duplicate", "reorder", *(name for name in SOUND if name.endswith("_every_us"))}
"""The fields of `Faults` that switch a fault on."""


def struck(options: Options) -> set[str]:
    """The faults that a run may meet with."""
    return {name for name, value in asdict(options.faults).items() if name in FREQUENT and value}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_seed_has_its_options(profile: str) -> None:
    drawn = [draw(profile, seed) for seed in SEEDS]
    assert drawn == [draw(profile, seed) for seed in SEEDS]
    sizes = {(o.clients, o.transactions, o.accounts, o.adjudicators) for o in drawn}
    assert len(sizes) > 50
    assert all(options.faults.clock_lie_us == 0 for options in drawn), "what is promised holds for honest clocks only"


def test_profiles_are_what_they_are_called() -> None:
    drawn = {profile: [draw(profile, seed) for seed in SEEDS] for profile in PROFILES}
    assert {name for options in drawn["calm"] for name in struck(options)} == set()
    assert {profile: {options.regions for options in drawn[profile]} for profile in PROFILES} == {
        "calm": {1},
        "swarm": {1},
        "regions": {2},
        "disks": {1},
        "clocks": {1},
        "everything": {1, 2},
    }
    assert all(options.faults.clock_jump_every_us for options in drawn["clocks"])
    for options in drawn["everything"]:
        assert struck(options) == (FREQUENT if options.regions == 2 else FREQUENT - {"part_every_us"})


def test_a_swarm_has_each_fault_with_and_without_each_other() -> None:
    met = [struck(draw("swarm", seed)) for seed in SEEDS]
    kinds = FREQUENT - {"part_every_us"}
    for one in kinds:
        assert any(one not in faults for faults in met)
        for other in kinds - {one}:
            assert any(one in faults and other not in faults for faults in met), f"{one} without {other}"
            assert any({one, other} <= faults for faults in met), f"{one} with {other}"


def test_a_third_of_the_runs_are_banks_and_the_others_do_everything_or_something() -> None:
    mixes = [draw("swarm", seed).mix for seed in SEEDS]
    banks, whole = mixes.count(None), sum(mix is not None and mix.kinds == () for mix in mixes)
    assert len(SEEDS) / 5 < banks < len(SEEDS) / 2
    assert len(SEEDS) / 5 < whole < len(SEEDS) / 2
    assert {kind for mix in mixes if mix is not None for kind in mix.kinds} == KINDS.keys()


@pytest.mark.parametrize("kind", FAULTS)
def test_a_kind_of_fault_makes_a_run_another_one(kind: str) -> None:
    drawn = {Faults(**{**QUIET, **FAULTS[kind](Random(seed))}) for seed in SEEDS}
    assert len(drawn) > 1 and drawn != {Faults(**QUIET)}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_kind_of_change_makes_a_run_another_one(kind: str) -> None:
    assert {Options(**CHANGES[kind](Random(seed))) for seed in SEEDS} != {Options()}


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(RequestError, match="'storm' is no profile: calm, swarm, regions, disks, clocks, everything"):
        draw("storm", 1)
