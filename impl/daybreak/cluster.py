"""Which roles a cluster consists of, and who talks to whom. The only file that knows all roles.

One region, A, with the zones A1, A2 and A3: some adjudicators, a journal for each with a replica in every zone, one
crossbar, one storage replica, and a query processor per session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.settings import Settings as AdjudicatorSettings
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.ranges import ADJUDICATORS, Ranges
from daybreak.crossbar.crossbar import Crossbar
from daybreak.journal.replica import Journal
from daybreak.query.processor import QueryProcessor
from daybreak.query.processor import Settings as ProcessorSettings
from daybreak.runtime.protocols import Clock, Disk
from daybreak.storage.replica import Replica
from daybreak.trace.recorder import Trace

ZONES = ("A1", "A2", "A3")
CROSSBAR = NodeId("A/crossbar-0")
STORAGE = NodeId("A1/storage-0")


def adjudicator_node(number: int) -> NodeId:
    """The node of adjudicator `number`, which leads the journal of that number."""
    return NodeId(f"A/adj-{number}")


def journal_node(zone: str, number: int) -> NodeId:
    """The node of a zone's replica of journal `number`."""
    return NodeId(f"{zone}/journal-{number}")


class Layout:
    """How many adjudicators a cluster has, and with that its journals and who owns which keys."""

    def __init__(self, adjudicators: int = ADJUDICATORS) -> None:
        numbers = range(adjudicators)
        self.journals = tuple(JournalId(f"adj-{number}") for number in numbers)
        self.adjudicators = dict(zip(self.journals, map(adjudicator_node, numbers), strict=True))
        """The adjudicator of each journal."""
        self.replicas = {
            journal: tuple(journal_node(zone, number) for zone in ZONES) for number, journal in enumerate(self.journals)
        }
        """The replicas of each journal, in the order of the zones."""
        self.ranges = Ranges.even(self.journals)

    def in_zone(self, zone: str) -> tuple[NodeId, ...]:
        """The journal replicas of one zone."""
        return tuple(journal_node(zone, number) for number in range(len(self.journals)))


class Surroundings(NamedTuple):
    """What a runtime gives a node, and what the cluster looks like."""

    clock: Callable[[NodeId], Clock]
    trace: Callable[[NodeId, Clock], Trace]
    layout: Layout


def query_processor_node(number: int) -> NodeId:
    """The node of query processor `number`."""
    return NodeId(f"A/qp-{number}")


def session_node(number: int) -> NodeId:
    """The address of the session that query processor `number` serves."""
    return NodeId(f"A/session-{number}")


def slice_of(node: NodeId) -> str | None:
    """The adjudicator whose state a node's events belong to; None for all other roles."""
    name = node.partition("/")[2]
    return name if name.startswith("adj-") else None


def adjudicator(around: Surroundings, journal: JournalId, settings: AdjudicatorSettings | None = None) -> Adjudicator:
    """The adjudicator that leads `journal`."""
    layout = around.layout
    node = layout.adjudicators[journal]
    clock = around.clock(node)
    return Adjudicator(
        node,
        clock,
        around.trace(node, clock),
        journal=journal,
        replicas=layout.replicas[journal],
        crossbars=(CROSSBAR,),
        peers=layout.adjudicators,
        settings=settings,
    )


def journal(around: Surroundings, node: NodeId, disk: Disk) -> Journal:
    """The replica of one journal in one zone."""
    clock = around.clock(node)
    return Journal(node, clock, around.trace(node, clock), disk=disk)


def crossbar(around: Surroundings) -> Crossbar:
    """The crossbar of all journals."""
    clock = around.clock(CROSSBAR)
    return Crossbar(CROSSBAR, clock, around.trace(CROSSBAR, clock), journals=around.layout.replicas)


def storage(around: Surroundings) -> Replica:
    """The storage replica of all keys."""
    clock = around.clock(STORAGE)
    adjudicators = tuple(around.layout.adjudicators.values())
    return Replica(STORAGE, clock, around.trace(STORAGE, clock), crossbar=CROSSBAR, adjudicators=adjudicators)


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
        ranges=around.layout.ranges,
        adjudicators=around.layout.adjudicators,
        settings=settings,
    )
