"""The bytes of a checkpoint file: a header and blocks, each sealed to all that stands before it.

    header   "dbcheckp"  version u32  stamp u64  crc u32
    block    magic u32   crc u32      payload length u32   payload: one of the blocks below, as msgpack

All numbers are big-endian. A block's crc32 covers its length, its payload and the crc of what stands before it, the
header's for the first block; so a block is valid in its place only, and what a crash has left of two different ends
of a file is never taken for one.

A file tells a state of a replica. First comes its *base*: what a snapshot needs, as of the time `Base.cut`, in key
order (`Rows`), and the names of transactions that committed lately (`Named`); then what committed since (`Records`),
which may begin while the base is still being written. A `Commit` closes what stands before it: only up to a commit does
a file count.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from zlib import crc32

import msgspec

from daybreak.base.ids import JournalId, TxnId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Record
from daybreak.errors import OperatorError

VERSION = 2
"""Of the format of checkpoint files; raised whenever an older program would misread one."""

MAX_PAYLOAD_BYTES = 32 * 1024 * 1024

_FILE_MAGIC = b"dbcheckp"
_FILE = struct.Struct(">8sIQI")
HEADER_BYTES = _FILE.size
_MAGIC = 0xDA7BC4EC
_BLOCK = struct.Struct(">III")
_CHAIN = struct.Struct(">II")

Row = tuple[Key, list[tuple[Timestamp, bytes | None]]]
"""A key and some of its versions, oldest first; the next row may have more of the same key."""


class Base(msgspec.Struct, frozen=True, array_like=True, tag="b"):
    """The first block: the rows that follow are as of `cut`, without what no snapshot at or after `floor` can see.

    The names that follow are of transactions in (`since`, `cut`]; of the first format there are none.
    """

    cut: int
    floor: int
    since: int | None = None


class Rows(msgspec.Struct, frozen=True, array_like=True, tag="v"):
    """A part of the base."""

    rows: list[Row]


class Named(msgspec.Struct, frozen=True, array_like=True, tag="n"):
    """A part of the base: transactions with their commit times, in commit order."""

    names: Sequence[tuple[TxnId, Timestamp]]


class Records(msgspec.Struct, frozen=True, array_like=True, tag="r"):
    """Transactions that committed after the cut, in commit order."""

    records: Sequence[Record]


class Commit(msgspec.Struct, frozen=True, array_like=True, tag="c"):
    """With all that stands before it the replica is complete: where it stands in each journal, and in time."""

    positions: dict[JournalId, int]
    watermark: Timestamp
    forgotten: Timestamp


Block = Base | Rows | Named | Records | Commit

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Block] = msgspec.msgpack.Decoder(Block)

encode = _encoder.encode


def pack_header(stamp: int) -> bytes:
    """The header of a file; `stamp` tells it from all others of its node."""
    return _FILE.pack(_FILE_MAGIC, VERSION, stamp, header_crc(stamp))


def header_crc(stamp: int, version: int = VERSION) -> int:
    """What the first block is sealed to."""
    return crc32(_FILE.pack(_FILE_MAGIC, version, stamp, 0))


def pack_block(payload: bytes, before: int) -> tuple[bytes, int]:
    """The block of an encoded payload behind what has the crc `before`, and its own crc."""
    crc = _crc(payload, before)
    return _BLOCK.pack(_MAGIC, crc, len(payload)) + payload, crc


def _crc(payload: bytes | memoryview, before: int) -> int:
    return crc32(payload, crc32(_CHAIN.pack(len(payload), before)))


class Parser:
    """Finds the blocks of a file that comes in pieces."""

    def __init__(self, path: str) -> None:
        """`path` is what an error calls the file."""
        self.stamp = 0
        self.end = 0
        """Offset behind the last valid block, or the header; 0 before that."""
        self.crc = 0
        """Of what ends there."""
        self.broken = False
        """What stands at `end` is no block, and nothing behind it counts."""
        self._path = path
        self._rest = bytearray()

    @property
    def complete(self) -> bool:
        """Whether everything fed was whole blocks."""
        return not self.broken and not self._rest

    def feed(self, data: bytes) -> Iterator[Block]:
        """The blocks that are complete with these next bytes; OperatorError for a file of a newer format.

        While one is being looked at, `end` and `crc` are those of its end.
        """
        self._rest += data
        while not self.broken and (block := self._next()) is not None:
            yield block

    def _next(self) -> Block | None:
        """Take a block off the front, if there is a whole one."""
        if self.end == 0 and not self._header():
            return None
        if len(self._rest) < _BLOCK.size:
            return None
        magic, crc, length = _BLOCK.unpack_from(self._rest)
        if magic != _MAGIC or length > MAX_PAYLOAD_BYTES:
            self.broken = True
            return None
        if len(self._rest) < _BLOCK.size + length:
            return None
        payload = bytes(self._rest[_BLOCK.size : _BLOCK.size + length])
        if _crc(payload, self.crc) != crc:
            self.broken = True
            return None
        del self._rest[: _BLOCK.size + length]
        self.end += _BLOCK.size + length
        self.crc = crc
        return _decoder.decode(payload)

    def _header(self) -> bool:
        if len(self._rest) < HEADER_BYTES:
            return False
        magic, version, stamp, crc = _FILE.unpack_from(self._rest)
        if magic != _FILE_MAGIC or crc != header_crc(stamp, version):
            self.broken = True
            return False
        if version > VERSION:
            raise OperatorError(
                f"{self._path}: written by a newer version (format {version}; this version reads {VERSION})"
            )
        del self._rest[:HEADER_BYTES]
        self.stamp, self.end, self.crc = stamp, HEADER_BYTES, crc
        return True
