"""One transaction as SQL sees it: a snapshot in the store, and the part of it that the private database holds.

`execution` runs statements in it. It ends with `commit` or `rollback`, once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

from daybreak.base.keys import Key, space_bounds
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access, Write
from daybreak.errors import ConflictError, RequestError, SchemaConflictError
from daybreak.query.cancellation import Cancellation
from daybreak.query.catalog import (
    CATALOG_VERSION_KEY,
    Catalog,
    CatalogChange,
    Table,
    change_key,
    decode_version,
    encode_version,
)
from daybreak.query.catalogview import CatalogView
from daybreak.query.coverage import Coverage
from daybreak.query.engine import Engine, Outcome
from daybreak.query.indexbuild import Build
from daybreak.query.insight import Insight
from daybreak.query.outcomes import StatementError
from daybreak.query.statements import AllRows, KeyRange, Need, TableName
from daybreak.query.store import Store, StoreTransaction
from daybreak.query.writeset import WriteSet

_RANDOM = random.SystemRandom()

Needs = Callable[[Catalog], Sequence[Need]]


class Workspace:
    """The open transaction of one session."""

    def __init__(
        self, store: Store, engine: Engine, view: CatalogView, cancellation: Cancellation, insight: Insight
    ) -> None:
        self.engine = engine
        self.coverage = Coverage()
        self.writes = WriteSet(_RANDOM)
        self.catalog: Catalog = view.catalog
        """As of the snapshot; with this transaction's own DDL applied."""
        self.read_only = False
        self.modified = False
        """Whether a statement of this transaction may have changed rows: then it cannot hold DDL."""
        self.changed_catalog = False
        """Whether it holds DDL: then nothing else may change rows or the catalog."""
        self.marks: dict[int, dict[bytes, bytes] | None] = {}
        """By table, the marks of its rows (`rowlocks`): None where they must be looked up, missing where none are."""
        self.unclear: set[int] = set()
        """Tables with marks that may be no locks of the client's."""
        self.jobs: list[Build] = []
        """What is to be done once this transaction has committed."""
        self.insight = insight
        self._cancellation = cancellation
        self._store = store
        self._view = view
        self._snapshot: StoreTransaction | None = None
        self._settings: list[tuple[bytes, bool]] = []

    async def run(self, messages: Sequence[bytes], *, captures: Sequence[Table], savepoint: bool = True) -> Outcome:
        """Run a client's statement in the private transaction (`Engine.run`); the client may cancel it."""
        run = self.engine.run(messages, captures=captures, savepoint=savepoint)
        return await self._cancellation.during(run)

    # -- the snapshot and what of it is loaded

    async def snapshot(self) -> StoreTransaction:
        """The snapshot, taken now if it was not (P1), with the private database at its catalog version."""
        if self._snapshot is None:
            await self._begin(())
        assert self._snapshot is not None
        return self._snapshot

    async def load(self, wanted: Needs) -> None:
        """Have the rows that `wanted` names loaded with the next run, as far as they are not there yet."""
        needs = wanted(self.catalog)
        keys = self.coverage.missing_keys(needs)
        if self._snapshot is None:
            version = self.catalog.version
            found = await self._begin(list(keys))
            if self.catalog.version != version:
                needs = wanted(self.catalog)
                keys = self.coverage.missing_keys(needs)
                found = await self._get(list(keys))
        else:
            found = await self._get(list(keys))
        self._take(found, keys)
        for need in self.coverage.missing_scans(needs):
            await self._scan(need)

    async def fetch(self, keys: dict[Key, Table]) -> bool:
        """Read single rows; whether any exists. Existing ones are loaded with the next run."""
        found = await self._get(list(keys))
        self._take(found, keys)
        return bool(found)

    async def look_up(self, entries: dict[Key, Table]) -> dict[Key, Table]:
        """Read entries of unique indexes; the keys of the rows that hold those that exist, and their tables."""
        found = await self._get(list(entries))
        self.writes.looked_up(found)
        self.coverage.add_keys(entries)
        return {Key(row): entries[entry] for entry, row in found.items()}

    async def _get(self, keys: Sequence[Key]) -> dict[Key, bytes]:
        if not keys:
            return {}
        snapshot = await self.snapshot()
        return await snapshot.get(keys)

    def _take(self, found: dict[Key, bytes], asked: dict[Key, Table]) -> None:
        for key, table in asked.items():
            if key in found:
                self._load_rows(table, [(key, found[key])])
        self.coverage.add_keys(asked)

    async def _scan(self, need: Need) -> None:
        snapshot = await self.snapshot()
        how = need.how if isinstance(need.how, KeyRange) else KeyRange(*space_bounds(need.table.id))
        rows = await snapshot.scan(how.low, how.high)
        self._load_rows(need.table, [(key, row) for key, row in rows if not self.coverage.covers(key)])
        if isinstance(need.how, AllRows):
            self.coverage.add_whole(need.table)
        else:
            self.coverage.add_range(need.table, how)

    def _load_rows(self, table: Table, rows: Sequence[tuple[Key, bytes]]) -> None:
        if rows:
            self.engine.queue_load(table, [row for _, row in rows])
            self.writes.loaded(table, rows)

    async def _begin(self, keys: Sequence[Key]) -> dict[Key, bytes]:
        """Take the snapshot and read `keys` of it; the catalog's version comes along in the same read."""
        snapshot = self._snapshot = self._store.begin()
        snapshot.validate(CATALOG_VERSION_KEY)
        values = await snapshot.get([CATALOG_VERSION_KEY, *keys])
        if decode_version(values.pop(CATALOG_VERSION_KEY, None)) != self.catalog.version:
            if self.engine.in_transaction:  # no statement has run yet, only settings
                await self.engine.rollback()
            await self._view.catch_up(snapshot)
            self.catalog = self._view.catalog
            for sql, _ in self._settings:
                await self.engine.run([sql], captures=(), savepoint=False)
        return values

    def tables(self, names: Iterable[TableName]) -> list[Table]:
        """Those of `names` that are tables of the catalog."""
        found = (self.catalog.find(name.schema, name.name) for name in names)
        return list({table.id: table for table in found if table is not None}.values())

    # -- what the transaction leaves behind

    async def write(self, writes: Iterable[Write], *, rows: int) -> None:
        """Buffer post-images."""
        (await self.snapshot()).write(writes, rows=rows)

    async def share(self, keys: Iterable[Key]) -> None:
        """FOR KEY SHARE on rows."""
        (await self.snapshot()).share(keys)

    async def change_catalog(self, change: CatalogChange) -> None:
        """Record a DDL that has run in the private database: it becomes a row of the catalog."""
        row = Write(change_key(change.version), Access.WRITE, change.encode())
        version = Write(CATALOG_VERSION_KEY, Access.WRITE, encode_version(change.version))
        await self.write([row, version], rows=0)
        self.catalog = self.catalog.apply(change)
        self.changed_catalog = True

    async def set(self, sql: bytes, *, local: bool) -> list[bytes]:
        """Run a SET or RESET, given as a Query message: it lasts beyond this transaction only if that commits."""
        outcome = await self.engine.run([sql], captures=(), savepoint=False)
        if outcome.error is not None:
            raise StatementError(outcome.messages)
        self._settings.append((sql, local))
        return outcome.messages

    async def commit(self) -> Timestamp | None:
        """Commit; None when no statement needed a snapshot. Raises as `StoreTransaction.commit` does."""
        snapshot, self._snapshot = self._snapshot, None
        if self.engine.in_transaction:
            await self.engine.rollback()
        try:
            ts = None if snapshot is None else await snapshot.commit()
        except ConflictError:
            if self.changed_catalog:  # it has written the catalog only: another DDL was first
                raise SchemaConflictError from None
            raise
        lasting = [sql for sql, local in self._settings if not local]
        if lasting:
            await self.engine.direct(lasting)
        return ts

    async def rollback(self) -> None:
        """End the transaction; nothing of it remains."""
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            snapshot.rollback()
        if self.engine.in_transaction:
            await self.engine.rollback()

    @property
    def has_settings(self) -> bool:
        """Whether it has changed session parameters, which a rollback changes back."""
        return bool(self._settings)

    def refuse_if_read_only(self, what: str) -> None:
        """Raise when the transaction was begun READ ONLY; `what` is the command as PostgreSQL names it."""
        if self.read_only:
            raise RequestError(f"cannot execute {what} in a read-only transaction", sqlstate="25006")

    def refuse_after_ddl(self) -> None:
        """Raise when the transaction holds DDL."""
        if self.changed_catalog:
            raise RequestError("ddl and dml are not supported in the same transaction")
