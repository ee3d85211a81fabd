"""One running server: a cluster's roles in this process, the private PostgreSQL, and the router before them."""

from __future__ import annotations

import asyncio
import heapq
import logging
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from daybreak import cluster
from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.messages import Release
from daybreak.base.ids import JournalId, NodeId
from daybreak.control.api import ControlServer
from daybreak.control.balancer import SPLIT_ABOVE
from daybreak.control.balancer import Settings as BalancerSettings
from daybreak.control.datadir import DataDirectory, ServerFile
from daybreak.errors import InternalError, OperatorError
from daybreak.insight import ASKER, ClusterInsight, Parts, Range
from daybreak.query.factory import SqlSessions
from daybreak.query.gateway import Gateway
from daybreak.query.keyplaces import place, read_catalog
from daybreak.query.leaders import Leaders
from daybreak.query.pool import EnginePool
from daybreak.query.private_server import PrivateServer
from daybreak.query.processor import QueryProcessor
from daybreak.rangeorders import OPERATOR, RangeOrders
from daybreak.router.server import Router
from daybreak.runtime.local.clock import SystemClock
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.local.network import Host
from daybreak.runtime.protocols import Clock, Message
from daybreak.storage.replica import Replica
from daybreak.trace.directory import TraceDirectory
from daybreak.trace.recorder import NoTrace, Trace
from daybreak.zones import ZONES, Zones, journal_row, make_zones

log = logging.getLogger(__name__)

CONTROL = NodeId("A/control-0")
RECOVERY_SECONDS = 120.0
"""After this long without working adjudicators and a complete storage replica, starting has failed."""
RELEASE_SECONDS = 5.0
"""An orderly stop waits this long for the leases to be given back."""


class Settings(msgspec.Struct, frozen=True):
    """How to run a server."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 5432
    trace: Path | None = None
    adjudicators: int | None = None
    """How many a new data directory is made for; of an old one, how many it must have. None: as it is."""
    max_sessions: int = 100
    warm: int = 4
    """Private databases kept ready for new sessions."""
    split_above: int = SPLIT_ABOVE
    """Transactions per second above which a key range is split; 0: none ever is by itself."""
    processes: str = ZONES
    """How the zones run: one of `zones.MODES`."""


class Instance:
    """A server on a data directory. `start` once, then `stop` once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.started_at = time.time()
        self._directory = DataDirectory.open(settings.data, settings.adjudicators)
        self._layout = cluster.Layout(self._directory.adjudicators)
        self._leaders = Leaders(self._layout.candidates)
        self._clock = SystemClock()
        self._traces: TraceDirectory | None = None
        self._free: list[int] = []
        self._processors: list[Host] = []
        self._storages: dict[str, Replica] = {}
        self._insight = ClusterInsight(self._parts(), self._clock, partial(self._say_as, ASKER))
        self._undo: list[Callable[[], object]] = [self._directory.close]

    @property
    def port(self) -> int:
        """The port that clients connect to."""
        return self._router.port

    @property
    def failure(self) -> asyncio.Future[None]:
        """Gets the exception of a role that failed; the server must stop then."""
        return self._network.failure

    async def start(self) -> None:
        """Recover from the journal, then accept clients. Raises `OperatorError` when the surroundings forbid it."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        settings = self.settings
        zones = self._zones = make_zones(settings.processes, self._directory, settings.trace)
        self._undo.append(zones.close)
        self._network = zones.network
        if settings.trace is not None:
            self._traces = TraceDirectory(
                settings.trace,
                self._directory.cluster,
                self._network.fail,
                adjudicators=self._directory.adjudicators,
            )
        self._undo.append(self._network.close)
        around = self._around = cluster.Surroundings(self._node_clock, self._node_trace, self._layout)
        # The zones come up, and the journals are recovered, while PostgreSQL starts.
        opening = asyncio.get_running_loop().create_task(self._open(zones, around))
        self._undo.append(partial(_abandon, opening))
        server = await PrivateServer.start(settings.data / "engine")
        self._undo.append(server.stop)
        watch = asyncio.get_running_loop().create_task(self._watch(server))
        self._undo.append(watch.cancel)
        pool = await EnginePool.start(server, warm=settings.warm)
        self._undo.append(pool.stop)
        await opening
        await self._recovered()
        zones.settle()
        self._undo.append(self._release)
        self._network.listen(ASKER, self._insight.on_message)
        sessions = SqlSessions(pool, self._open_store, self._insight)
        self._router = Router(
            sessions=sessions, host=settings.host, port=settings.port, max_sessions=settings.max_sessions
        )
        await self._router.start()
        self._undo.append(self._router.stop)
        orders = RangeOrders(self._balancer, self._locate, partial(self._say_as, OPERATOR))
        self._network.listen(OPERATOR, orders.on_message)
        control = ControlServer(settings.data, self.status, orders=orders.answer)
        await control.start()
        self._undo.append(control.stop)
        self._directory.announce(ServerFile(os.getpid(), settings.host, self._router.port, str(control.path)))

    async def _open(self, zones: Zones, around: cluster.Surroundings) -> None:
        await zones.open(around)
        self._start_roles()

    async def _watch(self, server: PrivateServer) -> None:
        """Without the private PostgreSQL no statement can be run: the server stops with it."""
        code = await server.wait()
        log_file = self.settings.data / "engine" / "postgres.log"
        self._network.fail(OperatorError(f"the private PostgreSQL has ended (exit code {code}); see {log_file}"))

    def _start_roles(self) -> None:
        network, around = self._network, self._around
        hosts = []
        for zone, node in zip(cluster.STORAGE_ZONES, cluster.STORAGES, strict=True):
            disk = LocalDisk(self._directory.zone(zone) / "storage")
            self._undo.insert(1, disk.close)
            storage = cluster.storage(around, node, disk)
            self._storages[zone] = storage
            hosts.append(network.add(storage, disk))
        self._candidates = {
            journal: [cluster.adjudicator(around, node) for node in nodes]
            for journal, nodes in self._layout.candidates.items()
        }
        hosts += [network.add(cluster.crossbar(around, node)) for node in cluster.CROSSBARS]
        self._balancer = cluster.balancer(around, BalancerSettings(split_above=self.settings.split_above))
        hosts.append(network.add(self._balancer))
        hosts += [network.add(role) for roles in self._candidates.values() for role in roles]
        for host in hosts:
            network.start(host)

    def _node_clock(self, node: NodeId) -> Clock:
        return self._clock

    def _node_trace(self, node: NodeId, clock: Clock) -> Trace:
        if self._traces is None:
            return NoTrace()
        return self._traces.recorder(node, clock, slice_name=cluster.slice_of(node))

    async def _recovered(self) -> None:
        """Wait until all adjudicators may commit and a storage replica has everything up to now; those that have it
        forget what no session can ask for any more."""
        begun = self._clock.now().latest
        deadline = time.monotonic() + RECOVERY_SECONDS
        storages = self._storages.values()
        while not (self._all_lead() and any(r.watermark >= begun for r in storages)):
            if self.failure.done():
                await self.failure
            if time.monotonic() > deadline:
                raise InternalError(f"the cluster has not recovered within {RECOVERY_SECONDS:.0f} s")
            await asyncio.sleep(0.005)
        for replica in self._storages.values():
            for note in replica.notes:
                log.warning("%s: %s", replica.node, note)
            if replica.watermark >= begun:
                replica.compact()

    def _all_lead(self) -> bool:
        """Whether every journal has a leader."""
        return all(any(role.serving for role in roles) for roles in self._candidates.values())

    def _leading(self) -> dict[JournalId, Adjudicator]:
        """Who leads each journal, or is to lead it first."""
        return {
            journal: next((role for role in roles if role.serving), roles[0])
            for journal, roles in self._candidates.items()
        }

    # --- sessions -----------------------------------------------------------------------------------------------

    def _open_store(self) -> Gateway:
        """A query processor for a new session."""
        number = heapq.heappop(self._free) if self._free else self._new_processor()
        host = self._processors[number]
        role = host.role
        assert isinstance(role, QueryProcessor), "the numbers are those of query processors"
        session = cluster.session_node(number)

        def close() -> None:
            self._network.unlisten(session)
            heapq.heappush(self._free, number)

        gateway = Gateway(
            role,
            perform=partial(self._network.perform, host),
            new_future=asyncio.get_running_loop().create_future,
            on_close=close,
            on_abort=self._insight.aborted,
        )
        self._network.listen(session, gateway.on_message)
        return gateway

    def _new_processor(self) -> int:
        number = len(self._processors)
        host = self._network.add(cluster.query_processor(self._around, number, leaders=self._leaders))
        self._processors.append(host)
        self._network.start(host)
        return number

    # --- what sessions may ask ----------------------------------------------------------------------------------

    def _parts(self) -> Parts:
        """The roles of this server, for views and outcomes."""
        return Parts(
            ranges=self._ranges,
            adjudicators=lambda: {str(journal): role for journal, role in self._leading().items()},
            journals=self._journal_rows,
            replicas=self._storages.values,
            processors=lambda: [role for host in self._processors if isinstance(role := host.role, QueryProcessor)],
        )

    def _ranges(self) -> list[Range]:
        balancer = self._balancer
        return [Range(k.low, k.high or None, k.owner, balancer.per_second(k)) for k in balancer.map.listed()]

    async def _locate(self, words: Sequence[str]) -> bytes:
        """Where in the order of keys an operator means."""
        store = self._open_store()
        try:
            return place(await read_catalog(store), words)
        finally:
            store.close()

    async def _journal_rows(self) -> list[dict[str, object]]:
        """A row for each replica of each journal, as its zone tells of it."""
        zones = await self._zones.status()
        return [
            journal_row(journal, zone, node, zones[zone])
            for journal, nodes in self._layout.replicas.items()
            for zone, node in zip(cluster.ZONES, nodes, strict=True)
        ]

    def _say_as(self, source: NodeId, to: NodeId, message: Message) -> None:
        self._network.post(to, message, source)

    # --- status and stop ----------------------------------------------------------------------------------------

    async def status(self) -> dict[str, object]:
        """What `daybreak status` shows."""
        settings = self.settings
        return {
            "pid": os.getpid(),
            "host": settings.host,
            "port": self._router.port,
            "data": str(settings.data),
            "trace": str(settings.trace) if settings.trace else None,
            "cluster": self._directory.cluster,
            "uptime_seconds": round(time.time() - self.started_at, 3),
            "sessions": self._router.session_count,
            "clock": self._clock.status(),
            "adjudicators": {journal: role.status() for journal, role in self._leading().items()},
            "zones": await self._zones.status(),
            "storage": {zone: replica.status() for zone, replica in self._storages.items()},
        }

    async def _release(self) -> None:
        """Give all leases back, so that the next start need not wait for them to expire."""
        released = asyncio.get_running_loop().create_future()
        answers: list[Message] = []
        candidates = [role.node for roles in self._candidates.values() for role in roles]

        def listen(message: Message) -> None:
            answers.append(message)
            if len(answers) == len(candidates) and not released.done():
                released.set_result(None)

        self._network.listen(CONTROL, listen)
        for node in candidates:
            self._network.post(node, Release(), CONTROL)
        await asyncio.wait((released, self.failure), timeout=RELEASE_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """End sessions, give the leases back, stop everything that was started, in reverse order."""
        while self._undo:
            result = self._undo.pop()()
            if asyncio.iscoroutine(result):
                await result


async def _abandon(task: asyncio.Task[None]) -> None:
    """End a task whose outcome is of no interest any more."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()
