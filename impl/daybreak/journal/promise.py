"""What a replica must not forget besides its entries: whom it follows, a cut under way, and where the log begins.

One small text file, replaced as a whole: ``daybreak-promise 1 CRC {"epoch":4,"candidate":"…","cut":0, …}``.
"""

from __future__ import annotations

from zlib import crc32

import msgspec

from daybreak.errors import CorruptionError, OperatorError
from daybreak.runtime.protocols import Disk

FILE = "promise"
VERSION = 1
_TITLE = b"daybreak-promise"


class Promise(msgspec.Struct, frozen=True):
    """Nothing of an epoch lower than `epoch` is accepted any more (P18)."""

    epoch: int = 0
    candidate: str = ""
    """Who was promised; empty when the epoch came with an append, which only an elected leader sends."""
    cut: int = 0
    """Nonzero: the entries from this index on are being removed, and are not to be read again."""
    base: int = 0
    """The entries up to this index are gone, or being removed: the log begins after it."""
    base_epoch: int = 0
    """Epoch of the entry at `base`."""


def load_promise(disk: Disk) -> Promise:
    """The promise on `disk`, or that of a new replica.

    CorruptionError if the file was damaged; OperatorError if it was written by a newer version.
    """
    if FILE not in disk.names():
        return Promise()
    path = f"{disk.where}/{FILE}"
    parts = disk.read(FILE, 0, disk.size(FILE)).strip().split(b" ", 3)
    if len(parts) != 4 or parts[0] != _TITLE or not parts[1].isdigit():
        raise CorruptionError(path, 0, "not a promise")
    if (version := int(parts[1])) > VERSION:
        raise OperatorError(f"{path}: written by a newer version (format {version}; this version reads {VERSION})")
    if parts[2] != _crc(parts[3]):
        raise CorruptionError(path, 0, "the promise's checksum does not match")
    return msgspec.json.decode(parts[3], type=Promise)


def save_promise(disk: Disk, promise: Promise) -> None:
    """Put `promise` on `disk`; it is durable on return."""
    body = msgspec.json.encode(promise)
    disk.replace(FILE, b" ".join((_TITLE, b"%d" % VERSION, _crc(body), body)) + b"\n")


def _crc(body: bytes) -> bytes:
    return b"%08x" % crc32(body)
