"""Copying a sibling's checkpoint: how a replica begins whose own disk does not reach back to where the journals begin.

                  A2, emptied                                   A1
                  Attach({}) ------------> crossbar
                  <------- JournalTrimmed  (entries up to 812 are gone)
start             CheckpointWanted(0, 0) ---------------------> part
on_part           <------------------------ CheckpointPart(file 17, 0 .. 262144 of 700000)
                  writes and loads it; CheckpointWanted(17, 262144) -> …
finished          the file is whole: it is A2's own now, and A2 attaches where it ends
"""

from __future__ import annotations

from collections.abc import Sequence

from daybreak.base.ids import NodeId
from daybreak.runtime.protocols import Disk, Effects, Send
from daybreak.storage.load import Loader
from daybreak.storage.messages import CheckpointPart, CheckpointWanted

PART_BYTES = 256 * 1024
"""At most so much of a checkpoint is in a message."""


class Bootstrap:
    """One copy on its way; a part of the replica, no role of its own."""

    def __init__(self, disk: Disk, name: str, siblings: Sequence[NodeId]) -> None:
        """The copy becomes the file `name`, which nobody else uses."""
        self.name = name
        self.note: str | None = None
        """What hinders it, for the operator."""
        self._disk = disk
        self._siblings = siblings
        self._attempt = 0
        self._moved = True
        """Something has come since the last tick."""
        self._stamp = 0
        self._offset = 0
        self._end = -1
        self._loader = Loader(name)

    @property
    def source(self) -> NodeId:
        """The sibling that is asked."""
        return self._siblings[self._attempt % len(self._siblings)]

    @property
    def finished(self) -> Loader | None:
        """What the copy holds, once it is whole."""
        return self._loader if self._offset == self._end else None

    def ask(self) -> Effects:
        """Ask for the next part."""
        return [Send(self.source, CheckpointWanted(self._stamp, self._offset))] if self._siblings else []

    def retry(self) -> Effects:
        """Ask again, from the beginning and elsewhere, when nothing has come since the last call."""
        if self.finished is not None:
            return []
        if not self._moved:
            self._attempt += 1
            self._restart(0)
        moved, self._moved = self._moved, False
        return [] if moved else self.ask()

    def on_part(self, source: NodeId, part: CheckpointPart) -> Effects:
        """Keep a part, and ask for the next one."""
        if source != self.source or self.finished is not None:
            return []
        if part.stamp == 0:
            self.note = f"{source} has no checkpoint to begin from"
            return []
        if part.stamp != self._stamp and part.offset == 0:
            self._restart(part.stamp)
        if (part.stamp, part.offset) != (self._stamp, self._offset):
            return []
        self._loader.feed(part.data)
        if self._loader.parser.broken:
            self.note = f"the checkpoint of {source} is damaged at offset {self._loader.parser.end}"
            return []
        self._disk.write(self.name, self._offset, part.data)
        self._offset += len(part.data)
        self._moved = True
        if self._loader.end == self._offset == part.end:
            self._end, self.note = part.end, None
            return []
        return self.ask()

    def _restart(self, stamp: int) -> None:
        """Begin a copy of the file `stamp`."""
        if self.name in self._disk.names():
            self._disk.remove(self.name)
        if stamp:
            self._disk.create(self.name, 0)
        self._stamp, self._offset, self._end, self._loader = stamp, 0, -1, Loader(self.name)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._restart(0)
