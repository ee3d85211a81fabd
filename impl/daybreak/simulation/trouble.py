"""What goes wrong with disks and clocks in a simulated run; `runtime.sim.world.Faults` says how often.

Crashes and the network's faults are the world's own; the latter begin and end with these here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from daybreak.base.ids import JournalId, NodeId
from daybreak.journal.promise import FILES, damaged_copies
from daybreak.journal.replica import Journal
from daybreak.runtime.sim.disk import SimDisk
from daybreak.runtime.sim.strikes import Strike
from daybreak.runtime.sim.world import SimClock, World

LEFT_BYTES = (0, 1_000, 20_000)
"""What a disk that fills up has left."""
LOOK_US = 50_000
"""After this long a replica that has left its quorum is started again."""


class Trouble:
    """Faults of the disks of one journal's replicas, and of clocks."""

    def __init__(
        self, world: World, journal: JournalId, disks: Mapping[NodeId, SimDisk], clocks: Mapping[NodeId, SimClock]
    ) -> None:
        self._world = world
        self._journal = journal
        self._disks = disks
        self._clocks = clocks
        self._over = False
        world.disturbed = False

    def sound(self) -> bool:
        """Whether every replica is up and counts towards a majority, as far as it knows."""
        roles = [self._world.role(node) for node in self._disks]
        return all(isinstance(role, Journal) and role.serving and role.whole for role in roles)

    def begin(self) -> None:
        """Let things go wrong from here on."""
        faults, strikes = self._world.faults, self._world.strikes
        self._world.disturbed = True
        self._victim = strikes.stream(f"victim.{self._journal}").choice(sorted(self._disks))
        for kind, mean_us, action in (
            ("rot", faults.rot_every_us, self._spoil),
            ("disk_full", faults.disk_full_every_us, self._fill),
            ("sync_error", faults.sync_error_every_us, self._fail_sync),
            ("clock_jump", faults.clock_jump_every_us, self._jump),
        ):
            strikes.now_and_then(f"{kind}.{self._journal}", mean_us, self._unless_over(action))

    def end(self) -> None:
        """All disks have space, and those that failed are replaced; what has been spoilt or has jumped stays so."""
        self._over = True
        self._world.disturbed = False
        self._world.failing.clear()
        for node, disk in self._disks.items():
            disk.capacity = None
            self._replace(node)

    def _unless_over(self, action: Callable[[Strike], None]) -> Callable[[Strike], None]:
        return lambda strike: None if self._over else action(strike)

    def _spoil(self, strike: Strike) -> None:
        """Turn a bit of one zone's disk, always the same; of its two promises one stays whole."""
        disk = self._disks[self._victim]
        broken = damaged_copies(disk)
        names = [name for name in disk.names() if disk.size(name) and (name not in FILES or not broken)]
        if names and self.sound():
            name = strike.random.choice(names)
            bit = strike.random.randrange(8 * min(disk.size(name), 2_000))
            disk.corrupt(name, bit // 8, 1 << bit % 8)
            strike.hit(self._victim, f"bit {bit} of {name}")

    def _fill(self, strike: Strike) -> None:
        node = strike.choose(sorted(self._disks))
        disk, left = self._disks[node], strike.random.choice(LEFT_BYTES)
        if disk.capacity is None:
            disk.capacity = disk.used() + left
            strike.hit(node, f"{left} bytes are left")
        else:
            disk.capacity = None
            strike.hit(node, "has space again")

    def _fail_sync(self, strike: Strike) -> None:
        node = strike.choose(sorted(self._disks))
        if self.sound() and not self._world.failing:
            self._world.failing.add(node)
            strike.hit(node)
            self._world.at(LOOK_US, lambda: self._replace(node))

    def _replace(self, node: NodeId) -> None:
        """Start a replica again that has left its quorum for the rest of its life."""
        role = self._world.role(node)
        if isinstance(role, Journal) and role.failure is not None:
            self._world.crash(node)
            self._world.restart(node)
        elif node in self._world.failing:
            self._world.at(LOOK_US, lambda: self._replace(node))

    def _jump(self, strike: Strike) -> None:
        node, hour = strike.choose(sorted(self._clocks)), self._world.faults.clock_jump_us
        self._clocks[node].jumped_us = off_us = strike.random.choice((0, hour, -hour))
        strike.hit(node, f"shows the time {off_us / 1e6:+g} s off")
