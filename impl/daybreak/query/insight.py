"""What the SQL layer may tell of the cluster: rows for the views of schema sys, and outcomes of transactions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from daybreak.base.ids import TxnId
from daybreak.base.time import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Fate(StrEnum):
    """What has become of a transaction."""

    COMMITTED = "committed"
    """Its writes are durable and visible to every transaction that begins from now on."""
    ABORTED = "aborted"
    """Nothing of it is, or ever will be, in the database."""
    IN_PROGRESS = "in progress"
    """A session of this server has it open."""
    UNKNOWN = "unknown"
    """It is not certain yet, or not known any more."""


class Outcome(NamedTuple):
    """A fate, with the commit time of what was committed."""

    fate: Fate
    committed_at: Timestamp | None = None


class Insight(Protocol):
    """Where the answers come from."""

    async def rows(self, views: Iterable[str]) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """The rows of some views of `sysviews.VIEWS` as of now, every column by its name."""

    async def outcome(self, txn: TxnId) -> Outcome:
        """What has become of a transaction; waits a few seconds at most."""


class NoInsight:
    """Knows nothing: every view is empty, every outcome unknown."""

    async def rows(self, views: Iterable[str]) -> Mapping[str, Sequence[Mapping[str, object]]]:
        return dict.fromkeys(views, ())

    async def outcome(self, txn: TxnId) -> Outcome:
        return Outcome(Fate.UNKNOWN)


def moment(ts: int | None) -> str | None:
    """A time as PostgreSQL reads it; None for time zero, which stands for never."""
    return (_EPOCH + timedelta(microseconds=ts)).isoformat() if ts else None
