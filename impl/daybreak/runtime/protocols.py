"""The world as a role sees it: a clock, a disk, and effects that it asks for.

A role does no I/O. A handler gets a message and returns effects; the runtime (`local` or `sim`) carries them out
after the handler has returned.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Protocol

import msgspec

from daybreak.base.ids import NodeId
from daybreak.base.time import Interval


class Message(msgspec.Struct, frozen=True):
    """Anything that one role sends another, or itself."""

    causal: ClassVar[bool] = True
    """False where receiving the message changes nothing that the receiver's later answers depend on."""
    bulk: ClassVar[bool] = False
    """True for a part of a bulk transfer, which the receiver has asked for: it waits where others would be dropped."""


class Send(NamedTuple):
    """Effect: deliver `message` to node `to`; it may be late, and lost if either end is down."""

    to: NodeId
    message: Message


class After(NamedTuple):
    """Effect: deliver `message` to this very role once `delay_us` microseconds have passed."""

    delay_us: int
    message: Message


class Sync(NamedTuple):
    """Effect: force everything written to this node's disk so far onto it, then deliver `Synced` to this role."""

    token: int


class Synced(Message, frozen=True):
    """The sync with this token is done: all that was written before it survives a crash."""

    token: int


class SyncFailed(Message, frozen=True):
    """The sync with this token failed: nothing is known of what was written before it."""

    token: int
    reason: str


Effect = Send | After | Sync
Effects = list[Effect]


class Clock(Protocol):
    """Time with a bound on its error."""

    def now(self) -> Interval:
        """The interval that holds the true time; neither end ever moves back."""


class Disk(Protocol):
    """The files of one node, by plain name. Writes are visible to reads at once, and durable after a `Sync`.

    What needs space that is not there raises `DiskFullError`. A file that was to be created is then not there.
    """

    @property
    def where(self) -> str:
        """What to call this disk in an error: the directory's path."""

    def names(self) -> list[str]:
        """The names of all files, sorted."""

    def create(self, name: str, size: int) -> None:
        """Make a file of `size` zero bytes, its space reserved."""

    def size(self, name: str) -> int:
        """The size of a file in bytes."""

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`."""

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Replace the bytes at `offset`."""

    def truncate(self, name: str, size: int) -> None:
        """Cut a file to `size` bytes, or extend it with zeros."""

    def replace(self, name: str, data: bytes) -> None:
        """Make `data` the whole content of a small file, atomically and durably, at once."""

    def overwrite(self, name: str, data: bytes) -> None:
        """Put `data` at the beginning of an existing file, durably, at once, and without need of new space.

        Not atomic: a crash may leave any mixture of old and new.
        """

    def remove(self, name: str) -> None:
        """Delete a file."""
