"""A journal's segments: whatever became of their bytes, no wrong entry is read, and none that was vouched for is
dropped without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from daybreak.errors import OperatorError
from daybreak.journal.frame import HEADER_BYTES, SEGMENT_HEADER_BYTES, frames_after, unpack_voucher
from daybreak.journal.messages import Entry
from daybreak.journal.scan import segment_name, segment_names
from daybreak.journal.segment import Log
from daybreak.runtime.sim.disk import SimDisk
from tools.fuzz.damage import Damage, Files, damaged, damages
from tools.fuzz.disks import WHERE, disk_of, files_of, is_one_line
from tools.fuzz.target import Check, Target

SEGMENT_BYTES = 600
FOREIGN = (
    segment_name(1),
    segment_name(2),
    segment_name(9),
    segment_name(10**19),
    "00000000000000000000.journal",
    "1.journal",
    "reserve",
    "promise.1",
    "notes.txt",
)


class Case(msgspec.Struct, frozen=True):
    """A log, made in `steps` from `seed`, and what became of its files."""

    seed: int
    steps: int
    damages: tuple[Damage, ...]


class Evidence(NamedTuple):
    """Bytes of a file that tell that the entries up to `synced` were on the disk."""

    name: str
    offset: int
    data: bytes
    synced: int


class Made(NamedTuple):
    """A log as it was before anything became of it."""

    files: Files
    entries: list[Entry]
    evidence: list[Evidence]


@lru_cache(maxsize=256)
def made(seed: int, steps: int) -> Made:
    """A log that was filled, synced and now and then cut, and its files after a clean end."""
    random, disk = Random(seed), SimDisk(Random(seed), WHERE)
    log, entries, synced, epoch = Log(disk, segment_bytes=SEGMENT_BYTES), list[Entry](), 0, 1
    for _ in range(steps):
        epoch += random.random() < 0.2
        if entries and random.random() < 0.1:
            at = random.randint(1, len(entries))
            log.cut(at)
            del entries[at - 1 :]
            disk.sync()
            synced = len(entries)
        first = len(entries) + 1
        payloads = [random.randbytes(random.choice((0, 3, 20, 150, 900))) for _ in range(random.randint(1, 3))]
        new = [Entry(first + n, epoch, payload) for n, payload in enumerate(payloads)]
        log.append(new, durable=synced // 2, synced=synced)
        entries += new
        if random.random() < 0.7:
            disk.sync()
            synced = len(entries)
            if random.random() < 0.6:
                log.vouch(synced)
    disk.sync()
    files = files_of(disk)
    return Made(files, entries, _evidence(files))


def _evidence(files: Files) -> list[Evidence]:
    """All that vouches for entries in files that are whole."""
    found = []
    for name in segment_names(disk_of(files)):
        data, first = files[name], int(name[:20])
        if vouched := unpack_voucher(data, first):
            found.append(Evidence(name, HEADER_BYTES, data[HEADER_BYTES:SEGMENT_HEADER_BYTES], vouched))
        for frame in frames_after(data, SEGMENT_HEADER_BYTES, first=first):
            if frame.synced:
                found.append(Evidence(name, frame.offset, data[frame.offset : frame.end], frame.synced))
    return found


def vouched(evidence: list[Evidence], files: Mapping[str, bytes]) -> int:
    """Up to where those pieces of evidence vouch that are still in their places."""
    return max((e.synced for e in evidence if files.get(e.name, b"").startswith(e.data, e.offset)), default=0)


def held(log: Log) -> list[Entry]:
    """All entries of a log."""
    return list(log.read(1, log.last_index, 1 << 30))


def check(case: Case) -> None:
    """Open the log, read it, and go on with it as a replica does that is mended by its leader."""
    before = made(case.seed, case.steps)
    files = damaged(before.files, case.damages, FOREIGN)
    disk = disk_of(files)
    try:
        log = Log(disk, segment_bytes=SEGMENT_BYTES)
    except OperatorError as error:
        assert is_one_line(error.message), error.message
        return
    left = held(log)
    assert left == before.entries[: len(left)], "an entry that was never written there, or not the one that was"
    known = vouched(before.evidence, files)
    if log.damage is None:
        assert len(left) >= known, f"entries up to {known} are vouched for, {len(left)} are left, and nobody says so"
    else:
        assert is_one_line(log.damage.message), log.damage.message
    _go_on(disk, log, left)


def _go_on(disk: SimDisk, log: Log, left: list[Entry]) -> None:
    """What is dropped stays so, and what is written then is read again."""
    log.cut(log.last_index + 1)
    for entry in left:
        log.mend_header(entry.index)
    disk.sync()
    epoch = log.epoch_at(log.last_index) + 1
    new = [Entry(log.last_index + n, epoch, bytes([n]) * 70 * n) for n in range(1, 6)]
    log.append(new, durable=0, synced=log.last_index)
    disk.sync()
    log.vouch(log.last_index)
    disk.sync()
    again = Log(disk, segment_bytes=SEGMENT_BYTES)
    assert again.damage is None, again.damage
    assert held(again) == [*left, *new], "what was dropped is back, or what was written is not"


@contextmanager
def opened(directory: Path) -> Iterator[Check]:
    """Needs nothing; what was made before is forgotten."""
    made.cache_clear()
    yield check


FOREIGN_BYTES = st.binary(max_size=80) | st.sampled_from(
    [b"", b"daybreak", b"vouched:", b"\xda\x7b\x4e\xa6" * 5, b"not a journal\n", bytes(64), b"\xff" * 512]
)

TARGET = Target(
    name="journal",
    guards="of damaged segments no wrong entry is read, and none that is vouched for is dropped without a word",
    form=Case,
    cases=st.builds(Case, seed=st.integers(0, 99), steps=st.integers(1, 14), damages=damages(FOREIGN_BYTES)),
    open=opened,
)
