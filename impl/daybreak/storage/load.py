"""Reading checkpoint files: the state as of a file's last commit."""

from __future__ import annotations

import re

from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Record
from daybreak.runtime.protocols import Disk
from daybreak.storage.blocks import Base, Block, Commit, Named, Parser, Records, Rows
from daybreak.storage.mvcc import Versions
from daybreak.storage.names import Names

_NAME = re.compile(r"\d{10}\.checkpoint")
_READ_BYTES = 1024 * 1024


def file_name(number: int) -> str:
    """The checkpoint file of a number; newer ones have greater numbers."""
    return f"{number:010}.checkpoint"


def file_number(name: str) -> int:
    """The number of a checkpoint file."""
    return int(name[:10])


def file_names(disk: Disk) -> list[str]:
    """All checkpoint files, oldest first."""
    return [name for name in disk.names() if _NAME.fullmatch(name)]


class Loader:
    """Builds the state that a checkpoint file tells, while the file comes in pieces."""

    def __init__(self, path: str) -> None:
        """`path` is what an error calls the file."""
        self.parser = Parser(path)
        self.versions = Versions()
        self.names = Names()
        """Both as of the last commit, once there is one."""
        self.commits: list[Commit] = []
        """The last two."""
        self.end = 0
        """Offset behind the last commit."""
        self.crc = 0
        """Of what ends there."""
        self.base_end = 0
        """Offset behind the first commit."""
        self._floor = ZERO
        self._since: list[Record] = []

    @property
    def forgotten(self) -> Timestamp:
        """Snapshots below it cannot be read from the state."""
        return max(self._floor, self.commits[-1].forgotten)

    def feed(self, data: bytes) -> None:
        """Take the next bytes; OperatorError for a file of a newer format."""
        for block in self.parser.feed(data):
            self._take(block)

    def _take(self, block: Block) -> None:
        match block:
            case Base(cut, floor, since):
                self._floor = Timestamp(floor)
                self.names.begin(Timestamp(cut if since is None else since))
            case Rows(rows):
                self.versions.restore(rows)
            case Named(names):
                self.names.restore(names)
            case Records(records):
                self._since.extend(records)
            case Commit():
                self._commit(block)

    def _commit(self, commit: Commit) -> None:
        """Records count only from here on: they came after the base, wherever they stand."""
        if not self.commits:
            self.versions.restored()
            self.base_end = self.parser.end
        for record in self._since:
            self.versions.apply(record)
            self.names.add(record)
        self._since.clear()
        self.commits = [*self.commits[-1:], commit]
        self.end, self.crc = self.parser.end, self.parser.crc


def load(disk: Disk, name: str, notes: list[str]) -> Loader | None:
    """The state that a file holds, None if it has no commit; a line for the operator if the file is not whole."""
    path = f"{disk.where}/{name}"
    loader, size, at = Loader(path), disk.size(name), 0
    while at < size and not loader.parser.broken:
        data = disk.read(name, at, _READ_BYTES)
        loader.feed(data)
        at += len(data)
    if not loader.parser.complete:
        notes.append(f"{path}: torn or damaged at offset {loader.parser.end}; what follows is not used")
    return loader if loader.commits else None
