"""The session's side of a query processor: its transactions as awaitable calls.

Works on any runtime: futures come from `new_future`, effects go to `perform`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from daybreak.adjudicator.messages import Reason
from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access, Write
from daybreak.errors import (
    ConflictError,
    DaybreakError,
    DiskFullError,
    InternalError,
    LimitError,
    RetryError,
    SchemaConflictError,
    UnavailableError,
    UnknownOutcomeError,
)
from daybreak.query.committer import UNKNOWN
from daybreak.query.messages import CommitDone, CommitFailed, ReadDone, ReadFailed
from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Effects, Message
from daybreak.storage.messages import Version


class Future(Awaitable[object], Protocol):
    """The part of a future that the gateway needs; `asyncio.Future` has it."""

    def set_result(self, result: object, /) -> None: ...

    def set_exception(self, exception: BaseException, /) -> None: ...

    def done(self) -> bool: ...


class Gateway:
    """`query.store.Store` on top of one query processor."""

    def __init__(
        self,
        processor: QueryProcessor,
        *,
        perform: Callable[[Effects], None],
        new_future: Callable[[], Future],
        on_close: Callable[[], None] = lambda: None,
        on_abort: Callable[[TxnId], None] = lambda txn: None,
    ) -> None:
        """`on_close` is called when the session has ended, `on_abort` for every transaction that can never commit."""
        self._processor = processor
        self._perform = perform
        self._new_future = new_future
        self._on_close = on_close
        self._on_abort = on_abort
        self._reads: dict[int, Future] = {}
        self._commit: Future | None = None
        self._lost: DaybreakError | None = None

    def begin(self) -> GatewayTransaction:
        """Start a transaction whose snapshot is now (P1)."""
        transaction = self.processor.open()
        return GatewayTransaction(self, transaction.txn, transaction.start)

    def close(self) -> None:
        """The session has ended: give up what is under way."""
        if self._lost is None:
            self.give_up()
        self._on_close()

    def give_up(self) -> None:
        """End the transaction under way; once COMMIT was sent it may still commit."""
        txn = self.processor.active
        if txn is not None and self.processor.transaction.phase == "running":
            self._on_abort(txn)
        self.processor.rollback()

    def lose(self, error: DaybreakError) -> None:
        """The query processor is gone: fail the calls under way, and all that come; a COMMIT sent may have happened."""
        self._lost = error
        txn = self._processor.active
        self._fail(self._commit, error if txn is None else UnknownOutcomeError(txn))
        for future in list(self._reads.values()):
            self._fail(future, error)

    def on_message(self, message: Message) -> None:
        """Take the query processor's answer to a call."""
        match message:
            case ReadDone(request, versions):
                self._settle(self._reads.pop(request, None), versions)
            case ReadFailed(request, lost):
                self._fail(self._reads.pop(request, None), UnavailableError() if lost else _too_old())
            case CommitDone(_, ts):
                self._settle(self._commit, ts)
            case CommitFailed(txn, reason):
                if reason != UNKNOWN:
                    self._on_abort(txn)
                self._fail(self._commit, _failure(txn, reason))
            case _:
                raise InternalError(f"a session does not expect {type(message).__name__}")

    @staticmethod
    def _settle(future: Future | None, result: object) -> None:
        if future is not None and not future.done():
            future.set_result(result)

    @staticmethod
    def _fail(future: Future | None, error: DaybreakError) -> None:
        if future is not None and not future.done():
            future.set_exception(error)

    async def read(self, ask: Callable[[QueryProcessor], tuple[int, Effects]]) -> tuple[Version, ...]:
        """Send a read and wait for its answer."""
        request, effects = ask(self.processor)
        future = self._reads[request] = self._new_future()
        self._perform(effects)
        try:
            versions = await future
        finally:
            self._reads.pop(request, None)
        assert isinstance(versions, tuple), "a read is answered with versions"
        return versions

    async def commit(self) -> Timestamp:
        """Send COMMIT and wait for its outcome."""
        effects = self.processor.finish()
        future = self._commit = self._new_future()
        self._perform(effects)
        try:
            ts = await future
        finally:
            self._commit = None
        assert isinstance(ts, int), "a commit is answered with its time"
        return Timestamp(ts)

    @property
    def processor(self) -> QueryProcessor:
        """The query processor that serves this session; raises what `lose` was given once it is gone."""
        if self._lost is not None:
            raise self._lost
        return self._processor


class GatewayTransaction:
    """`query.store.StoreTransaction` on top of one query processor."""

    def __init__(self, gateway: Gateway, txn: TxnId, start: Timestamp) -> None:
        self._gateway = gateway
        self._txn = txn
        self._start = start

    @property
    def txn(self) -> TxnId:
        """The transaction's name."""
        return self._txn

    @property
    def start(self) -> Timestamp:
        """The snapshot's time."""
        return self._start

    async def get(self, keys: Sequence[Key]) -> dict[Key, bytes]:
        """The values at the snapshot of those of `keys` that exist."""
        if not keys:
            return {}
        versions = await self._gateway.read(lambda processor: processor.get(keys))
        return {key: value for key, _, value in versions if value is not None}

    async def scan(self, low: Key, high: Key, *, limit: int | None = None) -> list[tuple[Key, bytes]]:
        """The rows in ``[low, high)`` at the snapshot, in key order, at most `limit` of them."""
        versions = await self._gateway.read(lambda processor: processor.scan(low, high, limit))
        return [(key, value) for key, _, value in versions if value is not None]

    def write(self, writes: Iterable[Write], *, rows: int) -> None:
        """Buffer post-images (P8); `rows` of them are table rows."""
        self._gateway.processor.put(writes, rows)

    def validate(self, key: Key) -> None:
        """Make COMMIT fail with `SchemaConflictError` if `key` was written after the snapshot (P21)."""
        self._gateway.processor.check((key,), Access.VALIDATE)

    def share(self, keys: Iterable[Key]) -> None:
        """Take FOR KEY SHARE on `keys`."""
        self._gateway.processor.check(keys, Access.SHARE)

    async def commit(self) -> Timestamp:
        """Commit; see `query.store.StoreTransaction.commit`."""
        try:
            return await self._gateway.commit()
        except LimitError:
            self.rollback()
            raise

    def rollback(self) -> None:
        """End the transaction; nothing of it remains."""
        if self._gateway.processor.active == self._txn:
            self._gateway.give_up()


def _failure(txn: TxnId, reason: str) -> DaybreakError:
    """The error that a client gets for an adjudicator's reason."""
    if reason == Reason.CONFLICT:
        return ConflictError()
    if reason == Reason.SCHEMA:
        return SchemaConflictError()
    if reason == Reason.DISK_FULL:
        return DiskFullError(
            "could not commit: the disks of a majority of zones are full; nothing of the transaction remains",
            hint="Free space where the zones keep their data. Reads go on, and commits resume by themselves.",
        )
    if reason == UNKNOWN:
        return UnknownOutcomeError(txn)
    return RetryError(
        "could not commit: who decides about its keys changes or is out of reach; nothing of the transaction remains",
        hint="Run the transaction again.",
    )


def _too_old() -> RetryError:
    """No storage replica keeps the snapshot: each has started again since it was taken."""
    return RetryError("the snapshot is no longer kept by any storage replica; run the transaction again")
