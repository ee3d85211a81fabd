"""The catalog as one session's private database has it, and how it catches up with the cluster's (P21)."""

from __future__ import annotations

from daybreak.query.catalog import Catalog, changes_after, decode_change
from daybreak.query.engine import Engine
from daybreak.query.store import StoreTransaction


class CatalogView:
    """`catalog` is always the version whose DDL the private database has applied."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.catalog = Catalog()

    async def catch_up(self, snapshot: StoreTransaction) -> None:
        """Apply every change that `snapshot` sees and the private database lacks; no private transaction is open."""
        rows = await snapshot.scan(*changes_after(self.catalog.version))
        catalog = self.catalog
        changes = [decode_change(value) for _, value in rows]
        for change in changes:
            catalog = catalog.apply(change)
        await self._engine.apply([change.ddl for change in changes])
        self.catalog = catalog
