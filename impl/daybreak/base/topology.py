"""Where a cluster's nodes are: regions with an endpoint each, and zones, each a failure domain with journal replicas.

one region      A: endpoint          zones A1, A2 with storage, A3; candidates in all of them
two regions     A, B: endpoints      zones A1, B1 with candidates and storage; W1, the witness, with neither
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from daybreak.base.ids import NodeId


class Topology(NamedTuple):
    """The regions and zones of a cluster."""

    regions: tuple[str, ...]
    """Those with an endpoint."""
    zones: tuple[str, ...]
    """Each holds a replica of every journal."""
    leading: tuple[str, ...]
    """Zones with a candidate for every adjudicator."""
    storing: tuple[str, ...]
    """Zones with a storage replica, and the crossbar that feeds it."""

    @property
    def processes(self) -> tuple[str, ...]:
        """The names of all processes, those of the regions first."""
        return (*self.regions, *self.zones)

    def of_region(self, region: str) -> tuple[str, ...]:
        """The processes in a region, or in that of the witness."""
        return tuple(name for name in self.processes if region_of(name) == region)

    @property
    def places(self) -> tuple[str, ...]:
        """All regions, that of the witness too."""
        return tuple(dict.fromkeys(map(region_of, self.processes)))


ONE_REGION = Topology(("A",), ("A1", "A2", "A3"), ("A1", "A2", "A3"), ("A1", "A2"))
TWO_REGIONS = Topology(("A", "B"), ("A1", "B1", "W1"), ("A1", "B1"), ("A1", "B1"))
TOPOLOGIES = {len(topology.regions): topology for topology in (ONE_REGION, TWO_REGIONS)}
"""By the number of regions."""

EVERY_PROCESS = tuple(sorted({name for topology in TOPOLOGIES.values() for name in topology.processes}))
"""The names that a process can have in any of them."""
EVERY_REGION = tuple(sorted({name for topology in TOPOLOGIES.values() for name in topology.regions}))
"""Those that a region with an endpoint can have."""
EVERY_ZONE = tuple(sorted({name for topology in TOPOLOGIES.values() for name in topology.zones}))
"""Those that a zone can have."""


def stands_for(name: str, processes: Sequence[str]) -> tuple[str, ...]:
    """Which of the processes of a cluster a name means: where there are several regions, that of a region all that are
    in it; none if it is no name."""
    several = sum(not process[-1].isdigit() for process in processes) > 1
    return tuple(process for process in processes if name == (region_of(process) if several else process)) or tuple(
        process for process in processes if process == name
    )


def zone_of(node: NodeId) -> str:
    """The zone that a node of a zone is in: ``A1`` of ``A1/journal-0``."""
    return node.partition("/")[0]


def region_of(process: str) -> str:
    """The region that a process is in: ``B`` of ``B1`` and of ``B``."""
    return process.rstrip("0123456789")


def home_of(node: NodeId) -> str:
    """The region that a node is in: ``B`` of ``B1/adj-0`` and of ``B/qp-3``."""
    return region_of(node.partition("/")[0])


def is_in(node: NodeId, where: str) -> bool:
    """Whether a node is in a region or zone."""
    return where in (home_of(node), node.partition("/")[0])
