"""A query processor on a bench, driven by its session and by answers."""

from __future__ import annotations

from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.ranges import Ranges
from daybreak.base.writes import Access, Write
from daybreak.query.processor import QueryProcessor, Settings
from daybreak.runtime.protocols import Effects, Message
from tests.support.roles import ManualClock, key, traced

NODE, SESSION, STORAGE, ADJUDICATOR = map(NodeId, ("A/qp-7", "A/session-7", "A1/storage-0", "A/adj-0"))
OTHER = NodeId("A/adj-1")
JOURNALS = (JournalId("adj-0"), JournalId("adj-1"))
SETTINGS = Settings(commit_timeout_us=9_000, read_retry_us=400)


class Bench:
    """A query processor, with a manual clock and its trace in memory."""

    def __init__(self, *, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        trace, self.sink = traced(NODE, self.clock)
        self.role = QueryProcessor(
            NODE,
            self.clock,
            trace,
            session=SESSION,
            storage=STORAGE,
            ranges=Ranges.even(JOURNALS),
            adjudicators=dict(zip(JOURNALS, (ADJUDICATOR, OTHER), strict=True)),
            settings=SETTINGS,
        )

    def hear(self, message: Message, source: NodeId = ADJUDICATOR) -> Effects:
        """Deliver a message."""
        effects = self.role.receive(source, message)
        self.role.check_invariants()
        return effects

    def committing(self) -> TxnId:
        """Write something and send COMMIT."""
        txn = self.role.open().txn
        self.role.put([Write(key("a"), Access.WRITE, b"v")], 1)
        self.role.finish()
        return txn
