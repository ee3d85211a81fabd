"""A query processor on a bench, driven by its session and by answers."""

from __future__ import annotations

from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.placementmap import PlacementMap
from daybreak.base.ranges import Ranges
from daybreak.base.writes import Access, Write
from daybreak.query.committer import Settings
from daybreak.query.leaders import Leaders
from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Effects, Message
from daybreak.runtime.stepclock import StepClock
from tests.support.roles import ManualClock, key, traced

NODE, SESSION, OTHER_STORAGE, STORAGE, ADJUDICATOR, OTHER = map(
    NodeId, ("A/qp-7", "A/session-7", "A1/storage-0", "A2/storage-0", "A1/adj-0", "A2/adj-1")
)
STORAGES = (OTHER_STORAGE, STORAGE)
"""An odd number reads from the second."""
JOURNALS = (JournalId("adj-0"), JournalId("adj-1"))
CANDIDATES = {
    journal: (home, *(NodeId(f"A{zone}/{journal}") for zone in (1, 2, 3) if not home.startswith(f"A{zone}")))
    for journal, home in zip(JOURNALS, (ADJUDICATOR, OTHER), strict=True)
}
SETTINGS = Settings(commit_timeout_us=9_000, read_retry_us=400, read_turn_us=50, read_timeout_us=2_050)


class Bench:
    """A query processor, with a manual clock and its trace in memory."""

    def __init__(self, *, clock: ManualClock | None = None, node: NodeId = NODE, near: int | None = None) -> None:
        self.clock = clock or ManualClock()
        steps = StepClock(self.clock)
        trace, self.sink = traced(node, steps)
        self.role = QueryProcessor(
            node,
            steps,
            trace,
            session=SESSION,
            storages=STORAGES,
            ranges=PlacementMap(Ranges.even(JOURNALS)),
            leaders=Leaders(CANDIDATES),
            settings=SETTINGS,
            near=near,
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
