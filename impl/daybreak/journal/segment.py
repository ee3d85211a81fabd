"""The log of one replica: entries in preallocated segment files.

A segment is named after the index it begins with and filled front to back; what follows its last entry is zeros
(`frame` has the bytes, `scan` the reading at start). Nothing here waits for the disk: what is written is durable
after the next `Sync`.

The space of one more segment is set aside in a file of its own. While that cannot be had the log still takes entries
until its last segment is full, but its owner should ask for no more than must be (`Log.room`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from daybreak.errors import CorruptionError, DiskFullError, InternalError
from daybreak.journal.frame import (
    FRAME_HEADER_BYTES,
    HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    SEGMENT_HEADER_BYTES,
    frame_bytes,
    is_sound,
    pack_frame,
    pack_header,
    pack_voucher,
    unpack_frame,
    unpack_voucher,
)
from daybreak.journal.messages import Entry
from daybreak.journal.scan import BEGINNING, Index, Place, scan, segment_name, segment_names
from daybreak.journal.tail import Position
from daybreak.runtime.protocols import Disk

SEGMENT_BYTES = 16 * 1024 * 1024
RESERVE = "reserve"
"""The file that keeps the space of the next segment."""


class Mark(NamedTuple):
    """Where a log ends: its last index, and `_first`, `_end`, `_size` of it."""

    last: int
    first: int
    end: int
    size: int


class Log:
    """Entries with their epochs, from the one after `base` on; grows at the end, is cut at the end, and is trimmed at
    the front."""

    def __init__(
        self, disk: Disk, *, segment_bytes: int = SEGMENT_BYTES, cut: int = 0, base: Position = BEGINNING
    ) -> None:
        """Open the log on `disk`, without entry `cut` and what follows it (0: nothing is to go), and without what
        stands up to `base`.

        Where entries that had been synced are damaged, the log has only those before; nothing is changed, and nothing
        can be appended, before `cut` is called. OperatorError if a file is of another format.
        """
        for name in segment_names(disk):
            if int(name[:20]) <= base.index or cut == base.index + 1:
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
        self._stop = found.end or Place(segment_name(base.index + 1), 0)
        self._vouched = 0
        self.damage = found.damage
        """Why the log lacks entries that had been synced; None if it has all of them."""
        self.room = RESERVE in disk.names() and disk.size(RESERVE) == segment_bytes
        """Whether the space of one more segment is set aside."""
        if found.end is not None and self.damage is None:
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

    def secure(self) -> bool:
        """Set the space of one more segment aside; returns whether that is done now."""
        if not self.room:
            try:
                if RESERVE in self._disk.names():
                    self._disk.remove(RESERVE)
                self._disk.create(RESERVE, self._segment_bytes)
                self.room = True
            except DiskFullError:
                pass
        return self.room

    def append(self, entries: Sequence[Entry], *, durable: int, synced: int) -> None:
        """Write entries that follow the last one; each notes how far the majority and this disk are known to be.

        DiskFullError: there is no space; the log ends with the last entry that there was space for.
        """
        written = self._mark()
        try:
            frames: list[bytes] = []
            for entry in entries:
                if entry.index != self.last_index + 1 or len(entry.payload) > MAX_PAYLOAD_BYTES:
                    raise InternalError(f"entry {entry.index} of {len(entry.payload)} bytes after {self.last_index}")
                size = frame_bytes(entry)
                if self._end + size > self._size:
                    self._write(frames)
                    frames, written = [], self._mark()
                    self._begin(entry.index, size)
                    written = self._mark()
                frames.append(pack_frame(entry, durable=durable, synced=synced, first=self._first, offset=self._end))
                self._index.add(entry.epoch, self._end, len(entry.payload))
                self._end += size
            self._write(frames)
        except DiskFullError:
            self._return_to(written)
            raise

    def _mark(self) -> Mark:
        return Mark(self.last_index, self._first, self._end, self._size)

    def _return_to(self, mark: Mark) -> None:
        """Forget what could not be written. Bytes of it that are there are those of true entries."""
        self._index.cut(mark.last + 1)
        _, self._first, self._end, self._size = mark
        if self._first > mark.last:
            self._index.firsts.append(self._first)

    def _write(self, frames: list[bytes]) -> None:
        if data := b"".join(frames):
            self._disk.write(segment_name(self._first), self._end - len(data), data)

    def _begin(self, first: int, frame: int) -> None:
        """Start the segment of index `first`, with room for a frame of `frame` bytes at least."""
        size = max(self._segment_bytes, SEGMENT_HEADER_BYTES + frame)
        name = segment_name(first)
        if self._first == first:
            # A crash took the entries of a segment and left it, empty and too small for this frame.
            self._disk.truncate(name, size)
            self._size = size
            return
        if self.room:
            self._disk.remove(RESERVE)
            self.room = False
        try:
            self._disk.create(name, size)
            self._disk.write(name, 0, pack_header(first))
        finally:
            self.secure()
        self._first, self._end, self._size = first, SEGMENT_HEADER_BYTES, size
        self._index.firsts.append(first)

    def vouch(self, synced: int) -> bool:
        """Note in the last segment that the entries up to `synced` are on the disk; returns whether that was news."""
        if synced <= self._vouched or not self._first:
            return False
        self._disk.write(segment_name(self._first), HEADER_BYTES, pack_voucher(synced, self._first))
        self._vouched = synced
        return True

    def rewrite(self, entry: Entry, *, durable: int, synced: int) -> None:
        """Write an entry that is damaged once more, where it stands."""
        number, first = entry.index, self._index.segment(entry.index)
        if entry.epoch != self.epoch_at(number) or len(entry.payload) != self._index.length(number):
            raise InternalError(f"entry {number} is not the one that was here")
        offset = self._index.offset(number)
        frame = pack_frame(entry, durable=durable, synced=synced, first=first, offset=offset)
        self._disk.write(segment_name(first), offset, frame)

    def read(self, low: int, high: int, limit_bytes: int) -> tuple[Entry, ...]:
        """Entries from `low` to `high`, as many as there are and as fit `limit_bytes`, but one at least."""
        entries: list[Entry] = []
        high = self._fitting(low, min(high, self.last_index), limit_bytes)
        while low <= high:
            run = self._run(low, high)
            entries += run
            low += len(run)
        return tuple(entries)

    def verify(self, low: int, high: int, limit_bytes: int) -> int:
        """Look at what `read` would return; the index of the last entry. CorruptionError if one is damaged."""
        high = self._fitting(low, min(high, self.last_index), limit_bytes)
        while low <= high:
            stop, start, data = self._bytes(low, high)
            first, view = self._index.segment(low), memoryview(data)
            for number in range(low, stop + 1):
                offset = self._index.offset(number)
                end = offset + FRAME_HEADER_BYTES + self._index.length(number)
                if not is_sound(view, offset - start, end - start, first=first, offset=offset):
                    raise self._damaged(number, first, offset)
            low = stop + 1
        return high

    def _fitting(self, low: int, high: int, limit_bytes: int) -> int:
        """The last index, up to `high`, for which the payloads from `low` on fit `limit_bytes`."""
        for index in range(low, high + 1):
            limit_bytes -= self._index.length(index)
            if limit_bytes < 0 and index > low:
                return index - 1
        return high

    def _run(self, low: int, high: int) -> list[Entry]:
        """The part of `read` that lies in the segment of `low`."""
        stop, start, data = self._bytes(low, high)
        first = self._index.segment(low)
        return [self._entry(data, number, first, start) for number in range(low, stop + 1)]

    def _bytes(self, low: int, high: int) -> tuple[int, int, bytes]:
        """The frames from `low` to `high` that lie in the segment of `low`, read at once: the last one's index, the
        first one's offset, and the bytes."""
        index, start = self._index, self._index.offset(low)
        stop = min(high, index.segment_end(low))
        length = index.offset(stop) + FRAME_HEADER_BYTES + index.length(stop) - start
        return stop, start, self._disk.read(segment_name(index.segment(low)), start, length)

    def _entry(self, data: bytes, number: int, first: int, start: int) -> Entry:
        """The entry of index `number`, out of the bytes of segment `first` from offset `start` on."""
        offset = self._index.offset(number)
        frame = unpack_frame(data, offset - start, first=first, offset=offset)
        if frame is None:
            raise self._damaged(number, first, offset)
        return Entry(number, frame.epoch, frame.payload(data, offset - start))

    def _damaged(self, number: int, first: int, offset: int) -> CorruptionError:
        path = f"{self._disk.where}/{segment_name(first)}"
        return CorruptionError(path, offset, f"not entry {number}", entry=number)

    def mend_header(self, index: int) -> bool:
        """Write header and voucher of the segment of `index` once more if they are damaged; returns whether so."""
        first = self._index.segment(index)
        name = segment_name(first)
        data = self._disk.read(name, 0, SEGMENT_HEADER_BYTES)
        if data[:HEADER_BYTES] == pack_header(first)[:HEADER_BYTES] and unpack_voucher(data, first) is not None:
            return False
        self._disk.write(name, 0, pack_header(first, self._vouched if first == self._first else 0))
        return True

    def cut(self, index: int) -> None:
        """Drop the entry at `index` and all that follow; no valid frame of theirs is left, and no voucher for them."""
        if index > self.last_index:
            place = self._stop
        else:
            first = self._index.segment(index)
            place = Place(segment_name(first), 0 if first == index else self._index.offset(index))
            self._index.cut(index)
        self._resume(place, dirty=True)
        self.damage = None
        self._vouched = 0
        if self._first:
            self._disk.write(segment_name(self._first), 0, pack_header(self._first, index - 1))

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
        self._first = self._end = self._size = self._vouched = 0
        self._stop = Place(segment_name(base.index + 1), 0)
        self.damage = None

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
            try:
                disk.truncate(end.name, self._size)
            except DiskFullError:
                self._size = end.offset
