"""How far the regions of a simulated cluster are from each other, and cuts between them.

`runtime.sim.world.Faults` says how often those are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations

from daybreak.base.ids import NodeId
from daybreak.base.topology import Topology, region_of
from daybreak.cluster import process_of
from daybreak.runtime.sim.strikes import Strike
from daybreak.runtime.sim.world import World

WAY_US = 30_000
"""Between regions with an endpoint, one way, …"""
WITNESS_WAY_US = 10_000
"""… and between one of them and the witness."""
NOTICED_US = 850_000
"""So long after a link was cut messages go around it, as real ones do (`runtime.remote.relay`)."""

Link = frozenset[str]
"""Between two places."""


class Distance:
    """The ways between the regions of a world; nothing where there is one region."""

    def __init__(self, world: World, topology: Topology) -> None:
        self._world = world
        self._regions = topology.regions
        self._places = topology.places
        self._links = [*combinations(topology.places, 2)]
        self._cut: dict[Link, int] = {}
        """Pairs of regions between which no message arrives straight, and since when."""
        if self._links:
            world.way_us = self.way_us

    def way_us(self, source: NodeId, to: NodeId) -> int | None:
        """How much longer the way between two nodes is than within a region; None if there is none."""
        ends = _ends(source, to)
        if len(ends) == 1:
            return 0
        return self._around_us(ends) if ends in self._cut else self._straight_us(ends)

    def _straight_us(self, link: Link) -> int:
        return WAY_US if link <= set(self._regions) else WITNESS_WAY_US

    def _around_us(self, link: Link) -> int | None:
        """How long it is by way of the last place that hears both ends, once both know that they do not hear each
        other."""
        if self._world.now_us < self._cut[link] + NOTICED_US:
            return None
        for relay in reversed(self._places):
            ways = [frozenset((relay, end)) for end in sorted(link)]
            if relay not in link and not self._cut.keys() & set(ways):
                return sum(map(self._straight_us, ways))
        return None

    def begin(self, may: Callable[[], bool]) -> None:
        """From here on, now and then, cut a link, or a region off from all others, for a while."""
        world = self._world

        def part(strike: Strike) -> None:
            if may() and self._links:
                region = strike.choose([*self._regions, None])
                chosen = self._links if region is not None else [strike.choose(self._links)]
                links = [frozenset(link) for link in chosen if region is None or region in link]
                lasts_us = strike.random.randint(*world.faults.part_us)
                strike.hit(region or "-".join(chosen[0]), lasts_us=lasts_us)
                self.cut(links)
                world.at(lasts_us, lambda: self.heal(links))

        world.strikes.now_and_then("part", world.faults.part_every_us, part)

    def cut(self, links: Sequence[Link]) -> None:
        """Let nothing pass on these links, each the two places at its ends."""
        self._cut = dict.fromkeys(links, self._world.now_us) | self._cut

    def heal(self, links: Sequence[Link]) -> None:
        """Let messages pass on these links again."""
        self._cut = {link: since for link, since in self._cut.items() if link not in links}

    def end(self) -> None:
        """All messages arrive again."""
        self._cut.clear()


@cache
def _ends(source: NodeId, to: NodeId) -> Link:
    """The regions that two nodes are in."""
    return frozenset((region_of(process_of(source)), region_of(process_of(to))))
