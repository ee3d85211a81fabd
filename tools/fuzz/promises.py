"""A replica's promise: with one copy whole it is the last one that was saved; else the start says that it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import msgspec
from hypothesis import strategies as st

from daybreak.errors import OperatorError
from daybreak.journal.promise import FILES, Promise, damaged_copies, load_promise, save_promise
from daybreak.runtime.sim.disk import SimDisk
from tools.fuzz.damage import Damage, damaged, damages
from tools.fuzz.disks import WHERE, disk_of, files_of, is_one_line
from tools.fuzz.target import Check, Target

FOREIGN = (*FILES, "promise.3", "00000000000000000001.journal")


class Case(msgspec.Struct, frozen=True):
    """Promises made one after the other, and what became of the files then."""

    promises: tuple[Promise, ...]
    damages: tuple[Damage, ...]


def check(case: Case) -> None:
    """Load, and load again."""
    disk = SimDisk(Random(0), WHERE)
    saved = [msgspec.structs.replace(promise, serial=n + 1) for n, promise in enumerate(case.promises)]
    for promise in saved:
        save_promise(disk, promise)
    before = files_of(disk)
    files = damaged(before, case.damages, FOREIGN)
    spoilt = disk_of(files)
    whole = [name for name in FILES if files.get(name) == before[name]]
    try:
        found = load_promise(spoilt)
    except OperatorError as error:
        assert is_one_line(error.message), error.message
        assert not whole, f"{whole[0]} is whole: {error.message}"
        return
    if not any(name in files for name in FILES):
        assert found == Promise(), "a new replica's"
        return
    assert found == saved[-1], "a promise that is not the last one"
    assert damaged_copies(spoilt) == [], "the damaged copy is mended"
    assert load_promise(spoilt) == found


@contextmanager
def opened(directory: Path) -> Iterator[Check]:
    """Needs nothing."""
    yield check


_NUMBER = st.integers(0, 1 << 63)
_PROMISES = st.builds(
    Promise,
    epoch=_NUMBER,
    candidate=st.text(st.characters(codec="ascii", min_codepoint=32), max_size=20),
    cut=_NUMBER,
    base=_NUMBER,
    base_epoch=_NUMBER,
    doubt=_NUMBER,
)
_FOREIGN_BYTES = st.binary(max_size=40) | st.sampled_from(
    [b"daybreak-promise 2 ", b"daybreak-promise 3 00000000 {}\n", b'{"epoch":9}', b" " * 512, b"\0" * 512]
)

TARGET = Target(
    name="promises",
    guards="with one copy whole a replica's promise is the last one saved, and else its loss is told",
    form=Case,
    cases=st.builds(
        Case, promises=st.lists(_PROMISES, min_size=1, max_size=3).map(tuple), damages=damages(_FOREIGN_BYTES)
    ),
    open=opened,
)
