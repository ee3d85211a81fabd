"""Which roles a cluster consists of, and who talks to whom. The only file that knows all roles.

One region, A, with the zones A1, A2 and A3: a journal replica in each, one adjudicator, one crossbar, one storage
replica, and a query processor per session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.adjudicator import Settings as AdjudicatorSettings
from daybreak.base.ids import JournalId, NodeId
from daybreak.crossbar.crossbar import Crossbar
from daybreak.journal.replica import Journal
from daybreak.journal.segment import SEGMENT_BYTES
from daybreak.query.processor import QueryProcessor
from daybreak.query.processor import Settings as ProcessorSettings
from daybreak.runtime.protocols import Clock, Disk
from daybreak.storage.replica import Replica
from daybreak.trace.recorder import Trace

ZONES = ("A1", "A2", "A3")
JOURNAL = JournalId("adj-0")
ADJUDICATOR = NodeId("A/adj-0")
JOURNALS = tuple(NodeId(f"{zone}/journal-0") for zone in ZONES)
CROSSBAR = NodeId("A/crossbar-0")
STORAGE = NodeId("A1/storage-0")


class Surroundings(NamedTuple):
    """What a runtime gives a node."""

    clock: Callable[[NodeId], Clock]
    trace: Callable[[NodeId, Clock], Trace]


def query_processor_node(number: int) -> NodeId:
    """The node of query processor `number`."""
    return NodeId(f"A/qp-{number}")


def session_node(number: int) -> NodeId:
    """The address of the session that query processor `number` serves."""
    return NodeId(f"A/session-{number}")


def slice_of(node: NodeId) -> str | None:
    """The adjudicator whose state a node's events belong to; None for all other roles."""
    return str(JOURNAL) if node == ADJUDICATOR else None


def adjudicator(around: Surroundings, settings: AdjudicatorSettings | None = None) -> Adjudicator:
    """The adjudicator of all keys."""
    clock = around.clock(ADJUDICATOR)
    return Adjudicator(
        ADJUDICATOR,
        clock,
        around.trace(ADJUDICATOR, clock),
        journal=JOURNAL,
        replicas=JOURNALS,
        crossbars=(CROSSBAR,),
        settings=settings,
    )


def journal(around: Surroundings, node: NodeId, disk: Disk, segment_bytes: int = SEGMENT_BYTES) -> Journal:
    """The journal replica of one zone."""
    clock = around.clock(node)
    return Journal(node, clock, around.trace(node, clock), disk=disk, segment_bytes=segment_bytes)


def crossbar(around: Surroundings) -> Crossbar:
    """The crossbar of the one journal."""
    clock = around.clock(CROSSBAR)
    return Crossbar(CROSSBAR, clock, around.trace(CROSSBAR, clock), journals={JOURNAL: JOURNALS})


def storage(around: Surroundings) -> Replica:
    """The storage replica of all keys."""
    clock = around.clock(STORAGE)
    return Replica(STORAGE, clock, around.trace(STORAGE, clock), crossbar=CROSSBAR, adjudicators=(ADJUDICATOR,))


def query_processor(around: Surroundings, number: int, settings: ProcessorSettings | None = None) -> QueryProcessor:
    """The query processor of one session."""
    node = query_processor_node(number)
    clock = around.clock(node)
    return QueryProcessor(
        node,
        clock,
        around.trace(node, clock),
        session=session_node(number),
        storage=STORAGE,
        adjudicator=ADJUDICATOR,
        settings=settings,
    )
