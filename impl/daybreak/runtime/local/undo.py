"""What a directory's files were like when they were last synced, as far as they have changed since.

What was written but not synced is in the machine's memory, and survives the death of the process; a power failure takes
it along. To have that happen by order, each change leaves here how to take it back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple


class Change(NamedTuple):
    """A change to a file, and how to take it back when all later ones have been."""

    name: str
    undo: Callable[[], None]
    removed: BinaryIO | None = None
    """The file that was removed, open still."""

    def forget(self) -> None:
        """It will not be taken back."""
        if self.removed is not None:
            self.removed.close()


class Undo:
    """The unsynced changes to the files in a directory, in their order.

    Changes are noted when they have been made, by one thread; another one may sync meanwhile.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        # Guarded by _lock.
        self._changes: dict[int, Change] = {}
        self._count = 0
        """Changes ever made."""

    # --- how things were, before a change -------------------------------------------------------------------------

    def bytes_of(self, name: str, offset: int, length: int) -> Change:
        """Before `length` bytes at `offset` are written, or cut off."""
        path = self._directory / name
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(offset)
            before = file.read(length)

        def undo() -> None:
            with path.open("r+b") as file:
                file.seek(offset)
                file.write(before)
                file.truncate(size)

        return Change(name, undo)

    def absence_of(self, name: str) -> Change:
        """Before a file is created."""
        return Change(name, partial((self._directory / name).unlink, missing_ok=True))

    def content_of(self, name: str) -> Change:
        """Before a file is removed."""
        path = self._directory / name
        removed = path.open("rb")

        def undo() -> None:
            with path.open("xb") as file:
                os.sendfile(file.fileno(), removed.fileno(), 0, os.fstat(removed.fileno()).st_size)

        return Change(name, undo, removed)

    # --- changes ----------------------------------------------------------------------------------------------------

    def note(self, change: Change) -> None:
        """The change has been made."""
        with self._lock:
            self._count += 1
            self._changes[self._count] = change

    def mark(self) -> int:
        """A point in the history of changes: all that was noted so far."""
        with self._lock:
            return self._count

    def synced(self, mark: int) -> None:
        """What was noted before `mark` was taken is durable."""
        with self._lock:
            self._forget([number for number in self._changes if number <= mark])

    def synced_file(self, name: str) -> None:
        """A file is durable as it is."""
        with self._lock:
            self._forget([number for number, change in self._changes.items() if change.name == name])

    def take_back(self) -> None:
        """Make the files what they were when they were last synced."""
        with self._lock:
            for change in reversed(self._changes.values()):
                change.undo()
            self._forget([*self._changes])

    def close(self) -> None:
        """Take nothing back any more."""
        with self._lock:
            self._forget([*self._changes])

    def _forget(self, numbers: list[int]) -> None:
        for number in numbers:
            self._changes.pop(number).forget()
