"""Virtual time, a network with random delays, and nodes that crash: all from one seed.

Everything happens in one thread, in the order of a heap of due times. Nothing here or in a role looks at the wall
clock, at hashes or at unseeded randomness, so a seed gives the same run, event for event.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

from daybreak.base.ids import NodeId
from daybreak.base.time import Interval, Timestamp
from daybreak.runtime.protocols import After, Effects, Message, Send, Sync, Synced
from daybreak.runtime.role import Role
from daybreak.runtime.sim.disk import SimDisk
from daybreak.trace.recorder import Cause

BEGINNING_US = 1_790_000_000_000_000
"""Virtual time starts here, in microseconds since 1970: traces of simulations look like any other."""


@dataclass(frozen=True)
class Faults:
    """What goes wrong, and how often; times in microseconds of virtual time."""

    delay_us: tuple[int, int] = (50, 3_000)
    """Bounds of a message's delay."""
    spike: float = 0.01
    """Share of messages that take ten times as long."""
    sync_us: tuple[int, int] = (100, 2_000)
    """Bounds of a sync's duration."""
    clock_error_us: int = 300
    """Every clock's declared error; each node's true one is drawn from within."""
    crash_every_us: int = 120_000
    """Mean time between two crashes; 0 for none."""
    down_us: tuple[int, int] = (10_000, 200_000)
    """Bounds of the time that a crashed node stays down."""


class SimClock:
    """A node's clock: off by a constant error, which it knows only the bound of."""

    def __init__(self, world: World, error_us: int, bound_us: int) -> None:
        self._world = world
        self._error_us = error_us
        self._bound_us = bound_us

    def now(self) -> Interval:
        """The interval that holds the virtual time."""
        reading = self._world.now_us + self._error_us
        return Interval(Timestamp(reading - self._bound_us), Timestamp(reading + self._bound_us))


Build = Callable[[], Role]
"""Makes a node's role anew, as after a restart: with its disk and nothing else."""


@dataclass
class SimNode:
    """A node of the simulation; `role` is None while it is down."""

    build: Build
    disk: SimDisk | None
    role: Role | None = None
    life: int = 0


class World:
    """The simulated machines and the network between them."""

    def __init__(self, seed: int, faults: Faults) -> None:
        self.random = random.Random(seed)
        self.faults = faults
        self.now_us = BEGINNING_US
        self.crashes = 0
        self.delivered = 0
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._nodes: dict[NodeId, SimNode] = {}
        self._listeners: dict[NodeId, Callable[[Message], None]] = {}
        self.on_crash: Callable[[NodeId], None] = lambda node: None
        """Called when a node has crashed."""

    def clock(self) -> SimClock:
        """A clock for a new node, off by a random part of the declared error."""
        bound = self.faults.clock_error_us
        return SimClock(self, self.random.randint(-bound, bound), bound)

    def at(self, delay_us: int, action: Callable[[], None]) -> None:
        """Do something once `delay_us` have passed."""
        self._count += 1
        heapq.heappush(self._due, (self.now_us + delay_us, self._count, action))

    def run_until(self, finished: Callable[[], bool], limit_us: int) -> bool:
        """Let time pass until `finished`; False if that is not so after `limit_us`."""
        end = self.now_us + limit_us
        while not finished():
            if not self._due or self._due[0][0] > end:
                return False
            self.now_us, _, action = heapq.heappop(self._due)
            action()
        return True

    # --- nodes --------------------------------------------------------------------------------------------------

    def add(self, node: NodeId, build: Build, disk: SimDisk | None = None) -> None:
        """Add a node and start it."""
        self._nodes[node] = SimNode(build, disk)
        self.restart(node)

    def role(self, node: NodeId) -> Role | None:
        """The role that runs at `node`, or None while it is down."""
        return self._nodes[node].role

    def up(self, nodes: tuple[NodeId, ...]) -> list[NodeId]:
        """Those of `nodes` that are not down."""
        return [node for node in nodes if self._nodes[node].role is not None]

    def crash(self, node: NodeId) -> None:
        """Stop a node at once: memory is lost, and of the disk what no sync has secured."""
        host = self._nodes[node]
        if host.role is None:
            return
        host.role.trace.close()
        host.role = None
        host.life += 1
        self.crashes += 1
        if host.disk is not None:
            host.disk.crash()
        self.on_crash(node)

    def restart(self, node: NodeId) -> None:
        """Start a node with its disk and nothing else."""
        host = self._nodes[node]
        if host.role is None:
            role = host.role = host.build()
            self.perform(node, role.start())

    def listen(self, session: NodeId, listener: Callable[[Message], None]) -> None:
        """Hand messages to `session` to `listener`, without delay: they do not cross the network."""
        self._listeners[session] = listener

    # --- effects ------------------------------------------------------------------------------------------------

    def perform(self, node: NodeId, effects: Effects) -> None:
        """Carry out what a role asked for."""
        for effect in effects:
            match effect:
                case Send(to, message):
                    self._send(node, to, message)
                case After(delay_us, message):
                    self._own(node, max(delay_us, 1), message)
                case Sync(token):
                    self._sync(node, token)

    def _send(self, node: NodeId, to: NodeId, message: Message) -> None:
        listener = self._listeners.get(to)
        if listener is not None:
            listener(message)
            return
        role = self._nodes[node].role
        assert role is not None, "only a node that is up sends"
        cause = role.trace.context()
        low, high = self.faults.delay_us
        delay = self.random.randint(low, high)
        if self.random.random() < self.faults.spike:
            delay *= 10
        life = self._nodes[to].life
        self.at(delay, lambda: self._deliver(node, to, life, message, cause))

    def _own(self, node: NodeId, delay_us: int, message: Message) -> None:
        life = self._nodes[node].life
        self.at(delay_us, lambda: self._deliver(node, node, life, message, ()))

    def _sync(self, node: NodeId, token: int) -> None:
        host = self._nodes[node]
        disk, life = host.disk, host.life
        assert disk is not None, "only a role with a disk asks for a sync"
        mark = disk.mark()

        def done() -> None:
            if host.life == life:
                disk.sync(mark)
                self._deliver(node, node, life, Synced(token), ())

        self.at(self.random.randint(*self.faults.sync_us), done)

    def _deliver(self, source: NodeId, to: NodeId, life: int, message: Message, cause: Cause) -> None:
        host = self._nodes[to]
        if host.role is None or host.life != life:
            return
        self.delivered += 1
        if message.causal:
            host.role.trace.observe(cause)
        effects = host.role.receive(source, message)
        host.role.check_invariants()
        self.perform(to, effects)

    def crash_at_random(self, nodes: tuple[NodeId, ...], may_crash: Callable[[NodeId], bool]) -> None:
        """From here on, now and then crash one of `nodes` that may crash, and start it again later."""
        mean = self.faults.crash_every_us
        if mean == 0:
            return

        def strike() -> None:
            node = self.random.choice(nodes)
            if may_crash(node):
                self.crash(node)
                self.at(self.random.randint(*self.faults.down_us), lambda: self.restart(node))
            self.crash_at_random(nodes, may_crash)

        self.at(int(self.random.expovariate(1 / mean)) + 1, strike)
