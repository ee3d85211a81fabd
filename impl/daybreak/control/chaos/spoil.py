"""Spoils files of a journal, as a failing disk does."""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

from daybreak.errors import OperatorError
from daybreak.journal.frame import FRAME_HEADER_BYTES, Frame, frames_after, unpack_voucher

SEGMENTS = "*.journal"


class Bit(NamedTuple):
    """A bit of an entry in a file."""

    entry: int
    """Its index."""
    offset: int
    mask: int


def choose(frame: Frame, chance: random.Random) -> Bit:
    """Some bit of an entry."""
    offset = frame.offset + chance.randrange(FRAME_HEADER_BYTES + frame.length)
    return Bit(frame.index, offset, 1 << chance.randrange(8))


def vouched(name: str, data: bytes) -> list[Frame]:
    """The entries of a segment that are surely on the disk, and whose loss would be noticed, by the file's name and
    content."""
    first = int(Path(name).stem)
    upto = unpack_voucher(data, first) or 0
    return [frame for frame in frames_after(data, 0, first=first) if frame.index <= upto]


def nothing_to_spoil(where: str) -> OperatorError:
    """The error that says so."""
    return OperatorError(f"{where}: there is no entry yet that could be spoilt")


def spoil_an_entry(zone: Path, chance: random.Random) -> str:
    """Turn a bit of some vouched entry of some journal in the zone's directory; where it was.

    OperatorError if there is none.
    """
    segments = sorted(zone.glob(f"journal-*/{SEGMENTS}"))
    found = [(file, frame) for file in segments for frame in vouched(file.name, _content(file))]
    if not found:
        raise nothing_to_spoil(str(zone))
    file, frame = chance.choice(found)
    bit = choose(frame, chance)
    with file.open("r+b") as handle:
        handle.seek(bit.offset)
        (byte,) = handle.read(1)
        handle.seek(bit.offset)
        handle.write(bytes([byte ^ bit.mask]))
    return f"{file}: entry {bit.entry}, offset {bit.offset}"


def _content(file: Path) -> bytes:
    """Of a segment; nothing if it has been trimmed meanwhile."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
