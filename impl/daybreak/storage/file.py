"""A checkpoint file that is being written."""

from __future__ import annotations

from typing import NamedTuple

from daybreak.errors import OperatorError
from daybreak.runtime.protocols import Disk
from daybreak.storage.blocks import HEADER_BYTES, header_crc, pack_block, pack_header
from daybreak.storage.load import Loader


class End(NamedTuple):
    """Where a file ends, and the crc of what ends there."""

    offset: int
    crc: int


class File:
    """See the module; `end` is where the next block goes."""

    def __init__(self, disk: Disk, name: str, stamp: int, end: End) -> None:
        self.name = name
        self.stamp = stamp
        self.end, self._crc = end
        self.commits = 0
        """How many it has, if not more than one."""
        self.base_end = 0
        """Offset behind the first commit; 0 before there is one."""
        self.durable_end = 0
        """Offset behind the last commit known to be on the disk."""
        self._disk = disk

    @classmethod
    def create(cls, disk: Disk, name: str, stamp: int) -> File:
        """A new file without blocks."""
        disk.create(name, 0)
        try:
            disk.write(name, 0, pack_header(stamp))
        except OperatorError:
            disk.remove(name)
            raise
        return cls(disk, name, stamp, End(HEADER_BYTES, header_crc(stamp)))

    @classmethod
    def reopen(cls, disk: Disk, name: str, loaded: Loader) -> File:
        """Go on behind the last commit of a file."""
        file = cls(disk, name, loaded.parser.stamp, End(loaded.end, loaded.crc))
        file.commits, file.base_end = len(loaded.commits), loaded.base_end
        return file

    @property
    def growth(self) -> int:
        """Bytes appended behind the base."""
        return self.end - self.base_end

    def write(self, payload: bytes) -> End:
        """Write a block at the end; it belongs to the file once `advance` is called with the result."""
        data, crc = pack_block(payload, self._crc)
        self._disk.write(self.name, self.end, data)
        return End(self.end + len(data), crc)

    def advance(self, end: End) -> None:
        """The block that was written stays."""
        self.end, self._crc = end

    def committed(self) -> None:
        """The last block is a commit."""
        self.commits += 1
        self.base_end = self.base_end or self.end
