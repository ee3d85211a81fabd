"""What a replica must not forget besides its entries: whom it follows, a cut under way, where the log begins, and doubt
in its own log.

Two small text files, alike: ``daybreak-promise 2 CRC {"epoch":4,"candidate":"…","cut":0,…}``, padded to a fixed
length. They are overwritten in place, one after the other, which needs no new space; whatever a crash or a failing
disk does to one of them, the other is whole. What only one of them holds was never acted upon.
"""

from __future__ import annotations

from zlib import crc32

import msgspec

from daybreak.errors import CorruptionError, InternalError, OperatorError
from daybreak.runtime.protocols import Disk

FILES = ("promise.1", "promise.2")
PROMISE_BYTES = 512
VERSION = 2
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
    doubt: int = 0
    """Nonzero: entries that this replica had acknowledged are lost; the number is that of the incident."""
    serial: int = 0
    """Of two copies the one with the higher number is the newer one."""


def load_promise(disk: Disk) -> Promise:
    """The promise on `disk`, or that of a new replica; a damaged copy is written again from the other one.

    CorruptionError if no copy is whole; OperatorError if it was written by another version.
    """
    names = [name for name in FILES if name in disk.names()]
    found = {name: _read(disk, name) for name in names}
    whole = [promise for promise in found.values() if promise is not None]
    if not whole:
        if names:
            raise CorruptionError(f"{disk.where}/{names[0]}", 0, "not a promise, nor is its copy")
        return Promise()
    promise = max(whole, key=lambda copy: copy.serial)
    if any(found.get(name) != promise for name in FILES):
        save_promise(disk, promise)
    return promise


def damaged_copies(disk: Disk) -> list[str]:
    """The copies that do not hold what was written to them."""
    return [name for name in FILES if name in disk.names() and _read(disk, name) is None]


def save_promise(disk: Disk, promise: Promise) -> None:
    """Put `promise` on `disk`; it is durable on return. DiskFullError: a new replica finds no space for it."""
    body = msgspec.json.encode(promise)
    data = (b" ".join((_TITLE, b"%d" % VERSION, _crc(VERSION, body), body)) + b"\n").ljust(PROMISE_BYTES)
    if len(data) > PROMISE_BYTES:
        raise InternalError(f"a promise of {len(data)} bytes; at most {PROMISE_BYTES} are allowed")
    for name in FILES:
        if name in disk.names() and disk.size(name) == PROMISE_BYTES:
            disk.overwrite(name, data)
        else:
            disk.replace(name, data)


def _read(disk: Disk, name: str) -> Promise | None:
    """What a copy holds; None if it is damaged."""
    data = disk.read(name, 0, disk.size(name))
    parts = data.rstrip(b" ").split(b" ", 3)
    if len(data) != PROMISE_BYTES or len(parts) != 4 or parts[0] != _TITLE or not parts[1].isdigit():
        return None
    version, body = int(parts[1]), parts[3].removesuffix(b"\n")
    if body == parts[3] or parts[2] != _crc(version, body):
        return None
    if version != VERSION:
        age = "a newer" if version > VERSION else "an older"
        raise OperatorError(
            f"{disk.where}/{name}: written by {age} version (format {version}; this version reads {VERSION})"
        )
    return msgspec.json.decode(body, type=Promise)


def _crc(version: int, body: bytes) -> bytes:
    return b"%08x" % crc32(body, crc32(b"%d" % version))
