"""Checkpoints: whatever became of their bytes, a start finds a state that once was, or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from daybreak.base.ids import TxnId
from daybreak.base.time import Timestamp
from daybreak.errors import OperatorError
from daybreak.runtime.sim.disk import SimDisk
from daybreak.storage.load import Loader, file_name, file_names
from tests.support.checkpointing import Bench, J, history, view
from tools.fuzz.damage import Damage, Files, damaged, damages
from tools.fuzz.disks import WHERE, disk_of, files_of, is_one_line
from tools.fuzz.target import Check, Target

FOREIGN = (file_name(0), file_name(1), file_name(2), file_name(9_999_999_999), "x.checkpoint", "notes.txt")


class Case(msgspec.Struct, frozen=True):
    """A replica that wrote checkpoints for some `rounds`, and what became of its files."""

    seed: int
    rounds: int
    damages: tuple[Damage, ...]


class Made(NamedTuple):
    """A replica's files after a clean end, and up to where it needs nothing of the journal."""

    files: Files
    last: int
    durable: int


@lru_cache(maxsize=256)
def made(seed: int, rounds: int) -> Made:
    """A replica that commits and writes checkpoints for a while."""
    random, disk = Random(seed), SimDisk(Random(0), WHERE)
    bench = Bench(disk)
    bench.checkpoints.begin()
    bench.checkpoints.synced()
    for _ in range(rounds):
        bench.commit(random.randint(0, 4))
        if bench.step():
            disk.sync()
            bench.checkpoints.synced()
    disk.sync()
    return Made(files_of(disk), bench.index, bench.durable())


@lru_cache(maxsize=4096)
def truth(low: int, index: int) -> list[list[tuple[Timestamp, bytes | None]]]:
    """What snapshots from `low` to `index` see of the first transactions."""
    return view(history(index, 0), low, index)


def agrees(bench: Bench) -> bool:
    """Whether what a start has found is what the first transactions made, as far back as it says it can be read."""
    low = max(bench.forgotten, 0)
    named = range(max(bench.names.since, 0) + 1, bench.index + 1)
    return view(bench.versions, low, bench.index) == truth(low, bench.index) and all(
        bench.names.find(TxnId(f"t{ts}")) == ts for ts in named
    )


def _usable(before: Files, after: Files) -> int:
    """Up to where the newest file tells, as far as its bytes are what they were; 0 if it has come to be another one."""
    newest = max(file_names(disk_of(before)), default="")
    if newest not in after or max(file_names(disk_of(after))) != newest:
        return 0
    was, now = before[newest], after[newest]
    same = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    loader = Loader(newest)
    loader.feed(was[:same])
    return loader.commits[-1].positions[J] if loader.commits else 0


def check(case: Case) -> None:
    """Start, look at what is found, go on, and start again."""
    before = made(case.seed, case.rounds)
    files = damaged(before.files, case.damages, FOREIGN)
    disk = disk_of(files)
    try:
        bench = Bench(disk)
    except OperatorError as error:
        assert is_one_line(error.message), error.message
        return
    assert all(map(is_one_line, bench.checkpoints.notes)), bench.checkpoints.notes
    assert bench.index <= before.last
    assert agrees(bench), f"a state that never was, as of {bench.index}"
    assert bench.index >= _usable(before.files, files), "less than the newest file tells in good order"
    if bench.index < before.durable and not _looks_whole(case, before.files, files):
        assert bench.checkpoints.notes, f"only {bench.index} of {before.durable} is left, and nobody says so"
    bench.checkpoints.begin()
    bench.checkpoints.synced()
    for _ in range(2):
        bench.commit(3)
        bench.until_synced()
    again = Bench(disk)
    assert agrees(again), "a state that never was, after going on"
    assert again.index >= bench.durable()


def _looks_whole(case: Case, before: Files, after: Files) -> bool:
    """Whether what is left may be in good order: a file that ends sooner, or an older one in the place of a newer."""
    shorter = any(len(after.get(name, b"")) < len(data) for name, data in before.items())
    return shorter or any(damage.kind in ("copy file", "exchange files", "foreign file") for damage in case.damages)


@contextmanager
def opened(directory: Path) -> Iterator[Check]:
    """Needs nothing; what was made before is forgotten."""
    made.cache_clear()
    yield check


_FOREIGN_BYTES = st.binary(max_size=80) | st.sampled_from(
    [b"", b"dbcheckp", b"\xda\x7b\xc4\xec" + bytes(8), b"not a checkpoint\n", bytes(24), b"\xff" * 512]
)

TARGET = Target(
    name="checkpoints",
    guards="of damaged checkpoints a start finds a state that once was, and says if it is not the last one",
    form=Case,
    cases=st.builds(Case, seed=st.integers(0, 40), rounds=st.integers(1, 60), damages=damages(_FOREIGN_BYTES)),
    open=opened,
)
