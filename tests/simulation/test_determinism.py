"""A seed gives the same run, byte for byte: whatever the hash seed of the process is, recorded or not.

Fifty seeds, ten of each mix of faults. What every node hears, and every step that one takes, stands in a stream; of the
recorded runs the traces are compared as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.replay import MIXES

SEEDS = range(10)
RUNS = (("1", "on"), ("2", "on"), ("3", "off"))
"""The hash seed, and whether the run is recorded."""


IN_ORDER_OF_HASHES = """
from daybreak.runtime.sim.world import World
perform = World.perform
World.perform = lambda world, node, effects: perform(world, node, sorted(effects, key=lambda e: hash(repr(e))))
"""
READERS_MOVE_CLOCKS = """
from daybreak.runtime.sim.world import SimClock
from daybreak.runtime.timeline import Timeline
begin = SimClock.__init__
def begun(clock, world, error_us, bound_us):
    begin(clock, world, error_us, bound_us)
    clock._timeline = Timeline(bound_us)
SimClock.__init__ = begun
SimClock.jumped_us = SimClock.jumped_us.setter(lambda clock, us: setattr(clock, "_jumped_us", us))
"""


def replay(mix: str, directory: Path, hash_seed: str, log: str, *, seeds: range = SEEDS, plant: str = "pass") -> Path:
    """Run seeds in a process of its own, with a bug in it if there is one to `plant`."""
    path = directory / f"{hash_seed}-{log}"
    path.mkdir()
    script = f"{plant}\nfrom tests.support.replay import main\nmain()"
    subprocess.run(
        [sys.executable, "-c", script, mix, str(path), log, *map(str, seeds)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    return path


def files(directory: Path, suffix: str) -> dict[str, list[bytes]]:
    """The lines of all files with a suffix, by name."""
    found = sorted(directory.rglob(f"*{suffix}"))
    return {str(path.relative_to(directory)): path.read_bytes().splitlines() for path in found}


def first_difference(one: dict[str, list[bytes]], other: dict[str, list[bytes]]) -> str | None:
    """Where two sets of files part; None if they are the same."""
    if one.keys() != other.keys():
        return f"only one of them has {sorted(one.keys() ^ other.keys())}"
    for name, lines in one.items():
        if lines != other[name]:
            number = next(
                (i for i, (a, b) in enumerate(zip(lines, other[name], strict=False)) if a != b),
                min(len(lines), len(other[name])),
            )
            return f"{name}:{number + 1}: {lines[number : number + 1]} or {other[name][number : number + 1]}"
    return None


@pytest.mark.parametrize("mix", MIXES)
def test_a_seed_gives_the_same_events_byte_for_byte(mix: str, tmp_path: Path) -> None:
    recorded, again, unrecorded = (replay(mix, tmp_path, *run) for run in RUNS)
    streams, traces = files(recorded, ".stream"), files(recorded, ".ndjson")
    assert len(streams) == len(SEEDS) and all(len(lines) > 500 for lines in streams.values())
    assert first_difference(streams, files(again, ".stream")) is None
    assert first_difference(streams, files(unrecorded, ".stream")) is None, "recording has changed something"
    assert any(traces.values())
    assert first_difference(traces, files(again, ".ndjson")) is None
    shutil.rmtree(tmp_path)


@pytest.mark.parametrize(
    "plant, mix, log",
    [(IN_ORDER_OF_HASHES, "crashes", "on"), (READERS_MOVE_CLOCKS, "moves", "off")],
    ids=["order of hashes", "readers move clocks"],
)
def test_runs_that_depend_on_anything_else_are_told_apart(plant: str, mix: str, log: str, tmp_path: Path) -> None:
    recorded = replay(mix, tmp_path, "1", "on", seeds=range(2), plant=plant)
    other = replay(mix, tmp_path, "2", log, seeds=range(2), plant=plant)
    assert first_difference(files(recorded, ".stream"), files(other, ".stream")) is not None


def test_two_seeds_give_different_runs(tmp_path: Path) -> None:
    streams = files(replay("crashes", tmp_path, "1", "off", seeds=range(2)), ".stream")
    assert first_difference({"one": streams["0.stream"]}, {"one": streams["1.stream"]}) is not None
