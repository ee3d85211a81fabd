"""The bytes of a segment file: its header, its voucher and the frames of its entries.

A segment begins with a header and a voucher, followed by frames without gaps, followed by zeros:

    header   "daybreak"  version u32  first index u64  crc u32, padded with zeros to 32 bytes
    voucher  "vouched:"  index u64  crc u32, padded with zeros to 32 bytes; zeros as long as there is none
    frame    magic u32   crc u32      payload length u32  index u64  epoch u64  durable u64  synced u64  payload

All numbers are big-endian. The frame's crc32 covers its place (first index of the segment, offset) besides its
fields and payload, so that a frame is valid at one place only: neither a stray write nor a payload that happens to
hold the bytes of a frame is taken for an entry.

A voucher says up to which index entries have been synced to this disk. It is written over the last one after a sync,
in the sector of the header, and is on the disk with the next sync.
"""

from __future__ import annotations

import struct
from zlib import crc32

import msgspec

from daybreak.errors import OperatorError
from daybreak.journal.messages import Entry

VERSION = 2
"""Of the format of segment files; raised whenever an older program would misread one."""

MAX_PAYLOAD_BYTES = 16 * 1024 * 1024

_FILE_MAGIC = b"daybreak"
_FILE = struct.Struct(">8sIQI")
HEADER_BYTES = 32
SEGMENT_HEADER_BYTES = 64
"""Header and voucher together."""
_VOUCHER_MAGIC = b"vouched:"
_VOUCHER = struct.Struct(">8sQI")

_MAGIC = 0xDA7B4EA6
_MAGIC_BYTES = _MAGIC.to_bytes(4, "big")
_SEAL = struct.Struct(">II")
_FIELDS = struct.Struct(">IQQQQ")
_PLACE = struct.Struct(">QQ")
FRAME_HEADER_BYTES = _SEAL.size + _FIELDS.size


class Frame(msgspec.Struct, frozen=True):
    """An entry where it stands in a segment."""

    index: int
    epoch: int
    durable: int
    """The greatest index known to be durable on a majority when the entry was written."""
    synced: int
    """The greatest index known to be on this very disk when the entry was written."""
    offset: int
    length: int
    """Of the payload, in bytes."""

    @property
    def end(self) -> int:
        """Offset of what follows."""
        return self.offset + FRAME_HEADER_BYTES + self.length

    def payload(self, data: bytes, at: int) -> bytes:
        """The payload, if the frame begins at position `at` of `data`."""
        start = at + FRAME_HEADER_BYTES
        return data[start : start + self.length]


def frame_bytes(entry: Entry) -> int:
    """How many bytes the frame of an entry takes."""
    return FRAME_HEADER_BYTES + len(entry.payload)


def pack_frame(entry: Entry, *, durable: int, synced: int, first: int, offset: int) -> bytes:
    """The frame of an entry, for the place `offset` in the segment that begins with index `first`."""
    payload = entry.payload
    fields = _FIELDS.pack(len(payload), entry.index, entry.epoch, durable, synced)
    crc = crc32(payload, crc32(fields, crc32(_PLACE.pack(first, offset))))
    return b"".join((_SEAL.pack(_MAGIC, crc), fields, payload))


def unpack_frame(data: bytes, at: int, *, first: int, offset: int) -> Frame | None:
    """The frame at position `at` of `data`, which stands at `offset` of its segment; None if there is no valid one."""
    body = at + FRAME_HEADER_BYTES
    if body > len(data):
        return None
    magic, crc = _SEAL.unpack_from(data, at)
    if magic != _MAGIC:
        return None
    length, index, epoch, durable, synced = _FIELDS.unpack_from(data, at + _SEAL.size)
    if length > MAX_PAYLOAD_BYTES or body + length > len(data):
        return None
    rest = memoryview(data)[at + _SEAL.size : body + length]
    if crc32(rest, crc32(_PLACE.pack(first, offset))) != crc:
        return None
    return Frame(index, epoch, durable, synced, offset, length)


def is_sound(data: memoryview, at: int, end: int, *, first: int, offset: int) -> bool:
    """Whether the frame from position `at` of `data` to `end`, which stands at `offset` of its segment, is valid: the
    same as `unpack_frame` says, for less, where it is known how long the frame is."""
    if end > len(data):
        return False
    magic, crc = _SEAL.unpack_from(data, at)
    return bool(magic == _MAGIC and crc32(data[at + _SEAL.size : end], crc32(_PLACE.pack(first, offset))) == crc)


def frames_after(data: bytes, at: int, *, first: int) -> list[Frame]:
    """All valid frames of a whole segment `data` from `at` on, wherever they begin."""
    found = []
    while (at := data.find(_MAGIC_BYTES, at)) >= 0:
        frame = unpack_frame(data, at, first=first, offset=at)
        if frame is None:
            at += 1
        else:
            found.append(frame)
            at = frame.end
    return found


def pack_header(first: int, vouched: int = 0) -> bytes:
    """Header and voucher of the segment that begins with index `first`; 0: nothing is vouched for."""
    voucher = pack_voucher(vouched, first) if vouched else b""
    return (_header(VERSION, first) + voucher).ljust(SEGMENT_HEADER_BYTES, b"\0")


def _header(version: int, first: int) -> bytes:
    crc = crc32(_FILE.pack(_FILE_MAGIC, version, first, 0))
    return _FILE.pack(_FILE_MAGIC, version, first, crc).ljust(HEADER_BYTES, b"\0")


def check_header(data: bytes, first: int, path: str) -> bool:
    """Whether `data` begins with the header of the segment of index `first`.

    OperatorError if the header is whole and of another version.
    """
    if len(data) < SEGMENT_HEADER_BYTES:
        return False
    version = _FILE.unpack_from(data)[1]
    if data[:HEADER_BYTES] != _header(version, first):
        return False
    if version != VERSION:
        age = "a newer" if version > VERSION else "an older"
        raise OperatorError(f"{path}: written by {age} version (format {version}; this version reads {VERSION})")
    return True


def pack_voucher(index: int, first: int) -> bytes:
    """The voucher for the entries up to `index`, in the segment that begins with index `first`."""
    return _VOUCHER.pack(_VOUCHER_MAGIC, index, crc32(_PLACE.pack(first, index))).ljust(HEADER_BYTES, b"\0")


def unpack_voucher(data: bytes, first: int) -> int | None:
    """What the voucher of a segment says, 0 if there is none; None if it is damaged."""
    found = data[HEADER_BYTES:SEGMENT_HEADER_BYTES]
    if not any(found):
        return 0
    index: int = _VOUCHER.unpack_from(found)[1] if len(found) == HEADER_BYTES else 0
    return index if found == pack_voucher(index, first) else None
