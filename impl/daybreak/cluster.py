"""Which roles a cluster consists of, and who talks to whom. The only file that knows all roles.

One region, A, with the zones A1, A2 and A3: some adjudicators, each with a candidate and a replica of its journal in
every zone, a crossbar and a storage replica in each of the first two zones, and a query processor per session.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.settings import Settings as AdjudicatorSettings
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.placementmap import PlacementMap
from daybreak.base.ranges import ADJUDICATORS, Ranges
from daybreak.control.balancer import Balancer
from daybreak.control.balancer import Settings as BalancerSettings
from daybreak.crossbar.crossbar import MARGIN_US, Crossbar
from daybreak.journal.replica import Journal
from daybreak.journal.segment import SEGMENT_BYTES
from daybreak.query.committer import Settings as ProcessorSettings
from daybreak.query.leaders import Leaders
from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Clock, Disk
from daybreak.runtime.stepclock import StepClock
from daybreak.storage.checkpoint import Settings as StorageSettings
from daybreak.storage.replica import Replica
from daybreak.trace.recorder import Trace

ZONES = ("A1", "A2", "A3")
BALANCER = NodeId("A/balancer-0")
STORAGE_ZONES = ZONES[:2]
STORAGES = tuple(NodeId(f"{zone}/storage-0") for zone in STORAGE_ZONES)
CROSSBARS = tuple(NodeId(f"{zone}/crossbar-0") for zone in STORAGE_ZONES)
"""Each feeds the storage replica of its own zone."""


def adjudicator_node(zone: str, number: int) -> NodeId:
    """The candidate of a zone for adjudicator `number`."""
    return NodeId(f"{zone}/adj-{number}")


def zones_from_home(number: int) -> tuple[str, ...]:
    """All zones, that which is the home of adjudicator `number` first: its candidate leads if nothing has failed."""
    home = number % len(ZONES)
    return ZONES[home:] + ZONES[:home]


def journal_node(zone: str, number: int) -> NodeId:
    """The node of a zone's replica of journal `number`."""
    return NodeId(f"{zone}/journal-{number}")


class Layout:
    """How many adjudicators a cluster has, and with that its journals and who owns which keys."""

    def __init__(self, adjudicators: int = ADJUDICATORS) -> None:
        numbers = range(adjudicators)
        self.journals = tuple(JournalId(f"adj-{number}") for number in numbers)
        self.candidates = {
            journal: tuple(adjudicator_node(zone, number) for zone in zones_from_home(number))
            for number, journal in enumerate(self.journals)
        }
        """Who may lead each journal: one candidate in every zone, that of its home first."""
        self.replicas = {
            journal: tuple(journal_node(zone, number) for zone in ZONES) for number, journal in enumerate(self.journals)
        }
        """The replicas of each journal, in the order of the zones."""
        self.ranges = Ranges.even(self.journals)
        """Who owns what in the beginning."""
        self.map = PlacementMap(self.ranges, self.journals)
        """Who owns what, as far as this process knows."""

    def in_zone(self, zone: str) -> tuple[NodeId, ...]:
        """The nodes of one zone."""
        replicas = (nodes[ZONES.index(zone)] for nodes in self.replicas.values())
        candidates = (node for nodes in self.candidates.values() for node in nodes)
        return tuple(node for node in (*replicas, *candidates, *CROSSBARS, *STORAGES) if process_of(node) == zone)


REGION = "A"
"""The process of all roles that belong to no zone."""
ZONE_ROLES = ("journal", "adj", "crossbar", "storage")
"""Roles of zones."""


ZoneRole = Journal | Adjudicator | Crossbar | Replica
"""What runs in a zone."""


class Surroundings(NamedTuple):
    """What a runtime gives a node, and what the cluster looks like."""

    clock: Callable[[NodeId], Clock]
    trace: Callable[[NodeId, Clock], Trace]
    layout: Layout


def process_of(node: NodeId) -> str:
    """The process in which a node lives, named after its zone or the region."""
    return node.partition("/")[0]


def role_of(node: NodeId) -> str:
    """What a node does: ``journal`` of ``A2/journal-1``."""
    return node.partition("/")[2].rpartition("-")[0]


def directory_of(node: NodeId) -> str | None:
    """The directory, within that of its zone, for what a node keeps on disk; None if it keeps nothing."""
    return {"journal": node.partition("/")[2], "storage": "storage"}.get(role_of(node))


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


def adjudicator(around: Surroundings, node: NodeId, settings: AdjudicatorSettings | None = None) -> Adjudicator:
    """The candidate at `node`."""
    layout = around.layout
    journal = next(journal for journal, nodes in layout.candidates.items() if node in nodes)
    clock = StepClock(around.clock(node))
    first = layout.ranges.of(journal)
    place = Place(node, journal, layout.replicas[journal], CROSSBARS, layout.candidates, first, (BALANCER,))
    return Adjudicator(place, clock, around.trace(node, clock), settings)


def journal(around: Surroundings, node: NodeId, disk: Disk, *, segment_bytes: int = SEGMENT_BYTES) -> Journal:
    """The replica of one journal in one zone."""
    clock = around.clock(node)
    return Journal(node, clock, around.trace(node, clock), disk=disk, segment_bytes=segment_bytes)


def crossbar(around: Surroundings, node: NodeId, *, margin_us: int = MARGIN_US) -> Crossbar:
    """The crossbar of a zone: it merges all journals."""
    clock = around.clock(node)
    return Crossbar(
        node,
        clock,
        around.trace(node, clock),
        journals=around.layout.replicas,
        candidates=around.layout.candidates,
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
        crossbar=CROSSBARS[STORAGES.index(node)],
        crossbars=CROSSBARS,
        siblings=tuple(other for other in STORAGES if other != node),
        settings=settings,
    )


def zone_role(around: Surroundings, node: NodeId, disk: Disk | None) -> ZoneRole:
    """The role of one of `Layout.in_zone`; `disk` as `directory_of` says."""
    match role_of(node):
        case "journal" if disk is not None:
            return journal(around, node, disk)
        case "adj":
            return adjudicator(around, node)
        case "crossbar":
            return crossbar(around, node)
        case "storage" if disk is not None:
            return storage(around, node, disk)
    raise ValueError(f"{node} is no node of a zone, or lacks its disk")


def balancer(around: Surroundings, settings: BalancerSettings | None = None) -> Balancer:
    """Who knows the key ranges of the process, and sees to it that they are equally busy."""
    clock = around.clock(BALANCER)
    layout = around.layout
    return Balancer(
        BALANCER,
        clock,
        around.trace(BALANCER, clock),
        ranges=layout.map,
        candidates=layout.candidates,
        settings=settings,
    )


def query_processor(
    around: Surroundings, number: int, settings: ProcessorSettings | None = None, *, leaders: Leaders | None = None
) -> QueryProcessor:
    """The query processor of one session; those of a process may share what they know of `leaders`."""
    node = query_processor_node(number)
    clock = around.clock(node)
    return QueryProcessor(
        node,
        clock,
        around.trace(node, clock),
        session=session_node(number),
        storages=STORAGES,
        ranges=around.layout.map,
        leaders=leaders or Leaders(around.layout.candidates),
        settings=settings,
    )
