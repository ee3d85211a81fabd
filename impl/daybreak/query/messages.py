"""What passes between a query processor and the session that it serves, and its own timers."""

from __future__ import annotations

from typing import ClassVar

from daybreak.base.ids import TxnId
from daybreak.base.time import Timestamp
from daybreak.runtime.protocols import Message
from daybreak.storage.messages import Version


class ReadDone(Message, frozen=True):
    """To the session: the versions that a read saw."""

    request: int
    versions: tuple[Version, ...]


class ReadFailed(Message, frozen=True):
    """To the session: the snapshot is too old to be read, or, if `lost`, no replica has answered in time."""

    request: int
    lost: bool = False


class CommitDone(Message, frozen=True):
    """To the session: `txn` has committed at `ts`, and every later snapshot sees it (P3)."""

    txn: TxnId
    ts: Timestamp


class CommitFailed(Message, frozen=True):
    """To the session: `txn` did not commit; `reason` is the adjudicator's, or "unknown" (P16)."""

    txn: TxnId
    reason: str


class CommitWaitOver(Message, frozen=True):
    """Own timer: the commit time `ts` of `txn` should have passed on every clock."""

    causal: ClassVar[bool] = False

    txn: TxnId
    ts: Timestamp


class AskAgain(Message, frozen=True):
    """Own timer: no adjudicator has answered for `txn` yet."""

    causal: ClassVar[bool] = False

    txn: TxnId


class NextAttempt(Message, frozen=True):
    """Own timer: whoever owns the keys of `txn`, an attempt that is over, may be known or ready by now."""

    causal: ClassVar[bool] = False

    txn: TxnId


class CommitTimeout(Message, frozen=True):
    """Own timer: no adjudicator has answered for `txn`."""

    causal: ClassVar[bool] = False

    txn: TxnId


class ReadTimeout(Message, frozen=True):
    """Own timer: storage has not answered a read; ask again, another replica if `turns` is still how often that was
    done."""

    causal: ClassVar[bool] = False

    request: int
    turns: int
