"""Spoils files of a journal, as a failing disk does."""

from __future__ import annotations

import random
from pathlib import Path

from daybreak.errors import OperatorError
from daybreak.journal.frame import FRAME_HEADER_BYTES, Frame, frames_after, unpack_voucher


def spoil_an_entry(zone: Path, chance: random.Random) -> str:
    """Turn a bit of some entry of some journal in the zone's directory; where it was.

    The entry is one that the zone has vouched for, so that its loss is noticed. OperatorError if there is none.
    """
    found = [(file, frame) for file in sorted(zone.glob("journal-*/*.journal")) for frame in _vouched(file)]
    if not found:
        raise OperatorError(f"{zone}: there is no entry yet that could be spoilt")
    file, frame = chance.choice(found)
    offset = frame.offset + chance.randrange(FRAME_HEADER_BYTES + frame.length)
    with file.open("r+b") as handle:
        handle.seek(offset)
        (byte,) = handle.read(1)
        handle.seek(offset)
        handle.write(bytes([byte ^ 1 << chance.randrange(8)]))
    return f"{file}: entry {frame.index}, offset {offset}"


def _vouched(file: Path) -> list[Frame]:
    """The entries of a segment that are surely on the disk; none if it has been trimmed meanwhile."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return []
    first = int(file.stem)
    upto = unpack_voucher(data, first) or 0
    return [frame for frame in frames_after(data, 0, first=first) if frame.index <= upto]
