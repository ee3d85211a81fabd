"""How far the regions of a simulated cluster are from each other, and cuts between them.

`runtime.sim.world.Faults` says how often those are.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from daybreak.base.ids import NodeId
from daybreak.base.topology import Topology, region_of
from daybreak.cluster import process_of
from daybreak.runtime.sim.world import World

WAY_US = 30_000
"""Between regions with an endpoint, one way, …"""
WITNESS_WAY_US = 10_000
"""… and between one of them and the witness."""


class Distance:
    """The ways between the regions of a world; nothing where there is one region."""

    def __init__(self, world: World, topology: Topology) -> None:
        self._world = world
        self._regions = topology.regions
        self._links = [*combinations(topology.places, 2)]
        self.cut: set[frozenset[str]] = set()
        """Pairs of regions between which no message arrives."""
        self.cuts = 0
        """How often there was one."""
        world.way_us = self.way_us

    def way_us(self, source: NodeId, to: NodeId) -> int | None:
        """How much longer the way between two nodes is than within a region; None while it is cut."""
        ends = frozenset((region_of(process_of(source)), region_of(process_of(to))))
        if len(ends) == 1:
            return 0
        if ends in self.cut:
            return None
        return WAY_US if ends <= set(self._regions) else WITNESS_WAY_US

    def begin(self, may: Callable[[], bool]) -> None:
        """From here on, now and then, cut a link, or a region off from all others, for a while."""
        world = self._world

        def strike() -> None:
            if may() and self._links:
                self.cuts += 1
                region = world.random.choice([*self._regions, None])
                chosen = self._links if region is not None else [world.random.choice(self._links)]
                links = {frozenset(link) for link in chosen if region is None or region in link}
                self.cut |= links
                world.at(world.random.randint(*world.faults.part_us), lambda: self.cut.difference_update(links))

        world.now_and_then(world.faults.part_every_us, strike)

    def end(self) -> None:
        """All messages arrive again."""
        self.cut.clear()
