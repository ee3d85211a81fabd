"""Virtual time, a network with random delays, and nodes that crash: all from one seed.

Everything happens in one thread, in the order of a heap of due times. Nothing here or in a role looks at the wall
clock, at hashes or at unseeded randomness, so a seed gives the same run, event for event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from daybreak.base.ids import NodeId
from daybreak.base.time import Interval, Timestamp
from daybreak.runtime.chaos import SLOW_SECONDS
from daybreak.runtime.protocols import After, Effects, Message, Send, Synced, SyncFailed
from daybreak.runtime.role import Role
from daybreak.runtime.sim.disk import SimDisk
from daybreak.runtime.sim.strikes import Strike, Strikes
from daybreak.runtime.timeline import Timeline
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
    duplicate: float = 0.0
    """Share of messages that arrive twice, each after a delay of its own."""
    loss: float = 0.0
    """Share of messages that never arrive."""
    reorder: float = 0.0
    """Share of messages that are held back and overtaken by others, for up to `held_us`."""
    held_us: int = 50_000
    clock_error_us: int = 300
    """Every clock's declared error; each node's true one is drawn from within."""
    clock_lie_us: int = 0
    """By so much, besides, some clocks are off, ahead or behind: what they declare is then wrong."""
    clock_jump_every_us: int = 0
    """Mean time between two jumps of some node's clock, by `clock_jump_us` forward or back; 0 for none."""
    clock_jump_us: int = 3_600_000_000
    disk_full_every_us: int = 0
    """Mean time between two changes of a disk from having space to being full, or back; 0: they have space."""
    sync_error_every_us: int = 0
    """Mean time between two failed syncs; 0 for none."""
    rot_every_us: int = 0
    """Mean time between two bits that the disk of one zone spoils; 0 for none."""
    pause_every_us: int = 0
    """Mean time between two candidates that are stopped for `pause_us` and then go on; 0 for none."""
    pause_us: tuple[int, int] = (500_000, 4_000_000)
    """Bounds of that: shorter than a lease, and longer."""
    cut_every_us: int = 0
    """Mean time between two candidates that are cut off from everybody for `pause_us`; 0 for none."""
    part_every_us: int = 0
    """Mean time between two cuts between regions, for `part_us`; 0 for none."""
    part_us: tuple[int, int] = (200_000, 6_000_000)
    """Bounds of that: shorter than a lease, and longer."""
    crash_every_us: int = 120_000
    """Mean time between two crashes; 0 for none."""
    down_us: tuple[int, int] = (10_000, 200_000)
    """Bounds of the time that a crashed node stays down."""


class SimClock:
    """A node's clock: off by a constant error, which it knows only the bound of, and by what it has jumped."""

    def __init__(self, world: World, error_us: int, bound_us: int) -> None:
        self._world = world
        self._error_us = error_us
        self._bound_us = bound_us
        self._jumped_us = 0
        self._timeline: Timeline | None = None
        """Needed from the first jump on: until then it would show just what the clock does."""

    @property
    def jumped_us(self) -> int:
        """How far what it shows is off the truth, besides its error."""
        return self._jumped_us

    @jumped_us.setter
    def jumped_us(self, us: int) -> None:
        # Read before it jumps, so that what is shown from then on does not depend on who has read it when: a run that
        # is recorded reads more often.
        if self._timeline is None:
            self._timeline = Timeline(self._bound_us)
        self.now()
        self._jumped_us = us

    def now(self) -> Interval:
        """The interval that holds the virtual time."""
        now_us = self._world.now_us
        reading_us = now_us + self._error_us + self._jumped_us
        if self._timeline is not None:
            return self._timeline.at(reading_us * 1_000, now_us * 1_000)
        return Interval(Timestamp(reading_us - self._bound_us), Timestamp(reading_us + self._bound_us))


Build = Callable[[], Role]
"""Makes a node's role anew, as after a restart: with its disk and nothing else."""


@dataclass
class SimNode:
    """A node of the simulation; `role` is None while it is down."""

    build: Build
    disk: SimDisk | None
    role: Role | None = None
    life: int = 0
    stopped: list[tuple[Callable[..., None], tuple[Any, ...]]] | None = None
    """What waits for it until it goes on, while it is stopped: functions with their arguments."""


class World:
    """The simulated machines and the network between them."""

    def __init__(
        self, seed: int, faults: Faults, only: Iterable[str] | None = None, salts: Iterable[tuple[str, str]] = ()
    ) -> None:
        """`only` and `salts` are those of `Strikes`."""
        self.faults = faults
        self.now_us = BEGINNING_US
        self.strikes = Strikes(self, seed, only, salts)
        self.random = self.strikes.stream("delay")
        """Decides how long things take."""
        self.crashes = 0
        self.cut_off: set[NodeId] = set()
        """Nodes whose messages are lost, in both directions."""
        self.delivered = 0
        self.way_us: Callable[[NodeId, NodeId], int | None] = lambda source, to: 0
        """By how much the way from one node to another is longer than others; None: messages are lost on it."""
        self.arrivals_us: Callable[[NodeId, NodeId], list[int]] = lambda source, to: [0]
        """By how much later than others each copy of a message from one node to another arrives; none: it is lost."""
        self.on_send: Callable[[NodeId, NodeId, Message], None] = lambda source, to, message: None
        """Called for each message that goes out to the network."""
        # Functions with their arguments, and not closures over them: most of what is due is messages.
        self._due: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        self._nodes: dict[NodeId, SimNode] = {}
        self._listeners: dict[NodeId, Callable[[Message], None]] = {}
        self.disturbed = True
        """Whether messages get lost, doubled and held back as the faults say."""
        self.failing: set[NodeId] = set()
        """Nodes whose next sync fails: of what was not synced before, chance decides when they crash."""
        self.broken: set[NodeId] = set()
        """Nodes all of whose syncs fail, …"""
        self.slow: set[NodeId] = set()
        """… and those whose syncs take `SLOW_SECONDS` longer."""
        self.held_down: set[NodeId] = set()
        """Nodes that nobody starts."""
        self.on_crash: Callable[[NodeId], None] = lambda node: None
        """Called when a node has crashed."""

    def clock(self) -> SimClock:
        """A clock for a new node, off by a random part of the declared error."""
        bound, lie = self.faults.clock_error_us, self.faults.clock_lie_us
        error = self.random.randint(-bound, bound)
        return SimClock(self, error + self.random.choice((-lie, 0, lie)) if lie else error, bound)

    def at(self, delay_us: int, action: Callable[..., None], *arguments: object) -> None:
        """Do something once `delay_us` have passed."""
        self._count += 1
        heappush(self._due, (self.now_us + delay_us, self._count, action, arguments))

    def run_until(self, finished: Callable[[], bool], limit_us: int) -> bool:
        """Let time pass until `finished`; False if that is not so after `limit_us`."""
        end, due = self.now_us + limit_us, self._due
        while not finished():
            if not due or due[0][0] > end:
                return False
            self.now_us, _, action, arguments = heappop(due)
            action(*arguments)
        return True

    # --- nodes --------------------------------------------------------------------------------------------------

    def add(self, node: NodeId, build: Build, disk: SimDisk | None = None) -> None:
        """Add a node and start it."""
        self._nodes[node] = SimNode(build, disk)
        self.restart(node)

    @property
    def nodes(self) -> list[NodeId]:
        """All nodes, up or not."""
        return list(self._nodes)

    def disk(self, node: NodeId) -> SimDisk | None:
        """The disk of a node, if it has one."""
        return self._nodes[node].disk

    def role(self, node: NodeId) -> Role | None:
        """The role that runs at `node`, or None while it is down."""
        return self._nodes[node].role

    def up(self, nodes: tuple[NodeId, ...]) -> list[NodeId]:
        """Those of `nodes` that are not down."""
        return [node for node in nodes if self._nodes[node].role is not None]

    def crash(self, node: NodeId, harm: Callable[[SimDisk], None] = SimDisk.crash) -> None:
        """Stop a node at once: memory is lost, and of the disk what `harm` says; without it, any part of what no sync
        has secured."""
        host = self._nodes[node]
        if host.role is None:
            return
        host.role.trace.close()
        host.role = host.stopped = None
        host.life += 1
        self.crashes += 1
        if host.disk is not None:
            harm(host.disk)
        self.on_crash(node)

    def restart(self, node: NodeId) -> None:
        """Start a node with its disk and nothing else."""
        host = self._nodes[node]
        if host.role is None and node not in self.held_down:
            role = host.role = host.build()
            self.perform(node, role.start())

    def stop(self, node: NodeId) -> None:
        """Let a node do nothing until it is resumed; what reaches it waits."""
        host = self._nodes[node]
        if host.role is not None and host.stopped is None:
            host.stopped = []

    def resume(self, node: NodeId) -> None:
        """Let a stopped node go on, with all that has reached it meanwhile."""
        host = self._nodes[node]
        waiting, host.stopped = host.stopped or [], None
        for action, arguments in waiting:
            action(*arguments)

    def listen(self, session: NodeId, listener: Callable[[Message], None]) -> None:
        """Hand messages to `session` to `listener`, without delay: they do not cross the network."""
        self._listeners[session] = listener

    # --- effects ------------------------------------------------------------------------------------------------

    def perform(self, node: NodeId, effects: Effects) -> None:
        """Carry out what a role asked for; when it goes on, if it is stopped."""
        host = self._nodes[node]
        if host.stopped is not None:
            host.stopped.append((self.perform, (node, effects)))
            return
        for effect in effects:
            # No `match`: this is where a simulation spends its time.
            if isinstance(effect, Send):
                self._send(node, host, effect.to, effect.message)
            elif isinstance(effect, After):
                self.at(max(effect.delay_us, 1), self._deliver, node, node, host.life, effect.message, ())
            else:
                self._sync(node, effect.token)

    def _send(self, node: NodeId, host: SimNode, to: NodeId, message: Message) -> None:
        listener = self._listeners.get(to)
        if listener is not None:
            listener(message)
            return
        assert host.role is not None, "only a node that is up sends"
        self.on_send(node, to, message)
        way_us = self.way_us(node, to)
        if way_us is None or node in self.cut_off or to in self.cut_off:
            return
        cause = host.role.trace.context()
        life = self._nodes[to].life
        for late_us in self.arrivals_us(node, to) * self._copies():
            self.at(way_us + late_us + self._delay(), self._deliver, node, to, life, message, cause)

    def _copies(self) -> int:
        """How often a message arrives."""
        if not self.disturbed:
            return 1
        if self.strikes.happens("loss", self.faults.loss):
            return 0
        return 2 if self.strikes.happens("duplicate", self.faults.duplicate) else 1

    def _delay(self) -> int:
        faults = self.faults
        low, high = faults.delay_us
        delay = low + int(self.random.random() * (high - low + 1))
        if faults.spike and self.random.random() < faults.spike:
            delay *= 10
        if self.disturbed and self.strikes.happens("reorder", faults.reorder):
            delay += self.strikes.stream("reorder").randint(0, faults.held_us)
        return delay

    def _sync(self, node: NodeId, token: int) -> None:
        host = self._nodes[node]
        disk, life = host.disk, host.life
        assert disk is not None, "only a role with a disk asks for a sync"
        mark = disk.mark()

        def done() -> None:
            if host.life != life:
                return
            if node in self.failing or node in self.broken:
                self.failing.discard(node)
                disk.fail_sync(mark)
                self._deliver(node, node, life, SyncFailed(token, f"{disk.where}: Input/output error"), ())
                return
            disk.sync(mark)
            self._deliver(node, node, life, Synced(token), ())

        slow_us = int(SLOW_SECONDS * 1e6) if node in self.slow else 0
        self.at(self.random.randint(*self.faults.sync_us) + slow_us, done)

    def _deliver(self, source: NodeId, to: NodeId, life: int, message: Message, cause: Cause) -> None:
        host = self._nodes[to]
        role = host.role
        if role is None or host.life != life:
            return
        if host.stopped is not None:
            host.stopped.append((self._deliver, (source, to, life, message, cause)))
            return
        self.delivered += 1
        if cause and message.causal:
            role.trace.observe(cause)
        effects = role.receive(source, message)
        role.check_invariants()
        if effects:
            self.perform(to, effects)

    def crash_at_random(self, nodes: tuple[NodeId, ...], may_crash: Callable[[NodeId], bool]) -> None:
        """From here on, now and then crash one of `nodes` that may crash, and start it again later."""

        def crash(strike: Strike) -> None:
            node, down_us = strike.choose(nodes), strike.random.randint(*self.faults.down_us)
            if may_crash(node) and self._nodes[node].role is not None:
                strike.hit(node, lasts_us=down_us)
                self.bounce(node, down_us)

        self.strikes.now_and_then("crash", self.faults.crash_every_us, crash)

    def bounce(self, node: NodeId, down_us: int) -> None:
        """Crash a node, and start it again after `down_us`."""
        self.crash(node)
        self.at(down_us, lambda: self.restart(node))
