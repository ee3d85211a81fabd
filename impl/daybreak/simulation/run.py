"""One simulated run: a whole cluster, clients, faults, and the verdict on what the clients saw."""

from __future__ import annotations

import itertools
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from daybreak import cluster
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.time import Timestamp
from daybreak.base.topology import TOPOLOGIES
from daybreak.control.balancer import LISTENING
from daybreak.control.balancer import Settings as BalancerSettings
from daybreak.control.chaos.words import Due
from daybreak.errors import RetryError, UnavailableError
from daybreak.journal.replica import Journal
from daybreak.query.committer import Settings as ProcessorSettings
from daybreak.runtime.protocols import Clock
from daybreak.runtime.role import Role
from daybreak.runtime.sim.disk import SimDisk
from daybreak.runtime.sim.strikes import Strike
from daybreak.runtime.sim.tasks import SimFuture, spawn
from daybreak.runtime.sim.world import Faults, SimClock, World
from daybreak.simulation.bank import Bank, Ledger
from daybreak.simulation.chaos import SimulatedProcesses
from daybreak.simulation.distance import Distance
from daybreak.simulation.mixed import Mix, Mixed
from daybreak.simulation.recovery import missing, prove
from daybreak.simulation.reshaping import Reshaping
from daybreak.simulation.trouble import Trouble
from daybreak.simulation.verdict import FoundError
from daybreak.simulation.witness import WatchedSession, Witness
from daybreak.simulation.workload import SessionLostError, Turn, Workload
from daybreak.storage.checkpoint import Settings as StorageSettings
from daybreak.storage.replica import Replica
from daybreak.trace.directory import write_identity
from daybreak.trace.recorder import FileSink, NoTrace, Recorder, Trace

LIMIT_US = 120_000_000
"""Virtual time after which a run that has not ended is stuck."""
CALM_US = 30_000_000
"""Once nothing goes wrong any more all is well again within this virtual time: transactions under way have ended, each
client has committed another one, and every replica has everything. A COMMIT whose answer is lost takes 10 s to give up,
a lease runs for 2 s, and a journal may have changed hands in between."""
AGAIN_US = 20_000
"""A client that is told to try again waits for so long."""

PROCESSOR = ProcessorSettings(commit_timeout_us=10_000_000, read_retry_us=100_000, read_turn_us=20_000)
FAR_PROCESSOR = ProcessorSettings(commit_timeout_us=10_000_000, read_turn_us=500_000, read_timeout_us=5_000_000)
"""Where storage may be far from what it waits for."""
MARGIN_US = 20_000
STORAGE = StorageSettings(
    tick_us=5_000, interval_us=20_000, keep_us=500_000, block_bytes=512, growth_bytes=2_048, pending_bytes=4_096
)


@dataclass(frozen=True)
class Options:
    """The size of a run."""

    clients: int = 4
    transactions: int = 12
    """Transactions of each client, whatever becomes of them; more if the timeline is not over by then."""
    mix: Mix | None = None
    """Random transactions of all kinds; None: a bank."""
    accounts: int = 6
    """Of the bank; or how many rows the others have."""
    adjudicators: int = 2
    regions: int = 1
    """With an endpoint; of two, every other client is in the second."""
    moves_every_us: int = 0
    """Mean time between two requests to split, merge or move a key range; 0: none."""
    handovers_every_us: int = 0
    """Mean time between two requests to have another candidate lead a journal; 0: none."""
    balancer: BalancerSettings = LISTENING
    """No range and no leader is moved but at random, if nothing else is said."""
    segment_bytes: int = 4_096
    """Of the journals: small, so that they are trimmed."""
    storage: StorageSettings = STORAGE
    """Times and sizes of checkpoints: small, so that there are many."""
    wiped: float = 0.2
    """Share of the crashes of storage in which the disk is lost with all that is on it."""
    faults: Faults = field(default_factory=Faults)
    only: tuple[str, ...] | None = None
    """The names of the strikes that may happen at random (``crash#3``); None: all."""
    turns: tuple[str, ...] | None = None
    """The names of the transactions that clients do, client and number (``2.7``); None: all."""
    salts: tuple[tuple[str, str], ...] = ()
    """Kinds of faults, with what gives each of them other random numbers than the seed does alone."""
    play_us: int = LIMIT_US
    """Virtual time after which nothing goes wrong any more, and clients begin nothing any more."""
    timeline: tuple[Due, ...] = ()
    """Orders of `daybreak chaos`, as `control.chaos.words.read_timeline` reads them; it begins when clients do."""


@dataclass
class Outcome:
    """What a run came to."""

    seed: int
    ledger: Ledger
    crashes: int
    bootstraps: int
    """How often a storage replica began from its sibling's checkpoint."""
    trimmed: int
    """How many entries of journals were dropped, over all replicas."""
    messages: int
    virtual_us: int


class Simulation:
    """A cluster in virtual time; `trace` is a directory for its events, or None to record none."""

    def __init__(self, seed: int, options: Options | None = None, *, trace: Path | None = None) -> None:
        self.options = options or Options()
        self.seed = seed
        self.world = World(seed, self.options.faults, self.options.only, self.options.salts)
        self.began_us = self.world.now_us
        self.bank = Bank(self.options.accounts)
        self.ledger = self.bank.ledger
        mix = self.options.mix
        self.workload: Workload = self.bank if mix is None else Mixed(mix, self.options.accounts)
        self.witness = Witness(lambda: self.world.now_us)
        self.world.on_crash = self._crashed
        self._trace = trace
        self._recorders: dict[NodeId, Recorder] = {}
        self._clocks: dict[NodeId, SimClock] = {}
        self._gateways: dict[int, WatchedSession] = {}
        self.layout = cluster.Layout(self.options.adjudicators, TOPOLOGIES[self.options.regions])
        self.distance = Distance(self.world, self.layout.topology)
        self.chaos = SimulatedProcesses(self.world, self.layout.topology.processes, seed, self._clocks)
        self._around = cluster.Surroundings(self._clock, self._new_trace, self.layout)
        if trace is not None:
            write_identity(trace, f"simulation of seed {seed}", self.options.adjudicators)
        self.disks: dict[JournalId, dict[NodeId, SimDisk]] = {journal: {} for journal in self.layout.replicas}
        """Those of the journals' replicas."""
        self.reshaping = Reshaping(self.world, self.layout, self.options.accounts)
        self._storage_disks: dict[NodeId, SimDisk] = {}
        self._had: dict[NodeId, Mapping[JournalId, int]] = {}
        self._needs: dict[NodeId, Mapping[JournalId, int]] = {}
        self._bootstraps = 0
        self._candidates = tuple(node for nodes in self.layout.candidates.values() for node in nodes)
        replicas = tuple(node for nodes in self.layout.replicas.values() for node in nodes)
        self._nodes = (*replicas, *self.layout.crossbars, *self.layout.storages, *self._candidates)
        """All but query processors and balancers."""
        self._disturbing = False
        """Whether anything may go wrong now."""
        self._started = self._finished = 0
        self._failure: BaseException | None = None

    # --- nodes --------------------------------------------------------------------------------------------------

    def _clock(self, node: NodeId) -> Clock:
        if node not in self._clocks:
            self._clocks[node] = self.world.clock()
        return self._clocks[node]

    def _new_trace(self, node: NodeId, clock: Clock) -> Trace:
        if self._trace is None:
            return NoTrace()
        before = self._recorders.get(node)
        recorder = Recorder(
            node,
            clock,
            FileSink(self._trace / f"{node.replace('/', '_')}.ndjson"),
            slice_name=cluster.slice_of(node),
            first=before.next_number if before is not None else 1,
        )
        self._recorders[node] = recorder
        return recorder

    def _add_nodes(self) -> None:
        around = self._around
        size = self.options.segment_bytes
        for journal, replicas in self.layout.replicas.items():
            for node in replicas:
                disk = self.disks[journal][node] = SimDisk(self.world.strikes.stream(f"torn.{node}"), node)
                self.world.add(node, partial(cluster.journal, around, node, disk, segment_bytes=size), disk)
        for node in self.layout.crossbars:
            self.world.add(node, partial(cluster.crossbar, around, node, margin_us=MARGIN_US))
        for node in self.layout.storages:
            disk = self._storage_disks[node] = SimDisk(self.world.strikes.stream(f"torn.{node}"))
            self.world.add(node, partial(cluster.storage, around, node, disk, self.options.storage), disk)
        for region, node in zip(self.layout.topology.regions, self.layout.balancers, strict=True):
            self.world.add(node, partial(cluster.balancer, around, self.options.balancer, region=region))
        for nodes in self.layout.candidates.values():
            for node in nodes:
                self.world.add(node, partial(cluster.adjudicator, around, node))
        for number in range(self.options.clients + 1):
            self.world.add(self._node(number), partial(self._processor, number))

    def _region(self, number: int) -> str:
        """Where a client is; clients and their query processors have the same numbers."""
        regions = self.layout.topology.regions
        return regions[number % len(regions)]

    def _node(self, number: int) -> NodeId:
        return cluster.query_processor_node(number, self._region(number))

    def _processor(self, number: int) -> Role:
        """Build a query processor and the session's side of it."""
        region = self._region(number)
        settings = PROCESSOR if self.options.regions == 1 else FAR_PROCESSOR
        processor = cluster.query_processor(self._around, number, settings, region=region)
        node = processor.node
        gateway = self.witness.session(number, processor, partial(self.world.perform, node), SimFuture)
        self._gateways[number] = gateway
        self.world.listen(cluster.session_node(number, region), gateway.on_message)
        return processor

    def _crashed(self, node: NodeId) -> None:
        """The session of a crashed query processor learns that it is lost; a storage replica may lose its disk."""
        had = self._had.pop(node, None)  # of those only that were chosen in `_may_crash`
        crash = self.world.strikes.current
        wipe = crash.perhaps("wipe", self.options.wiped) if crash is not None and had is not None else None
        if had is not None and wipe is not None and self._whole(node):
            self._storage_disks[node].wipe()
            self._needs[node] = had
            wipe.hit(node)
        for number, gateway in self._gateways.items():
            if node == self._node(number):
                gateway.lose(SessionLostError("the server has closed the connection"))

    def _whole(self, but: NodeId) -> bool:
        """Whether every other storage replica has all on its disk again that it had when it lost it, and journals
        may have been trimmed for."""
        for node, needed in self._needs.items():
            role = self.world.role(node)
            has = role.durable if isinstance(role, Replica) else {}
            if node == but or any(has.get(journal, 0) < index for journal, index in needed.items()):
                return False
        self._needs.clear()
        return True

    def _may_crash(self, node: NodeId) -> bool:
        """Any node at any time, but of a journal's replicas one at a time: two down are no majority (P17)."""
        role = self.world.role(node)
        if isinstance(role, Replica):
            self._had[node] = role.durable
            self._count(role)
        return all(
            node not in replicas or self.troubles[journal].sound() for journal, replicas in self.layout.replicas.items()
        )

    def _count(self, replica: Replica) -> None:
        """Note what a life of a replica came to."""
        self._bootstraps += replica.bootstraps

    @cached_property
    def troubles(self) -> dict[JournalId, Trouble]:
        """What goes wrong with the disks of each journal, and with clocks."""
        return {journal: Trouble(self.world, journal, disks, self._clocks) for journal, disks in self.disks.items()}

    # --- clients ------------------------------------------------------------------------------------------------

    async def _sleep(self, delay_us: int) -> None:
        future = SimFuture()
        self.world.at(delay_us, lambda: future.set_result(None))
        await future

    def _turns(self) -> Iterator[int]:
        """The numbers of a client's transactions."""
        return itertools.takewhile(
            lambda count: self._disturbing and (count < self.options.transactions or self.chaos.playing),
            itertools.count(),
        )

    async def _client(self, number: int) -> None:
        drop = partial(self._drop, number)
        for count in self._turns():
            name = f"{number}.{count}"
            rng = random.Random(f"{self.seed}/{name}")
            await self._sleep(rng.randint(0, 60_000))
            if self.options.turns is None or name in self.options.turns:
                await self._up(number)
                await self.workload.turn(Turn(name, self._gateways[number], rng, self._sleep, drop))
        self._finished += 1

    def _drop(self, number: int, after_us: int) -> None:
        """A client's connection ends, and with it what serves it."""
        self.world.at(after_us, lambda: self.world.bounce(self._node(number), AGAIN_US))

    async def _open(self) -> None:
        while True:
            try:
                await self.workload.open(self._gateways[0])
                break
            except (RetryError, UnavailableError):
                await self._sleep(100_000)
        self._finished += 1

    async def _settle(self) -> None:
        await self.workload.settle(self._gateways[0])
        self._finished += 1

    async def _guard(self, task: Awaitable[None]) -> None:
        try:
            await task
        except Exception as error:
            self._failure = error

    def _start(self, *tasks: Awaitable[None]) -> None:
        """Let clients begin."""
        self._started, self._finished = len(tasks), 0
        for task in tasks:
            spawn(self._guard(task), partial(self.world.at, 0))

    def _ended(self, limit_us: int) -> bool:
        """Wait until all clients have ended; whether they have, in that time. Raises what one of them raised."""
        done = self.world.run_until(
            lambda: self._finished == self._started or self._failure is not None, max(limit_us, 0)
        )
        if self._failure is not None:
            raise self._failure
        return done

    def _run(self, *tasks: Awaitable[None]) -> None:
        """Run clients to their end; raises what one of them raised, or FoundError when they are stuck."""
        self._start(*tasks)
        if not self._ended(LIMIT_US):
            raise self._stuck(LIMIT_US)

    def _stuck(self, after_us: int) -> FoundError:
        done = f"{self._finished} of {self._started} clients have finished"
        return FoundError("liveness", f"{done} after {after_us // 1_000_000} s")

    # --- phases -------------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Run to the end; raises AssertionError when what the clients saw is not what was promised."""
        self.open()
        self.play()
        self.calm()
        self.settle()
        self.close()
        return self._outcome()

    def open(self) -> None:
        """Start the cluster, and have its first transaction committed."""
        self._add_nodes()
        self._run(self._open())

    def play(self) -> None:
        """Let clients work while things go wrong, until all have done what they want, or `Options.play_us` is over."""
        options = self.options
        self._disturbing = True

        def may() -> bool:
            return self._disturbing

        processors = tuple(self._node(n) for n in range(1, options.clients + 1))
        self.world.crash_at_random((*self._nodes, *processors), lambda node: may() and self._may_crash(node))
        for trouble in self.troubles.values():
            trouble.begin()
        self.reshaping.begin(options.moves_every_us, options.handovers_every_us)
        self._disturb(self._candidates, may)
        self.distance.begin(may)
        self.chaos.play(options.timeline)
        self._start(*(self._client(number) for number in range(1, options.clients + 1)))
        self._ended(options.play_us)

    def calm(self) -> None:
        """Nothing goes wrong any more; every node runs, and clients that are not done end what is under way."""
        self._disturbing = self.reshaping.going = False
        self.distance.end()
        self.chaos.end()
        for node in self._candidates:
            self._go_on(node)
        for trouble in self.troubles.values():
            trouble.end()
        for node in self._nodes:
            self.world.restart(node)
        self._calm_us = self.world.now_us
        if not self._ended(CALM_US):
            raise self._stuck(CALM_US)

    def recover(self) -> int:
        """After `calm`: every client commits once more, and every replica gets everything; microseconds of virtual time
        since nothing went wrong any more. Raises FoundError when it takes longer than `CALM_US`."""
        left_us = self._calm_us + CALM_US - self.world.now_us
        self._start(*(self._proof(number) for number in range(1, self.options.clients + 1)))
        if not self._ended(left_us):
            raise self._stuck(CALM_US)
        upto = Timestamp(self.world.now_us)
        left_us = self._calm_us + CALM_US - self.world.now_us
        if not self.world.run_until(lambda: self._missing(upto) is None, max(left_us, 0)):
            raise FoundError("liveness", f"{self._missing(upto)}, {CALM_US // 1_000_000} s after all faults have ended")
        return self.world.now_us - self._calm_us

    def _missing(self, upto: Timestamp) -> str | None:
        return missing(self.world, self.layout, upto)

    async def _proof(self, number: int) -> None:
        while not await self._up(number) or not await prove(self._gateways[number], number):
            await self._sleep(AGAIN_US)
        self._finished += 1

    async def _up(self, number: int) -> bool:
        """True, once a client's query processor runs."""
        while self.world.role(self._node(number)) is None:
            await self._sleep(10_000)
        return True

    def settle(self) -> None:
        """The clients look whether what they were told is so."""
        self._run(self._settle())

    def close(self) -> None:
        """The traces are whole."""
        for recorder in self._recorders.values():
            recorder.close()

    def _disturb(self, candidates: tuple[NodeId, ...], may: Callable[[], bool]) -> None:
        """From here on candidates are stopped, or cut off, and go on later, perhaps after another has taken over."""
        world, faults = self.world, self.options.faults

        def disturb(begin: Callable[[NodeId], object], strike: Strike) -> None:
            if may():
                node, lasts_us = strike.choose(candidates), strike.random.randint(*faults.pause_us)
                strike.hit(node, lasts_us=lasts_us)
                begin(node)
                world.at(lasts_us, lambda: self._go_on(node))

        world.strikes.now_and_then("pause", faults.pause_every_us, partial(disturb, world.stop))
        world.strikes.now_and_then("cut", faults.cut_every_us, partial(disturb, world.cut_off.add))

    def _go_on(self, node: NodeId) -> None:
        self.world.cut_off.discard(node)
        self.world.resume(node)

    def _outcome(self) -> Outcome:
        world, trimmed = self.world, 0
        for node in self.layout.storages:
            role = world.role(node)
            assert isinstance(role, Replica), "all nodes were started again"
            self._count(role)
        for node in (node for replicas in self.layout.replicas.values() for node in replicas):
            journal = world.role(node)
            assert isinstance(journal, Journal), "all nodes were started again"
            trimmed += journal.base
        return Outcome(self.seed, self.ledger, world.crashes, self._bootstraps, trimmed, world.delivered, world.now_us)
