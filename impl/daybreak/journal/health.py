"""Which entries of a log are damaged, and the search for them: a part of the replica that owns the log."""

from __future__ import annotations

from daybreak.errors import CorruptionError
from daybreak.journal.messages import Entry
from daybreak.journal.promise import damaged_copies
from daybreak.journal.segment import Log
from daybreak.runtime.protocols import Disk

SCRUB_BYTES = 64 * 1024
"""So much of the log is read at each look for damage."""


class Health:
    """What is known of damage to the entries of a log that is open."""

    def __init__(self, log: Log, disk: Disk) -> None:
        self._log = log
        self._disk = disk
        # Invariant: entries of the log only, each with the sync after which it is well again, or 0 as long as it has
        # not been written again.
        self._bad: dict[int, int] = {}
        self._scrubbed = 0
        """Up to here this round of the search has come; 0: a new one begins."""
        self.mended = 0
        """How many entries, headers and losses have been mended since the log was opened."""

    @property
    def sound(self) -> bool:
        """Whether no damaged entry is known."""
        return not self._bad

    @property
    def waiting(self) -> bool:
        """Whether a damaged entry has not been written again yet."""
        return 0 in self._bad.values()

    def sound_before(self, index: int) -> int:
        """The last index up to `index` before any damaged entry."""
        return min([index, *(bad - 1 for bad in self._bad)])

    def note(self, index: int) -> None:
        """The entry at `index` is not what was written."""
        self._bad.setdefault(index, 0)

    def rewrite(self, entry: Entry, *, durable: int, synced: int, sync: int) -> bool:
        """Write `entry` again if it is damaged; it is well after the sync number `sync`. Returns whether it was."""
        if self._bad.get(entry.index) != 0:
            return False
        self._log.rewrite(entry, durable=durable, synced=synced)
        self._bad[entry.index] = sync
        return True

    def synced(self, sync: int) -> bool:
        """A sync is done; returns whether an entry is well again."""
        well = [index for index, needed in self._bad.items() if 0 < needed <= sync]
        for index in well:
            del self._bad[index]
        self.mended += len(well)
        return bool(well)

    def cut(self, index: int) -> None:
        """The entries from `index` on are gone."""
        self._bad = {bad: sync for bad, sync in self._bad.items() if bad < index}

    def trim(self) -> bool:
        """Entries at the front of the log are gone; returns whether a damaged one was among them."""
        damaged, base = len(self._bad), self._log.base.index
        self._bad = {bad: sync for bad, sync in self._bad.items() if base < bad <= self._log.last_index}
        return len(self._bad) < damaged

    def promise_damaged(self) -> bool:
        """When the scrub begins anew: whether a copy of the promise is damaged."""
        return self._scrubbed == 0 and bool(damaged_copies(self._disk))

    def scrub(self, synced: int) -> tuple[bool, int]:
        """Read the next part of what is on the disk, up to `synced`: whether a header was written again, and the index
        of an entry found damaged, or 0.

        A round ends with what is on the disk at that moment: entries that keep coming do not put the next one off.
        """
        low = max(self._scrubbed, self._log.base.index) + 1
        if low > synced:
            self._scrubbed = 0
            return False, 0
        header = self._log.mend_header(low)
        self.mended += header
        try:
            last = self._log.verify(low, synced, SCRUB_BYTES)
            self._scrubbed = last if last < synced else 0
        except CorruptionError as error:
            self._scrubbed = error.entry
            self.note(error.entry)
            return header, error.entry
        return header, 0

    def check_invariants(self) -> None:
        """What `__init__` says."""
        if self._bad:
            base, last = self._log.base.index, self._log.last_index
            assert all(base < index <= last for index in self._bad), "what is damaged is a part of the log"
