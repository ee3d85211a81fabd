"""Which roles a cluster consists of, and who talks to whom. The only file that knows all roles.

One region, A, with the zones A1, A2 and A3: some adjudicators, a journal for each with a replica in every zone, one
crossbar, a storage replica in each of the first two zones, and a query processor per session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.settings import Settings as AdjudicatorSettings
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.placementmap import PlacementMap
from daybreak.base.ranges import ADJUDICATORS, Ranges
from daybreak.control.balancer import Balancer
from daybreak.control.balancer import Settings as BalancerSettings
from daybreak.crossbar.crossbar import MARGIN_US, Crossbar
from daybreak.journal.replica import Journal
from daybreak.journal.segment import SEGMENT_BYTES
from daybreak.query.processor import QueryProcessor
from daybreak.query.processor import Settings as ProcessorSettings
from daybreak.runtime.protocols import Clock, Disk
from daybreak.storage.checkpoint import Settings as StorageSettings
from daybreak.storage.replica import Replica
from daybreak.trace.recorder import Trace

ZONES = ("A1", "A2", "A3")
CROSSBAR = NodeId("A/crossbar-0")
BALANCER = NodeId("A/balancer-0")
STORAGE_ZONES = ZONES[:2]
STORAGES = tuple(NodeId(f"{zone}/storage-0") for zone in STORAGE_ZONES)


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
        """Who owns what in the beginning."""
        self.map = PlacementMap(self.ranges, self.journals)
        """Who owns what, as far as this process knows."""

    def in_zone(self, zone: str) -> tuple[NodeId, ...]:
        """The journal replicas of one zone."""
        return tuple(journal_node(zone, number) for number in range(len(self.journals)))


REGION = "A"
"""The process of all roles that belong to no zone."""
ZONE_ROLES = ("journal",)
"""Roles that run in the process of their zone."""


class Surroundings(NamedTuple):
    """What a runtime gives a node, and what the cluster looks like."""

    clock: Callable[[NodeId], Clock]
    trace: Callable[[NodeId, Clock], Trace]
    layout: Layout


def process_of(node: NodeId) -> str:
    """The process in which a node lives, named after its zone or the region."""
    place, _, name = node.partition("/")
    return place if name.rpartition("-")[0] in ZONE_ROLES else REGION


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
        first=layout.ranges.of(journal),
        told=(BALANCER,),
        settings=settings,
    )


def journal(around: Surroundings, node: NodeId, disk: Disk, *, segment_bytes: int = SEGMENT_BYTES) -> Journal:
    """The replica of one journal in one zone."""
    clock = around.clock(node)
    return Journal(node, clock, around.trace(node, clock), disk=disk, segment_bytes=segment_bytes)


def crossbar(around: Surroundings, *, margin_us: int = MARGIN_US) -> Crossbar:
    """The crossbar of all journals."""
    clock = around.clock(CROSSBAR)
    return Crossbar(
        CROSSBAR,
        clock,
        around.trace(CROSSBAR, clock),
        journals=around.layout.replicas,
        storages=STORAGES,
        margin_us=margin_us,
    )


def storage(around: Surroundings, node: NodeId, disk: Disk, settings: StorageSettings | None = None) -> Replica:
    """A storage replica of all keys."""
    clock = around.clock(node)
    return Replica(
        node,
        clock,
        around.trace(node, clock),
        disk,
        crossbar=CROSSBAR,
        adjudicators=tuple(around.layout.adjudicators.values()),
        siblings=tuple(other for other in STORAGES if other != node),
        settings=settings,
    )


def balancer(around: Surroundings, settings: BalancerSettings | None = None) -> Balancer:
    """Who knows the key ranges of the process, and sees to it that they are equally busy."""
    clock = around.clock(BALANCER)
    layout = around.layout
    return Balancer(
        BALANCER,
        clock,
        around.trace(BALANCER, clock),
        ranges=layout.map,
        adjudicators=layout.adjudicators,
        settings=settings,
    )


def query_processor(around: Surroundings, number: int, settings: ProcessorSettings | None = None) -> QueryProcessor:
    """The query processor of one session."""
    node = query_processor_node(number)
    clock = around.clock(node)
    return QueryProcessor(
        node,
        clock,
        around.trace(node, clock),
        session=session_node(number),
        storages=STORAGES,
        ranges=around.layout.map,
        adjudicators=around.layout.adjudicators,
        settings=settings,
    )
