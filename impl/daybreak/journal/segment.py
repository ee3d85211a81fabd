"""The log of one replica: entries in preallocated segment files.

A segment is named after the index it begins with and filled front to back; what follows its last entry is zeros
(`frame` has the bytes, `scan` the reading at start). Nothing here waits for the disk: what is written is durable
after the next `Sync`.
"""

from __future__ import annotations

from collections.abc import Sequence

from daybreak.errors import CorruptionError, InternalError
from daybreak.journal.frame import (
    FRAME_HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    SEGMENT_HEADER_BYTES,
    frame_bytes,
    pack_frame,
    pack_header,
    unpack_frame,
)
from daybreak.journal.messages import Entry
from daybreak.journal.scan import BEGINNING, Index, Place, scan, segment_name, segment_names
from daybreak.journal.tail import Position
from daybreak.runtime.protocols import Disk

SEGMENT_BYTES = 16 * 1024 * 1024


class Log:
    """Entries with their epochs, from the one after `base` on; grows at the end, is cut at the end, and is trimmed at
    the front."""

    def __init__(
        self, disk: Disk, *, segment_bytes: int = SEGMENT_BYTES, cut: int = 0, base: Position = BEGINNING
    ) -> None:
        """Open the log on `disk`, without entry `cut` and what follows it (0: nothing is to go), and without what
        stands up to `base`.

        CorruptionError if an entry that had been synced is damaged; OperatorError if a file is of a newer format.
        """
        for name in segment_names(disk):
            if int(name[:20]) <= base.index:
                disk.remove(name)
        found = scan(disk, cut=cut, base=base)
        self.notes: list[str] = []
        """What was found and mended, for the operator."""
        self.durable = min(found.index.durable, found.index.last)
        """The greatest index that the entries knew, when they were opened, to be durable on a majority."""
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._index = found.index
        # Invariant: the next frame goes to offset _end of segment _first, which is _size bytes long; _first is 0
        # when there is no segment to go on with.
        self._first = self._end = self._size = 0
        if found.end is not None:
            self._resume(found.end, found.dirty)
            if found.dirty and not cut:
                where = f"{disk.where}/{found.end.name}"
                self.notes.append(f"{where}: dropped a torn, never acknowledged tail at offset {found.end.offset}")

    @property
    def last_index(self) -> int:
        """Index of the last entry; that of the base when there is none."""
        return self._index.last

    @property
    def base(self) -> Position:
        """The entries up to it are gone."""
        return self._index.base

    def epoch_at(self, index: int) -> int:
        """Epoch of the entry at `index`, the base's or a later one; 0 for index 0."""
        return self._index.epoch(index)

    def append(self, entries: Sequence[Entry], *, durable: int, synced: int) -> None:
        """Write entries that follow the last one; each notes how far the majority and this disk are known to be."""
        frames: list[bytes] = []
        for entry in entries:
            if entry.index != self.last_index + 1 or len(entry.payload) > MAX_PAYLOAD_BYTES:
                raise InternalError(f"entry {entry.index} of {len(entry.payload)} bytes after {self.last_index}")
            size = frame_bytes(entry)
            if self._end + size > self._size:
                self._write(frames)
                frames = []
                self._begin(entry.index, size)
            frames.append(pack_frame(entry, durable=durable, synced=synced, first=self._first, offset=self._end))
            self._index.add(entry.epoch, self._end, len(entry.payload))
            self._end += size
        self._write(frames)

    def _write(self, frames: list[bytes]) -> None:
        if data := b"".join(frames):
            self._disk.write(segment_name(self._first), self._end - len(data), data)

    def _begin(self, first: int, frame: int) -> None:
        """Start the segment of index `first`, with room for a frame of `frame` bytes at least."""
        self._size = max(self._segment_bytes, SEGMENT_HEADER_BYTES + frame)
        if self._first == first:
            # A crash took the entries of a segment and left it, empty and too small for this frame.
            self._disk.truncate(segment_name(first), self._size)
            return
        self._first, self._end = first, SEGMENT_HEADER_BYTES
        self._disk.create(segment_name(first), self._size)
        self._disk.write(segment_name(first), 0, pack_header(first))
        self._index.firsts.append(first)

    def read(self, low: int, high: int, limit_bytes: int) -> tuple[Entry, ...]:
        """Entries from `low` to `high`, as many as there are and as fit `limit_bytes`, but one at least."""
        entries: list[Entry] = []
        high = self._fitting(low, min(high, self.last_index), limit_bytes)
        while low <= high:
            run = self._run(low, high)
            entries += run
            low += len(run)
        return tuple(entries)

    def _fitting(self, low: int, high: int, limit_bytes: int) -> int:
        """The last index, up to `high`, for which the payloads from `low` on fit `limit_bytes`."""
        for index in range(low, high + 1):
            limit_bytes -= self._index.length(index)
            if limit_bytes < 0 and index > low:
                return index - 1
        return high

    def _run(self, low: int, high: int) -> list[Entry]:
        """The part of `read` that lies in the segment of `low`, read at once."""
        index, first, start = self._index, self._index.segment(low), self._index.offset(low)
        stop = low
        while stop < high and index.segment(stop + 1) == first:
            stop += 1
        length = index.offset(stop) + FRAME_HEADER_BYTES + index.length(stop) - start
        data = self._disk.read(segment_name(first), start, length)
        return [self._entry(data, number, first, start) for number in range(low, stop + 1)]

    def _entry(self, data: bytes, number: int, first: int, start: int) -> Entry:
        """The entry of index `number`, out of the bytes of segment `first` from offset `start` on."""
        offset = self._index.offset(number)
        frame = unpack_frame(data, offset - start, first=first, offset=offset)
        if frame is None:
            raise CorruptionError(f"{self._disk.where}/{segment_name(first)}", offset, f"not entry {number}")
        return Entry(number, frame.epoch, frame.payload(data, offset - start))

    def cut(self, index: int) -> None:
        """Drop the entry at `index` and all that follow; no valid frame of theirs is left."""
        first, offset = self._index.segment(index), self._index.offset(index)
        self._index.cut(index)
        self._resume(Place(segment_name(first), 0 if first == index else offset), dirty=True)

    def trimmed(self, upto: int) -> Position:
        """Where the log would begin without the segments that hold nothing above `upto`."""
        following = [first for first in self._index.firsts if self.base.index < first - 1 <= upto]
        return Position(following[-1] - 1, self.epoch_at(following[-1] - 1)) if following else self.base

    def trim(self, base: Position) -> None:
        """Drop the segments up to `base`, which `trimmed` gave."""
        for first in self._index.firsts:
            if first <= base.index:
                self._disk.remove(segment_name(first))
        self._index.trim(base)

    def restart(self, base: Position) -> None:
        """Drop everything, and go on after `base`."""
        for name in reversed(segment_names(self._disk)):
            self._disk.remove(name)
        self._index = Index(base)
        self._first = self._end = self._size = 0

    def _resume(self, end: Place, dirty: bool) -> None:
        """Go on writing at `end`; when dirty, zero the file from there on and remove all later files first.

        A segment that ends before its header does is no use and is removed too.
        """
        disk = self._disk
        names = segment_names(disk)
        for name in reversed(names):
            if dirty and (name > end.name or (name == end.name and end.offset < SEGMENT_HEADER_BYTES)):
                disk.remove(name)
        if end.name not in names or end.offset < SEGMENT_HEADER_BYTES:
            self._first = self._end = self._size = 0
            return
        self._first, self._end, self._size = int(end.name[:20]), end.offset, disk.size(end.name)
        if dirty:
            self._size = max(self._size, self._segment_bytes)
            disk.truncate(end.name, end.offset)
            disk.truncate(end.name, self._size)
