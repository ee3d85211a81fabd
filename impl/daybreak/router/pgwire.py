"""The byte stream of a client, cut into messages.

A connection begins with packets that have no type byte (StartupMessage, SSLRequest, GSSENCRequest,
CancelRequest); after the StartupMessage every message has one. Lengths are checked before anything is kept, so
that a client cannot make the server hold more than one message of `MAX_MESSAGE_BYTES`.
"""

from __future__ import annotations

import struct

from daybreak.query.pgmessages import ProtocolViolationError, Reader

MAX_MESSAGE_BYTES = 10 * 1024 * 1024
MAX_STARTUP_BYTES = 10_000
PROTOCOL_3 = 3
SSL_REQUEST = 80_877_103
GSSENC_REQUEST = 80_877_104
CANCEL_REQUEST = 80_877_102

FRONTEND_TYPES = frozenset(b"BCDEFHPQSXcdfp")

_LENGTH = struct.Struct("!I")


class Framer:
    """Cuts startup packets, then messages, out of chunks of bytes as they arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def buffered(self) -> int:
        """Bytes that belong to no whole message yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def startup_packet(self) -> bytes | None:
        """The next packet without a type byte, less its length; None when it has not arrived in full."""
        if len(self._buffer) < 4:
            return None
        size = _LENGTH.unpack_from(self._buffer)[0]
        if not 8 <= size <= MAX_STARTUP_BYTES:
            raise ProtocolViolationError("invalid length of startup packet")
        if len(self._buffer) < size:
            return None
        packet = bytes(self._buffer[4:size])
        del self._buffer[:size]
        return packet

    def messages(self) -> list[tuple[int, bytes]]:
        """All messages that have arrived in full, as type and body."""
        buffer, at, out = self._buffer, 0, []
        while len(buffer) - at >= 5:
            kind = buffer[at]
            size = _LENGTH.unpack_from(buffer, at + 1)[0]
            _check(kind, size)
            end = at + 1 + size
            if len(buffer) < end:
                break
            out.append((kind, bytes(buffer[at + 5 : end])))
            at = end
        if at:
            del buffer[:at]
        return out


def _check(kind: int, size: int) -> None:
    if kind not in FRONTEND_TYPES:
        raise ProtocolViolationError(f"invalid frontend message type {kind}")
    if not 4 <= size <= MAX_MESSAGE_BYTES:
        raise ProtocolViolationError("invalid message length")


def read_startup(packet: bytes) -> tuple[int, int]:
    """The protocol version, or the request code, of a startup packet: its high and its low half."""
    code = int(_LENGTH.unpack_from(packet)[0])
    return code >> 16, code & 0xFFFF


def startup_code(packet: bytes) -> int:
    return int(_LENGTH.unpack_from(packet)[0])


def startup_parameters(packet: bytes) -> dict[str, str]:
    """The names and values of a StartupMessage."""
    reader = Reader(packet[4:])
    parameters: dict[str, str] = {}
    try:
        while name := reader.cstring():
            parameters[name.decode()] = reader.cstring().decode()
    except UnicodeDecodeError:
        raise ProtocolViolationError("invalid startup packet layout: not UTF-8") from None
    reader.end()
    return parameters


def cancel_key(packet: bytes) -> tuple[int, int] | None:
    """Process and secret of a CancelRequest; None when it is malformed."""
    return struct.unpack("!II", packet[4:]) if len(packet) == 12 else None
