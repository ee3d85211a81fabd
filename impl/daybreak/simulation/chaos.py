"""`daybreak chaos` for a simulated cluster: the same words, and the same timelines, in virtual time.

A process is all nodes of its name. As in a real one, what is to go wrong in it is a `runtime.chaos.Chaos`, which is
gone when it is killed. Where a real process looks at it, the world is told here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatch
from functools import partial

from daybreak.base.ids import NodeId
from daybreak.cluster import process_of
from daybreak.control.chaos.orders import Orders
from daybreak.control.chaos.spoil import SEGMENTS, choose, nothing_to_spoil, vouched
from daybreak.control.chaos.words import KEEPER, Command, Due
from daybreak.errors import OperatorError
from daybreak.runtime.chaos import Chaos, Disturb, Jump, Keep, Order, SetDisk
from daybreak.runtime.sim.disk import SimDisk
from daybreak.runtime.sim.world import SimClock, World

RESTART_US = (100_000, 600_000)
"""Bounds of the time after which a process that was killed runs again, as a supervisor and Python need it."""


class SimulatedProcesses(Orders):
    """The processes of a simulated cluster, for those who give orders."""

    def __init__(self, world: World, processes: Sequence[str], seed: int, clocks: Mapping[NodeId, SimClock]) -> None:
        """`clocks` are those of all nodes, also of nodes to come."""
        super().__init__(processes)
        self._world = world
        self._clocks = clocks
        self._random = random.Random(f"{seed}/chaos")
        self._chaos = {process: self._sound(process) for process in processes}
        self._lives = dict.fromkeys(processes, 0)
        self._down: set[str] = set()
        """Processes that do not run, …"""
        self._kept_down: set[str] = set()
        """… and those that nobody starts again."""
        self._paused: set[str] = set()
        self._touched: set[str] = set()
        """Processes that something has been done to."""
        self._over = False
        self._due = 0
        """Commands of timelines that are still to come, …"""
        self._played = 0
        """… and those that were carried out."""

    def _sound(self, process: str) -> Chaos:
        """Of a new life of a process: nothing goes wrong yet."""
        chaos = Chaos(tuple(name for name in self.processes if name != process), self._random.getrandbits(64))
        chaos.on_power_loss[:] = [lambda: self._end(process, SimDisk.lose_unsynced)]
        return chaos

    def _nodes(self, process: str) -> list[NodeId]:
        return [node for node in self._world.nodes if process_of(node) == process]

    # --- timelines ------------------------------------------------------------------------------------------------

    def play(self, timeline: Iterable[Due]) -> None:
        """Carry out the commands of a timeline, which begins now."""
        for due in timeline:
            self._due += 1
            self._world.at(int(due.seconds * 1e6), partial(self._now, due.command))

    @property
    def playing(self) -> bool:
        """Whether commands of timelines are still to come."""
        return self._due > 0

    def _now(self, command: Command) -> None:
        if not self._over:
            self._played += 1
            self._world.strikes.note(f"chaos#{self._played}", command.node or "all", str(command.do))
            self.carry_out(command)
            self._due -= 1

    def end(self) -> None:
        """All is well again, for good: everything runs, and nothing goes wrong; what was spoilt stays so."""
        self._over = True
        self._kept_down.clear()
        for process in sorted(self._touched - {KEEPER}):
            self._begin(process)
            self._heal(process)
            self.signal(process, "resume")

    # --- what a process can be made to do -------------------------------------------------------------------------

    def listens(self, process: str) -> bool:
        """Whether it runs; who keeps the processes does, where there are several regions."""
        if process == KEEPER:
            return sum(not name[-1].isdigit() for name in self.processes) > 1
        return process not in self._down

    def _need(self, process: str) -> None:
        self._touched.add(process)
        if not self.listens(process):
            raise OperatorError(f"process {process} takes no such orders")

    def tell(self, process: str, order: Order) -> None:
        """Have it carry out an order."""
        self._need(process)
        if process in self._paused:
            raise OperatorError(f"{process}: does not answer")
        match order:
            case Keep(name, up):
                (self._let_up if up else self._keep_down)(name)
            case _:
                self._chaos[process].obey(order)
        match order:
            case Disturb():
                self._world.arrivals_us = self._arrivals_us
            case Jump():
                self._set_clocks(process)
            case SetDisk():
                self._set_disks(process)

    def signal(self, process: str, verb: str) -> None:
        """Stop all nodes of it, let them go on, or end them."""
        self._need(process)
        if verb == "kill":
            self._end(process, SimDisk.stay)
            return
        (self._paused.add if verb == "pause" else self._paused.discard)(process)
        for node in self._nodes(process):
            (self._world.stop if verb == "pause" else self._world.resume)(node)

    def keeps_journals(self, process: str) -> bool:
        """Whether it is a zone."""
        return process[-1].isdigit()

    def spoil(self, process: str) -> str:
        """Turn a bit of an entry."""
        self._need(process)
        disks = [disk for node in self._nodes(process) if (disk := self._world.disk(node)) is not None]
        files = [(disk, name, disk.size(name)) for disk in disks for name in disk.names() if fnmatch(name, SEGMENTS)]
        found = [(disk, name, frame) for disk, name, size in files for frame in vouched(name, disk.read(name, 0, size))]
        if not found:
            raise nothing_to_spoil(process)
        disk, name, frame = self._random.choice(found)
        bit = choose(frame, self._random)
        disk.corrupt(name, bit.offset, bit.mask)
        return f"{disk.where}/{name}: entry {bit.entry}, offset {bit.offset}"

    # --- what it does ---------------------------------------------------------------------------------------------

    def _end(self, process: str, harm: Callable[[SimDisk], None]) -> None:
        """End a life of a process, with `harm` to its disks; another one begins soon, unless it is kept down."""
        nodes = self._nodes(process)
        self._touched.add(process)
        self._world.held_down.update(nodes)
        for node in nodes:
            self._world.crash(node, harm)
        self._down.add(process)
        self._paused.discard(process)
        self._heal(process)
        self._lives[process] += 1
        self._world.at(self._random.randint(*RESTART_US), partial(self._again, process, self._lives[process]))

    def _again(self, process: str, life: int) -> None:
        if self._lives[process] == life and process not in self._kept_down:
            self._begin(process)

    def _begin(self, process: str) -> None:
        if process in self._down:
            self._down.discard(process)
            for node in self._nodes(process):
                self._world.held_down.discard(node)
                self._world.restart(node)

    def _keep_down(self, process: str) -> None:
        self._kept_down.add(process)
        if process not in self._down:
            self._end(process, SimDisk.stay)

    def _let_up(self, process: str) -> None:
        if process in self._kept_down:
            self._kept_down.discard(process)
            self._begin(process)

    def _heal(self, process: str) -> None:
        """Nothing goes wrong in it any more."""
        self._chaos[process] = self._sound(process)
        self._set_clocks(process)
        self._set_disks(process)

    def _set_clocks(self, process: str) -> None:
        for node in self._nodes(process):
            if node in self._clocks:
                self._clocks[node].jumped_us = self._chaos[process].jumped_us

    def _set_disks(self, process: str) -> None:
        state = self._chaos[process].disk
        for node in self._nodes(process):
            disk = self._world.disk(node)
            if disk is not None:
                disk.capacity = disk.used() if state == "full" else None
            for nodes, wanted in ((self._world.slow, "slow"), (self._world.broken, "sync-fails")):
                (nodes.add if state == wanted else nodes.discard)(node)

    def _arrivals_us(self, source: NodeId, to: NodeId) -> list[int]:
        """By how much later each copy of a message between two nodes arrives: either end may have been told of it."""
        one, other = process_of(source), process_of(to)
        if one == other:
            return [0]
        late_us = self._chaos[other].delays_us(one)
        return [first + second for first in self._chaos[one].delays_us(other) for second in late_us]
