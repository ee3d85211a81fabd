"""Frames: what a connection between two processes carries.

    4 bytes   length of the body, big-endian
    4 bytes   CRC-32 of these four bytes and the body
    body

Whatever does not fit is a `FrameError`: the connection is of no use from there on, as nobody knows where the next
frame begins.
"""

from __future__ import annotations

import struct
from zlib import crc32

_HEADER = struct.Struct(">II")
_LENGTH = struct.Struct(">I")
HEADER_BYTES = _HEADER.size

MAX_BODY_BYTES = 32 * 1024 * 1024
"""The longest body: above any message, since the largest journal entry has half of this."""
MAX_GREETING_BYTES = 4096
"""The longest body that somebody unknown may send."""


class FrameError(Exception):
    """The bytes are no frames; the text says what is wrong with them."""


def frame(body: bytes) -> bytes:
    """`body` as a frame; ValueError if it is too long for one."""
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"a message of {len(body)} bytes; at most {MAX_BODY_BYTES} fit a frame")
    length = _LENGTH.pack(len(body))
    return b"".join((length, _LENGTH.pack(crc32(body, crc32(length))), body))


class FrameDecoder:
    """Cuts a stream of bytes into the bodies of its frames; keeps what has not arrived whole."""

    def __init__(self, limit: int = MAX_GREETING_BYTES) -> None:
        self.limit = limit
        """Bodies longer than this are refused, before any memory is taken for them."""
        self._buffer = bytearray()
        self._start = 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        if self._start:
            del self._buffer[: self._start]
            self._start = 0
        self._buffer += data

    def take(self) -> bytes | None:
        """The next body, or None while it is not whole; FrameError if there can be none."""
        buffer, start = self._buffer, self._start
        if len(buffer) - start < HEADER_BYTES:
            return None
        length, checksum = _HEADER.unpack_from(buffer, start)
        if length > self.limit:
            raise FrameError(f"a frame of {length} bytes, at most {self.limit} are allowed")
        begin = start + HEADER_BYTES
        if len(buffer) - begin < length:
            return None
        body = bytes(memoryview(buffer)[begin : begin + length])
        if crc32(body, crc32(buffer[start : start + _LENGTH.size])) != checksum:
            raise FrameError("a frame's checksum does not match")
        self._start = begin + length
        return body
