"""Two hundred valid runs of very different size, with crashes and delays: none is refused, by either spec."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from daybreak.base.places import rungs
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options
from tests.support.checked import simulation
from tests.support.tracefiles import is_act, read, write
from tests.unit.tracecheck.synthetic import World
from tracecheck import CONFORMS, Plan, check_all

RUNGS = ("adjudication", "isolation", "commit", "crossregion", "placement")
RUNS = 200
BATCHES = 10
LARGE = 400
"""Transactions of the largest run, some thousands of events."""


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    """Rungs 2, 1, 3, 4 and 6. A synthetic run has adjudicators and clients alone: it is of the first two."""
    assert {rung.name for rung in rungs()} == set(RUNGS)
    of = {rung.name: rung for rung in rungs()}
    return [Plan(of[name].spec, of[name].mapping) for name in RUNGS]


def synthetic(seed: int, directory: Path) -> Path:
    """A run without a system: its size grows with the square of a random number, so that most are small."""
    rng = random.Random(f"synthetic/{seed}")
    transactions = LARGE if seed == 0 else 1 + int(80 * rng.random() ** 2)
    world = World(
        seed,
        processors=rng.randint(1, 6),
        keys=rng.choice([2, 5, 12, 40, 200]),
        hot=rng.choice([1, 2, 4]),
        crashes=rng.random() < 0.7,
    )
    return write(world.run(transactions), directory)


def simulated(seed: int, directory: Path) -> Path:
    """A run of the program itself, in virtual time."""
    rng = random.Random(f"simulated/{seed}")
    options = Options(
        clients=rng.randint(1, 5),
        transactions=rng.randint(1, 12),
        accounts=rng.randint(2, 8),
        adjudicators=1,
        faults=Faults(
            delay_us=(50, rng.choice([500, 3_000, 20_000])),
            spike=rng.choice([0.0, 0.01, 0.1]),
            clock_error_us=rng.choice([10, 300, 5_000]),
            crash_every_us=rng.choice([0, 50_000, 200_000]),
        ),
    )
    directory.mkdir()
    simulation(seed, options, trace=directory, unchecked="the test judges it").run()
    return directory


def runs(batch: int, directory: Path) -> Iterator[tuple[str, Path]]:
    """One batch of the runs, each with its name and its logs."""
    for seed in range(batch, RUNS, BATCHES):
        make = synthetic if seed // BATCHES % 2 == 0 else simulated
        name = f"{make.__name__} {seed}"
        yield name, make(seed, directory / name)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_valid_run_is_refused(batch: int, plans: list[Plan], tmp_path: Path) -> None:
    sizes: set[int] = set()
    for name, logs in runs(batch, tmp_path):
        asked = any(is_act(event, "Ask") for events in read(logs).values() for event in events)
        for result in check_all(plans if asked else plans[:2], [logs]):
            assert result.verdict == CONFORMS, f"{name}, {result.spec}: {result.reason}"
            assert result.events > 0
        sizes.add(sum(map(len, read(logs).values())))
    assert len(sizes) > RUNS // BATCHES // 2, "the runs are of varied size"
    assert max(sizes) > 10 * min(sizes)
