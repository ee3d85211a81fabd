"""Opening a log: which entries its files hold, and whether what ends them is a crash or corruption.

After a crash any of the writes since the last sync may be missing, torn or there, in any combination, so valid
frames may follow a hole. Each frame tells how far the disk was synced when it was written, and the voucher of a
segment how far it was synced after that. A bad place is therefore

- *torn*, if nothing vouches for it: no one was ever told that it is on this disk, and it is dropped with all that
  follows;
- *corrupt*, if a frame or a voucher says that it had been synced: entries may be lost that were acknowledged. Nothing
  is changed; `Scan.damage` tells of it.

A voucher is written before the acknowledgement that it vouches for. Power may fail before it is on the disk; then it
is lost with what was synced last, if and only if that is damaged too.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import NamedTuple

from daybreak.errors import CorruptionError
from daybreak.journal.frame import (
    HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    check_header,
    frames_after,
    unpack_frame,
    unpack_voucher,
)
from daybreak.journal.tail import Position
from daybreak.runtime.protocols import Disk

_NAME = re.compile(r"\d{20}\.journal")


def segment_name(first: int) -> str:
    """The file of the segment that begins with index `first`."""
    return f"{first:020}.journal"


def segment_names(disk: Disk) -> list[str]:
    """The files of all segments, in order."""
    return [name for name in disk.names() if _NAME.fullmatch(name)]


BEGINNING = Position(0, 0)
"""Before the first entry that ever was."""


class Index:
    """Where each entry after `base` stands: one row per entry, 20 bytes each."""

    def __init__(self, base: Position = BEGINNING) -> None:
        self.base = base
        """The entries up to it are gone."""
        self.firsts: list[int] = []
        """First index of each segment, ascending."""
        self.durable = base.index
        """The greatest index that an entry, when it was written, knew to be durable on a majority."""
        # Invariant: row i - 1 - base.index of each array belongs to index i; epochs never fall.
        self._offsets = array("Q")
        self._lengths = array("I")
        self._epochs = array("Q")

    @property
    def last(self) -> int:
        """Index of the last entry; that of the base when there is none."""
        return self.base.index + len(self._epochs)

    def epoch(self, index: int) -> int:
        """Epoch of the entry at `index`, the base's or a later one."""
        return self._epochs[self._row(index)] if index > self.base.index else self.base.epoch

    def add(self, epoch: int, offset: int, length: int) -> None:
        """Note the next entry, which stands in the last segment."""
        self._offsets.append(offset)
        self._lengths.append(length)
        self._epochs.append(epoch)

    def offset(self, index: int) -> int:
        """Offset of the entry's frame in its segment."""
        return self._offsets[self._row(index)]

    def length(self, index: int) -> int:
        """Bytes of the entry's payload."""
        return self._lengths[self._row(index)]

    def _row(self, index: int) -> int:
        assert index > self.base.index, "the entry is not gone"
        return index - self.base.index - 1

    def segment(self, index: int) -> int:
        """First index of the segment that holds the entry."""
        return self.firsts[bisect_right(self.firsts, index) - 1]

    def segment_end(self, index: int) -> int:
        """Index of the last entry in the segment that holds the entry."""
        following = bisect_right(self.firsts, index)
        return self.firsts[following] - 1 if following < len(self.firsts) else self.last

    def cut(self, index: int) -> None:
        """Forget `index` and all that follows, and segments that hold nothing else."""
        row = self._row(index)
        del self._offsets[row:], self._lengths[row:], self._epochs[row:]
        while self.firsts and self.firsts[-1] >= index:
            self.firsts.pop()

    def trim(self, base: Position) -> None:
        """Forget the entries up to `base`, which ends a segment."""
        count = base.index - self.base.index
        del self._offsets[:count], self._lengths[:count], self._epochs[:count]
        self.firsts = [first for first in self.firsts if first > base.index]
        self.base = base


class Place(NamedTuple):
    """Where the valid entries end; the file may hold more bytes from there on, and later files may exist."""

    name: str
    offset: int


@dataclass(frozen=True)
class Scan:
    """What the files of a log hold."""

    index: Index
    end: Place | None
    """None while there is no segment."""
    dirty: bool
    """Whether anything but zeros follows the end."""
    damage: CorruptionError | None = None
    """Why this is not all that had been synced, if it is not."""


def scan(disk: Disk, *, cut: int = 0, base: Position = BEGINNING) -> Scan:
    """Read all segments behind `base`; the log is to end before index `cut`, unless that is 0.

    OperatorError for a file of another format.
    """
    index, end = Index(base), None
    names = [name for name in segment_names(disk) if int(name[:20]) > base.index]
    vouched, damage = 0, None
    for number, name in enumerate(names):
        first, path = int(name[:20]), f"{disk.where}/{name}"
        data = disk.read(name, 0, disk.size(name))
        header = check_header(data, first, path)
        if first != index.last + 1:
            end = end or Place(segment_name(base.index + 1), 0)
            return _judge(disk, names[number:], Scan(index, end, True), cut, vouched, "entries are missing")
        if not header:
            end = Place(name, 0)
            return _judge(disk, names[number:], Scan(index, end, True), cut, vouched, "no segment header")
        index.firsts.append(first)
        end = Place(name, _fill(index, data, first, cut))
        voucher = unpack_voucher(data, first)
        if voucher is None:
            damage = CorruptionError(path, HEADER_BYTES, "not a voucher")
        vouched = max(vouched, voucher or 0)
        if names[number + 1 : number + 2] == [segment_name(index.last + 1)]:
            continue  # whatever stands behind the last entry of a segment that was full is nothing of the log
        if data.count(0, end.offset) != len(data) - end.offset:
            return _judge(disk, names[number:], Scan(index, end, True, damage), cut, vouched, "not an entry")
    return _judge(disk, [], Scan(index, end, False, damage), cut, vouched, "no entry")


def _fill(index: Index, data: bytes, first: int, cut: int) -> int:
    """Add the entries of a whole segment `data` to `index`, which ends before it; returns where they end."""
    at, number, epoch = SEGMENT_HEADER_BYTES, index.last + 1, index.epoch(index.last)
    while (frame := unpack_frame(data, at, first=first, offset=at)) is not None:
        if frame.index != number or number == cut or frame.epoch < epoch:
            break
        index.add(frame.epoch, at, frame.length)
        index.durable = max(index.durable, frame.durable)
        at, number, epoch = frame.end, number + 1, frame.epoch
    return at


def _judge(disk: Disk, names: list[str], found: Scan, cut: int, vouched: int, what: str) -> Scan:
    """`found`, with its damage if entries after its end had been synced: somebody vouches for them.

    Vouchers that were read so far go up to `vouched`; `names` are the files at and after the end.
    """
    missing = found.index.last + 1
    if found.end is None or missing == cut:
        return found
    for name in names:
        data, first = disk.read(name, 0, disk.size(name)), int(name[:20])
        at = found.end.offset if name == found.end.name else 0
        frames = frames_after(data, at, first=first)
        vouched = max([vouched, unpack_voucher(data, first) or 0, *(frame.synced for frame in frames)])
    if vouched < missing:
        return found
    path = f"{disk.where}/{found.end.name}"
    detail = f"{what}, where entry {missing} was; the entries up to {vouched} had been written"
    return replace(found, damage=CorruptionError(path, found.end.offset, detail))
