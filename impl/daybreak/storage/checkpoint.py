"""Checkpoints: a replica's state on its own disk, so that a restart replays only what came since.

A checkpoint is a file of blocks (`blocks`), written little by little: what commits is appended to it, and every
interval a commit block makes it count. When what was appended outgrows the base, a new file is begun, with a new
base out of memory, one part per tick; meanwhile what commits goes into both. The old file is removed once the new
one has two durable commits. So at every moment the disk holds two commits that a start may go on from, and it is the
older one up to which the journals may be trimmed.

    ticks         1        2        3        4        5        6        7
    file 4        r r c    r        r c      r        r c  (removed when 5 has two commits)
    file 5                          b v      v r      v r c    r        r c
                                    base as of the commit before      becomes the current file
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec

from daybreak.base.ids import JournalId, TxnId
from daybreak.base.time import SECOND_US, Timestamp
from daybreak.base.writes import Record
from daybreak.errors import OperatorError
from daybreak.runtime.protocols import Disk
from daybreak.storage.blocks import Base, Commit, Named, Records, Rows, encode
from daybreak.storage.file import File
from daybreak.storage.load import Loader, file_name, file_names, file_number, load
from daybreak.storage.messages import CheckpointPart
from daybreak.storage.mvcc import Cursor, Versions
from daybreak.storage.names import Names

BLOCKS = 8
"""Blocks of each kind in one piece of work: more than any load that the cluster can take."""
ROWS = 2_000
"""So many rows of a base are one piece of work, too, however short they are."""

NAME_BYTES = 25
"""About so many a transaction's name takes, with its time."""


class Settings(msgspec.Struct, frozen=True):
    """When and how much is written, and said at once; times in microseconds."""

    tick_us: int = 50_000
    """Between two pieces of work."""
    interval_us: int = SECOND_US
    """Between two commits: about so much of the journals is replayed after a crash."""
    keep_us: int = 5 * SECOND_US
    """A base holds the history of this long; older snapshots cannot be read from it."""
    block_bytes: int = 128 * 1024
    """One piece of work: at most `BLOCKS` of a base and as many of what committed since."""
    growth_bytes: int = 8 * 1024 * 1024
    """No new base is begun before so much was appended to the last one, nor before as much as it is long."""
    pending_bytes: int = 64 * 1024 * 1024
    """If so much cannot be written, the file is given up, and a new one begun as soon as the disk allows."""
    answer_bytes: int = 512 * 1024
    """An answer to a read that is longer comes in parts: it has to fit a message, and others do not wait so long."""


@dataclass
class Rebase:
    """A new base on its way."""

    file: File
    cut: Timestamp
    floor: Timestamp
    names: Sequence[tuple[TxnId, Timestamp]]
    """Those that are still to be written, in front of the rows."""
    cursor: Cursor | None = None
    done: bool = False


class Checkpoints:
    """A replica's checkpoints; a part of the replica, no role of its own."""

    def __init__(self, disk: Disk, settings: Settings) -> None:
        """Look for the newest whole checkpoint; `take_loaded` gives what it holds."""
        self.notes: list[str] = []
        """What was found damaged, one line each, for the operator."""
        self.failure: str | None = None
        """Why nothing is written, for now or, after a failed sync, for good."""
        self._disk = disk
        self._settings = settings
        self._loaded: Loader | None = None
        self._current: File | None = None
        self._rebase: Rebase | None = None
        self._old: list[str] = []
        """Earlier files, until the current one has two durable commits."""
        self._durable: deque[dict[JournalId, int]] = deque(maxlen=2)
        """Positions of the last two durable commits."""
        self._claimed: list[dict[JournalId, int]] = []
        """Positions of commits that the next sync, or the one under way, makes durable."""
        # Invariant: _pending are the transactions after the last Records of the files, or the state that was loaded,
        # in commit order; the first _due of them belong to the commit under way.
        self._pending: deque[Record] = deque()
        self._pending_bytes = 0
        self._goal: Commit | None = None
        self._due = 0
        self._last: dict[JournalId, int] = {}
        self._next_commit = 0
        self._syncing = False
        self._broken = False
        self._open()

    # --- at start -----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Load the newest file that has a commit, and keep the one before it."""
        names = file_names(self._disk)
        while names and self._loaded is None:
            self._loaded = load(self._disk, names[-1], self.notes)
            if self._loaded is None:
                self._disk.remove(names.pop())
        if self._loaded is None:
            return
        name = names.pop()
        if self._loaded.end < self._disk.size(name):
            self._disk.truncate(name, self._loaded.end)
        self._go_on_with(name, self._loaded)
        self._old = names[-1:]
        for useless in names[:-1]:
            self._disk.remove(useless)

    def _go_on_with(self, name: str, loaded: Loader) -> None:
        """Append to a file that ends with a commit; it counts after the next sync."""
        self._current = File.reopen(self._disk, name, loaded)
        self._claimed = [commit.positions for commit in loaded.commits]
        self._last = loaded.commits[-1].positions

    def take_loaded(self) -> Loader | None:
        """What was found at start, once."""
        loaded, self._loaded = self._loaded, None
        return loaded

    # --- while running ------------------------------------------------------------------------------------------

    @property
    def durable(self) -> Mapping[JournalId, int]:
        """Up to here a start from this disk needs nothing of the journals, even without the last commit."""
        return self._durable[0] if len(self._durable) == 2 else {}

    @property
    def syncing(self) -> bool:
        """Whether a sync is under way, and nothing is written."""
        return self._syncing

    def status(self) -> dict[str, object]:
        """What an operator may want to know."""
        return {
            "positions": dict(self._durable[-1]) if self._durable else {},
            "bytes": self._current.end if self._current else 0,
            "pending": len(self._pending),
            "failure": self.failure,
        }

    def note(self, record: Record) -> None:
        """A transaction was applied."""
        self._pending.append(record)
        self._pending_bytes += _size(record)

    def step(self, now: Timestamp, versions: Versions, names: Names, state: Commit) -> bool:
        """Do one piece of work, if it is time; returns whether a sync is to follow. `state` is how the replica
        stands."""
        if self._syncing or self._broken:
            return False
        try:
            self._work(now, versions, names, state)
            self.failure = None
        except OperatorError as error:
            self.failure = error.message
            if self._pending_bytes > self._settings.pending_bytes:
                self._give_up()
        self._syncing = bool(self._claimed)
        return self._syncing

    def _work(self, now: Timestamp, versions: Versions, names: Names, state: Commit) -> None:
        rebasing = self._current is None or self._rebase is not None
        if self._goal is None and now >= self._next_commit and (rebasing or state.positions != self._last):
            self._goal, self._due = state, len(self._pending)
        if self._rebase is not None and not self._rebase.done:
            self._write_base(self._rebase, versions)
        for _ in range(BLOCKS):
            if self._due or (self._goal is None and self._pending_bytes >= self._settings.block_bytes):
                self._write_records(self._due or len(self._pending))
        if self._goal is not None and self._due == 0:
            self._commit(now, names, self._goal)

    def _write_base(self, rebase: Rebase, versions: Versions) -> None:
        if rebase.names:
            limit = self._settings.block_bytes // NAME_BYTES
            _append([rebase.file], encode(Named(rebase.names[:limit])))
            rebase.names = rebase.names[limit:]
            return
        written = 0
        for _ in range(BLOCKS):
            rows, cursor = versions.export(
                rebase.cursor, floor=rebase.floor, cut=rebase.cut, limit_bytes=self._settings.block_bytes
            )
            if rows:
                _append([rebase.file], encode(Rows(rows)))
            rebase.cursor, rebase.done = cursor, cursor is None
            written += len(rows)
            if rebase.done or written >= ROWS:
                break

    def _write_records(self, limit: int) -> None:
        """The oldest pending records, as many as fit a block, `limit` at most."""
        taken: list[Record] = []
        size = 0
        for record in islice(self._pending, limit):
            if taken and size >= self._settings.block_bytes:
                break
            taken.append(record)
            size += _size(record)
        files = [self._current] if self._current is not None else []
        if self._rebase is not None:
            files.append(self._rebase.file)
        if files:
            _append(files, encode(Records(taken)))
        for _ in taken:
            self._pending.popleft()
        self._pending_bytes -= size
        self._due = max(0, self._due - len(taken))

    def _commit(self, now: Timestamp, names: Names, goal: Commit) -> None:
        """All that belongs to the commit is written: let it count, and begin a new base if it is time."""
        files = [self._current] if self._current is not None else []
        if self._rebase is not None and self._rebase.done:
            files.append(self._rebase.file)
        if files:
            _append(files, encode(goal))
            self._claimed.append(goal.positions)
        for file in files:
            file.committed()
        self._goal, self._last = None, goal.positions
        self._next_commit = now + self._settings.interval_us
        if self._rebase is None and (self._current is None or self._current.growth >= self._bound(self._current)):
            self._begin(now, names, goal)

    def _bound(self, file: File) -> int:
        return max(file.base_end, self._settings.growth_bytes)

    def _begin(self, now: Timestamp, names: Names, goal: Commit) -> None:
        """Begin a new file, with a base as of the commit just made."""
        floor = Timestamp(max(goal.forgotten, goal.watermark - self._settings.keep_us))
        file = File.create(self._disk, self.new_name(), stamp=now)
        self._rebase = Rebase(file, goal.watermark, floor, names.listed(goal.watermark))
        _append([file], encode(Base(goal.watermark, floor, names.since)))

    def new_name(self) -> str:
        """A name for a file newer than all there are."""
        return file_name(max(map(file_number, file_names(self._disk)), default=0) + 1)

    def _give_up(self) -> None:
        """What is pending is too much to wait for the disk: begin again with a new base as soon as it allows."""
        self._drop_rebase()
        if self._current is not None:
            self._old.append(self._current.name)
        self._current = None
        self._forget_pending()

    def _drop_rebase(self) -> None:
        if self._rebase is not None:
            self._remove(self._rebase.file.name)
        self._rebase = None

    def _forget_pending(self) -> None:
        self._pending.clear()
        self._pending_bytes = self._due = 0
        self._goal = None

    # --- the disk -----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """At the replica's start a sync of all that was found is under way."""
        self._syncing = True

    def synced(self) -> None:
        """What was written is on the disk."""
        self._syncing = False
        self._durable.extend(self._claimed)
        self._claimed = []
        current = self._current
        if self._rebase is not None and self._rebase.file.commits:
            self._old += [current.name] if current is not None else []
            self._current = current = self._rebase.file
            self._rebase = None
        if current is not None:
            current.durable_end = current.end
            if current.commits > 1:
                self._remove_old()

    def _remove_old(self) -> None:
        for name in self._old:
            self._remove(name)
        self._old = []

    def _remove(self, name: str) -> None:
        """A file that cannot be removed is found at the next start."""
        try:
            self._disk.remove(name)
        except OperatorError as error:
            self.failure = error.message

    def sync_failed(self, reason: str) -> None:
        """Nothing is known of what was written (a second sync may lie): write no more."""
        self.failure, self._broken = reason, True

    # --- copies -------------------------------------------------------------------------------------------------

    def part(self, stamp: int, offset: int, limit: int) -> CheckpointPart:
        """What stands from `offset` on in the file `stamp`, if that is the current one, else its beginning."""
        file = self._current
        if file is None or not file.durable_end:
            return CheckpointPart(0, 0, b"", 0)
        if stamp != file.stamp or offset > file.durable_end:
            offset = 0
        try:
            data = self._disk.read(file.name, offset, min(limit, file.durable_end - offset))
        except OperatorError as error:
            self.failure = error.message
            return CheckpointPart(0, 0, b"", 0)
        return CheckpointPart(file.stamp, offset, data, file.durable_end)

    def adopt(self, name: str, loaded: Loader) -> None:
        """Go on with a file that was copied from a sibling; no sync may be under way."""
        self._drop_rebase()
        self._old += [self._current.name] if self._current is not None else []
        self._forget_pending()
        self._durable.clear()
        self._go_on_with(name, loaded)


def _append(files: Sequence[File], payload: bytes) -> None:
    """Write a block to all of `files`, or leave all as they are."""
    ends = [file.write(payload) for file in files]
    for file, end in zip(files, ends, strict=True):
        file.advance(end)


def _size(record: Record) -> int:
    """About how many bytes a record takes."""
    return 40 + sum(len(write.key) + len(write.value or b"") for write in record.writes)
