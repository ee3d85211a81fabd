"""What is said to and by a storage replica."""

from __future__ import annotations

from typing import ClassVar

from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.runtime.protocols import Message

Version = tuple[Key, Timestamp, bytes | None]
"""A key, the commit time of its newest version at the snapshot (0: none; or `DELETED`), and the value (None: no row).
"""

DELETED = Timestamp(-1)
"""The time of what may have been a row once: that it was deleted is forgotten in the end, and when."""


class ReadKeys(Message, frozen=True):
    """The newest versions at or before `start` of some keys (P4)."""

    causal: ClassVar[bool] = False

    request: int
    start: Timestamp
    keys: tuple[Key, ...]


class ReadRange(Message, frozen=True):
    """The rows at `start` with ``low <= key < high``, in key order, at most `limit` of them."""

    causal: ClassVar[bool] = False

    request: int
    start: Timestamp
    low: Key
    high: Key
    limit: int | None


class ReadResult(Message, frozen=True):
    """The answer to either; for keys one version per key asked for, for a range those with a row.

    With `more` it is only the first part, at least one version: the rest is to be asked for.
    """

    request: int
    versions: tuple[Version, ...]
    more: bool = False


class ReadTooOld(Message, frozen=True):
    """The snapshot lies below what this replica still keeps (P22)."""

    request: int


class ReadOutcome(Message, frozen=True):
    """When did `txn` commit? To be answered once everything up to `start` is known."""

    causal: ClassVar[bool] = False

    request: int
    start: Timestamp
    txn: TxnId


class OutcomeRead(Message, frozen=True):
    """The answer: `ts` is the commit time, None if no transaction of that name has committed in (`since`, `start`]."""

    request: int
    ts: Timestamp | None
    since: Timestamp


class ForgetBefore(Message, frozen=True):
    """No snapshot before `start` will be read any more, and nothing that began before it will commit.

    From a server that starts, and to be answered once everything up to `start` is known.
    """

    causal: ClassVar[bool] = False

    request: int
    start: Timestamp


class Forgot(Message, frozen=True):
    """The answer to ForgetBefore: it is done."""

    request: int


class Tick(Message, frozen=True):
    """The replica's own timer: attach again if the stream has dried up."""


class ForgetTick(Message, frozen=True):
    """The replica's own timer: drop versions that no transaction can read any more."""


class CheckpointWanted(Message, frozen=True):
    """A replica without a whole checkpoint asks a sibling for its own, from `offset` of the file `stamp` on.

    The first question is for file 0, which nobody has.
    """

    stamp: int
    offset: int


class CheckpointPart(Message, frozen=True):
    """What stands from `offset` on in the file `stamp`, which counts up to `end`; file 0: there is no checkpoint.

    It is the beginning of the newest file when the one asked for has been replaced.
    """

    stamp: int
    offset: int
    data: bytes
    end: int


class CheckpointTick(Message, frozen=True):
    """The replica's own timer: do a piece of work on the checkpoint."""
