"""Which roles a cluster consists of, and who talks to whom. The only file that knows all roles.

`base.topology` says which regions and zones there are. Every zone has a replica of each adjudicator's journal; some
have a candidate for each adjudicator, some a storage replica and the crossbar that feeds it. A region has a query
processor per session, and a balancer.
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
from daybreak.base.time import SECOND_US
from daybreak.base.topology import ONE_REGION, Topology, region_of
from daybreak.control.balancer import LISTENING, Balancer
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

REGION = ONE_REGION.regions[0]
"""The first region, and the only one of most clusters."""
ZONES = ONE_REGION.zones
"""The zones of a cluster with one region."""
ZONE_ROLES = ("journal", "adj", "crossbar", "storage")
"""Roles of zones."""


def adjudicator_node(zone: str, number: int) -> NodeId:
    """The candidate of a zone for adjudicator `number`."""
    return NodeId(f"{zone}/adj-{number}")


def journal_node(zone: str, number: int) -> NodeId:
    """The node of a zone's replica of journal `number`."""
    return NodeId(f"{zone}/journal-{number}")


def balancer_node(region: str) -> NodeId:
    """The balancer of a region: all know the ranges, that of the first region has them split and moved."""
    return NodeId(f"{region}/balancer-0")


class Layout:
    """Where a cluster's nodes are, how many adjudicators it has, and with that its journals and who owns which keys."""

    def __init__(self, adjudicators: int = ADJUDICATORS, topology: Topology = ONE_REGION) -> None:
        numbers = range(adjudicators)
        self.topology = topology
        self.storages = tuple(NodeId(f"{zone}/storage-0") for zone in topology.storing)
        self.crossbars = tuple(NodeId(f"{zone}/crossbar-0") for zone in topology.storing)
        """Each feeds the storage replica of its own zone."""
        self.balancers = tuple(balancer_node(region) for region in topology.regions)
        self.journals = tuple(JournalId(f"adj-{number}") for number in numbers)
        self.candidates = {
            journal: tuple(adjudicator_node(zone, number) for zone in self._from_home(number))
            for number, journal in enumerate(self.journals)
        }
        """Who may lead each journal: one candidate in every zone that may have one, that of its home first."""
        self.replicas = {
            journal: tuple(journal_node(zone, number) for zone in topology.zones)
            for number, journal in enumerate(self.journals)
        }
        """The replicas of each journal, in the order of the zones."""
        self.ranges = Ranges.even(self.journals)
        """Who owns what in the beginning."""
        self.map = PlacementMap(self.ranges, self.journals)
        """Who owns what, as far as this process knows."""

    def _from_home(self, number: int) -> tuple[str, ...]:
        """The zones with candidates, that which is the home of adjudicator `number` first: it leads if nothing has
        failed."""
        zones = self.topology.leading
        home = number % len(zones)
        return zones[home:] + zones[:home]

    def in_zone(self, zone: str) -> tuple[NodeId, ...]:
        """The nodes of one zone."""
        replicas = (nodes[self.topology.zones.index(zone)] for nodes in self.replicas.values())
        candidates = (node for nodes in self.candidates.values() for node in nodes)
        rest = (*candidates, *self.crossbars, *self.storages)
        return (*replicas, *(node for node in rest if process_of(node) == zone))

    def storages_from(self, region: str) -> tuple[NodeId, ...]:
        """The storage replicas, those in a region first."""
        return tuple(sorted(self.storages, key=lambda node: region_of(process_of(node)) != region))

    def near(self, region: str) -> int:
        """How many storage replicas are in a region."""
        return sum(region_of(process_of(node)) == region for node in self.storages)


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


def query_processor_node(number: int, region: str = REGION) -> NodeId:
    """The node of query processor `number`; numbers are unique over all regions, as transactions have them in their
    names."""
    return NodeId(f"{region}/qp-{number}")


def session_node(number: int, region: str = REGION) -> NodeId:
    """The address of the session that query processor `number` serves."""
    return NodeId(f"{region}/session-{number}")


def slice_of(node: NodeId) -> str | None:
    """The adjudicator whose state, or whose journal, a node's events belong to; None for all other roles."""
    name = node.partition("/")[2]
    return f"adj-{name.rpartition('-')[2]}" if role_of(node) in ("adj", "journal") else None


def adjudicator(around: Surroundings, node: NodeId, settings: AdjudicatorSettings | None = None) -> Adjudicator:
    """The candidate at `node`."""
    layout = around.layout
    journal = next(journal for journal, nodes in layout.candidates.items() if node in nodes)
    clock = StepClock(around.clock(node))
    first = layout.ranges.of(journal)
    place = Place(node, journal, layout.replicas[journal], layout.crossbars, layout.candidates, first, layout.balancers)
    return Adjudicator(place, clock, around.trace(node, clock), settings or adjudicator_settings(layout.topology))


def adjudicator_settings(topology: Topology) -> AdjudicatorSettings:
    """Times of an adjudicator: where there is another region, an answer of a zone may take longer than from one
    heartbeat to the next."""
    if len(topology.regions) == 1:
        return AdjudicatorSettings()
    return AdjudicatorSettings(resend_after=8)


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
        storages=around.layout.storages,
        margin_us=margin_us,
        led=len(around.layout.topology.regions) > 1,
    )


def storage(around: Surroundings, node: NodeId, disk: Disk, settings: StorageSettings | None = None) -> Replica:
    """A storage replica of all keys."""
    clock, layout = around.clock(node), around.layout
    return Replica(
        node,
        clock,
        around.trace(node, clock),
        disk,
        crossbar=layout.crossbars[layout.storages.index(node)],
        crossbars=layout.crossbars,
        siblings=tuple(other for other in layout.storages if other != node),
        settings=settings,
        led=len(layout.topology.regions) > 1,
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


def balancer(around: Surroundings, settings: BalancerSettings | None = None, *, region: str = REGION) -> Balancer:
    """Who knows ranges and leaders in a region's process, and, in the first region, has them moved by what goes on.

    In the others it only listens: two that balance would undo each other's work.
    """
    node, layout = balancer_node(region), around.layout
    clock = around.clock(node)
    return Balancer(
        node,
        clock,
        around.trace(node, clock),
        ranges=layout.map,
        candidates=layout.candidates,
        settings=settings if region == layout.topology.regions[0] else LISTENING,
    )


def query_processor(
    around: Surroundings,
    number: int,
    settings: ProcessorSettings | None = None,
    *,
    leaders: Leaders | None = None,
    region: str = REGION,
) -> QueryProcessor:
    """The query processor of one session; those of a process may share what they know of `leaders`."""
    node, layout = query_processor_node(number, region), around.layout
    clock = StepClock(around.clock(node))
    return QueryProcessor(
        node,
        clock,
        around.trace(node, clock),
        session=session_node(number, region),
        storages=layout.storages_from(region),
        ranges=layout.map,
        leaders=leaders or Leaders(layout.candidates),
        settings=settings or processor_settings(layout.topology),
        near=layout.near(region),
    )


def processor_settings(topology: Topology) -> ProcessorSettings:
    """Times of a query processor: where there is another region, its client can go there, and storage may be far from
    what it waits for."""
    if len(topology.regions) == 1:
        return ProcessorSettings()
    return ProcessorSettings(read_turn_us=SECOND_US, read_timeout_us=10 * SECOND_US)
