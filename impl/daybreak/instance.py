"""One running server: a cluster's roles in this process, the private PostgreSQL, and the router before them."""

from __future__ import annotations

import asyncio
import heapq
import logging
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from daybreak import cluster
from daybreak.adjudicator.messages import Release
from daybreak.base.ids import NodeId
from daybreak.control.api import ControlServer
from daybreak.control.datadir import DataDirectory, ServerFile
from daybreak.errors import InternalError, OperatorError
from daybreak.journal.replica import Journal
from daybreak.query.factory import SqlSessions
from daybreak.query.gateway import Gateway
from daybreak.query.pool import EnginePool
from daybreak.query.private_server import PrivateServer
from daybreak.query.processor import QueryProcessor
from daybreak.router.server import Router
from daybreak.runtime.local.clock import SystemClock
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.local.network import Host, LocalNetwork
from daybreak.runtime.protocols import Clock, Message
from daybreak.trace.directory import TraceDirectory
from daybreak.trace.recorder import NoTrace, Trace

log = logging.getLogger(__name__)

CONTROL = NodeId("A/control-0")
RECOVERY_SECONDS = 120.0
"""After this long without a working adjudicator and a complete storage replica, starting has failed."""
RELEASE_SECONDS = 5.0
"""An orderly stop waits this long for the lease to be given back."""


class Settings(msgspec.Struct, frozen=True):
    """How to run a server."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 5432
    trace: Path | None = None
    max_sessions: int = 100
    warm: int = 4
    """Private databases kept ready for new sessions."""


class Instance:
    """A server on a data directory. `start` once, then `stop` once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.started_at = time.time()
        self._directory = DataDirectory.open(settings.data)
        self._clock = SystemClock()
        self._traces: TraceDirectory | None = None
        self._free: list[int] = []
        self._processors: list[Host] = []
        self._journals: dict[str, Journal] = {}
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
        self._network = LocalNetwork()
        if settings.trace is not None:
            self._traces = TraceDirectory(settings.trace, self._directory.cluster, self._network.fail)
        self._undo.append(self._network.close)
        self._start_roles()
        server = await PrivateServer.start(settings.data / "engine")
        self._undo.append(server.stop)
        watch = asyncio.get_running_loop().create_task(self._watch(server))
        self._undo.append(watch.cancel)
        pool = await EnginePool.start(server, warm=settings.warm)
        self._undo.append(pool.stop)
        await self._recovered()
        self._undo.append(self._release)
        self._storage.compact()
        sessions = SqlSessions(pool, self._open_store)
        self._router = Router(
            sessions=sessions, host=settings.host, port=settings.port, max_sessions=settings.max_sessions
        )
        await self._router.start()
        self._undo.append(self._router.stop)
        control = ControlServer(settings.data, self.status)
        await control.start()
        self._undo.append(control.stop)
        self._directory.announce(ServerFile(os.getpid(), settings.host, self._router.port, str(control.path)))

    async def _watch(self, server: PrivateServer) -> None:
        """Without the private PostgreSQL no statement can be run: the server stops with it."""
        code = await server.wait()
        log_file = self.settings.data / "engine" / "postgres.log"
        self._network.fail(OperatorError(f"the private PostgreSQL has ended (exit code {code}); see {log_file}"))

    def _start_roles(self) -> None:
        network, around = self._network, cluster.Surroundings(self._node_clock, self._node_trace)
        self._around = around
        hosts = []
        for zone, node in zip(cluster.ZONES, cluster.JOURNALS, strict=True):
            disk = LocalDisk(self._directory.zone(zone) / "journal")
            self._undo.insert(1, disk.close)
            replica = cluster.journal(around, node, disk)
            self._journals[zone] = replica
            for note in replica.notes:
                log.warning("%s: %s", node, note)
            hosts.append(network.add(replica, disk))
        self._crossbar = cluster.crossbar(around)
        self._storage = cluster.storage(around)
        self._adjudicator = cluster.adjudicator(around)
        hosts += [network.add(role) for role in (self._crossbar, self._storage, self._adjudicator)]
        for host in hosts:
            network.start(host)

    def _node_clock(self, node: NodeId) -> Clock:
        return self._clock

    def _node_trace(self, node: NodeId, clock: Clock) -> Trace:
        if self._traces is None:
            return NoTrace()
        return self._traces.recorder(node, clock, slice_name=cluster.slice_of(node))

    async def _recovered(self) -> None:
        """Wait until the adjudicator may commit and storage has everything up to now."""
        begun = self._clock.now().latest
        deadline = time.monotonic() + RECOVERY_SECONDS
        while not (self._adjudicator.serving and self._storage.watermark >= begun):
            if self.failure.done():
                await self.failure
            if time.monotonic() > deadline:
                raise InternalError(f"the cluster has not recovered within {RECOVERY_SECONDS:.0f} s")
            await asyncio.sleep(0.005)

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
        )
        self._network.listen(session, gateway.on_message)
        return gateway

    def _new_processor(self) -> int:
        number = len(self._processors)
        host = self._network.add(cluster.query_processor(self._around, number))
        self._processors.append(host)
        self._network.start(host)
        return number

    # --- status and stop ----------------------------------------------------------------------------------------

    def status(self) -> dict[str, object]:
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
            "adjudicator": self._adjudicator.status(),
            "clock": self._clock.status(),
            "journal": {zone: journal.status() for zone, journal in self._journals.items()},
            "storage": self._storage.status(),
        }

    async def _release(self) -> None:
        """Give the lease back, so that the next start need not wait for it to expire."""
        released = asyncio.get_running_loop().create_future()

        def listen(message: Message) -> None:
            if not released.done():
                released.set_result(message)

        self._network.listen(CONTROL, listen)
        self._network.post(cluster.ADJUDICATOR, Release(), CONTROL)
        await asyncio.wait((released, self.failure), timeout=RELEASE_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """End sessions, give the lease back, stop everything that was started, in reverse order."""
        while self._undo:
            result = self._undo.pop()()
            if asyncio.iscoroutine(result):
                await result
