"""The process that starts and supervises those of a cluster's regions and zones, all of them or one machine's.

    serve ──┬── A, B            `cli.region`: an endpoint each, with its query processors
            └── A1, B1, W1      `cli.node`: a zone each

    node --config ──┬── A       on a machine of its own (`control.machine`); others have B and B1, and W1
                    └── A1

It is on nobody's way: a process that ends, or is killed, is started again, and the others do not notice.
"""

from __future__ import annotations

import asyncio
import math
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from daybreak.control.api import ControlServer, Status, ask, order
from daybreak.control.balancer import SPLIT_ABOVE
from daybreak.control.chaos.server import ChaosServer
from daybreak.control.chaos.words import KEEPER
from daybreak.control.datadir import DataDirectory, ServerFile, announced
from daybreak.control.leading import LEAD_SHARE
from daybreak.control.places import make_secret
from daybreak.control.supervisor import Supervisor
from daybreak.errors import InternalError, OperatorError, RequestError
from daybreak.runtime.chaos import Keep, Order
from daybreak.trace.directory import TraceDirectory

READY_SECONDS = 120.0
"""After so long without all endpoints, starting has failed."""


class Settings(msgspec.Struct, frozen=True):
    """How to run a cluster of several regions, or a machine."""

    data: Path
    ports: tuple[int, ...]
    """One per region that runs here, in their order; 0 takes a free one."""
    host: str = "127.0.0.1"
    trace: Path | None = None
    adjudicators: int | None = None
    split_above: int = SPLIT_ABOVE
    lead_share: int = LEAD_SHARE
    chaos: bool = False
    machine: Path | None = None
    """The file that says who runs here, and where the others are; None: all run here."""
    runs: tuple[str, ...] = ()
    """Who, as it says."""


class Regions:
    """See the module. `start` once, then `stop` once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Gets the exception if processes cannot work with what they find."""
        self._started = time.monotonic()
        wanted = len(settings.ports) if settings.machine is None else None
        directory = self._directory = DataDirectory.open(settings.data, settings.adjudicators, wanted)
        self._undo: list[Callable[[], object]] = [directory.close]
        topology = directory.topology
        here = settings.runs or topology.processes
        regions = [region for region in topology.regions if region in here]
        self.ports = dict(zip(regions, _free(settings.host, settings.ports), strict=True))
        """The port of each region's endpoint."""
        self.zones = tuple(zone for zone in topology.zones if zone in here)
        self._zones = Supervisor({zone: self._node(zone) for zone in self.zones}, self._refused)
        self._regions = Supervisor({region: self._region(region) for region in regions}, self._refused)

    # --- commands -----------------------------------------------------------------------------------------------

    def _node(self, zone: str) -> list[str]:
        return [*_daybreak("node", "--zone", zone, "--with-stdin"), *self._common()]

    def _region(self, region: str) -> list[str]:
        settings = self.settings
        balance = ["--split-above", str(settings.split_above), "--lead-share", str(settings.lead_share)]
        return [*_daybreak("region", "--name", region, "--port", str(self.ports[region])), *balance, *self._common()]

    def _common(self) -> list[str]:
        settings = self.settings
        trace = ["--trace", str(settings.trace)] if settings.trace is not None else []
        where = ["--data", str(settings.data)] if settings.machine is None else ["--config", str(settings.machine)]
        return [*where, *trace, *(["--chaos"] if settings.chaos else [])]

    # --- start --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start everything; returns when all zones run and all endpoints take clients. Raises `OperatorError` when the
        surroundings forbid it. A machine waits for others as long as it takes."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        settings, directory = self.settings, self._directory
        if settings.machine is None:
            make_secret(directory.path)
        for zone in self.zones:
            directory.zone(zone)
        if settings.trace is not None:
            # Before all processes do so at once.
            TraceDirectory(settings.trace, directory.cluster, adjudicators=directory.adjudicators)
        for supervisor in (self._zones, self._regions):
            supervisor.start()
            self._undo.append(supervisor.stop)
            supervisor.go()
        if settings.chaos:
            chaos = ChaosServer(settings.data, KEEPER, self)
            self._undo.append(chaos.stop)
            await chaos.start()
        await self._ready()
        for supervisor in (self._zones, self._regions):
            supervisor.settle()
        control = ControlServer(settings.data, self.status, orders=self._order)
        await control.start()
        self._undo.append(control.stop)
        first = next(iter(self.ports.values()), 0)
        directory.announce(ServerFile(os.getpid(), settings.host, first, str(control.path)))

    def _refused(self, error: OperatorError) -> None:
        if not self.failure.done():
            self.failure.set_exception(error)

    async def _ready(self) -> None:
        """Wait until all zones are ready, and all regions have announced themselves."""
        deadline = time.monotonic() + (READY_SECONDS if self.settings.machine is None else math.inf)
        while not all(map(self._zones.ready, self.zones)) or not all(map(self._announced, self.ports)):
            if self.failure.done():
                await self.failure
            if time.monotonic() > deadline:
                raise InternalError(f"the cluster has not come up within {READY_SECONDS:.0f} s")
            await asyncio.sleep(0.02)

    def _announced(self, region: str) -> ServerFile | None:
        """What the region's process has said of itself, if it is the one that runs."""
        found = announced(self.settings.data, region)
        return found if found is not None and found.pid == self._regions.status()[region]["pid"] else None

    # --- orders and status --------------------------------------------------------------------------------------

    def obey(self, order: Order) -> None:
        """Carry out an order to fail: to keep a process down, or to start it again. RequestError for any other."""
        if isinstance(order, Keep):
            for supervisor in (self._zones, self._regions):
                if order.process in supervisor.status():
                    (supervisor.let_up if order.up else supervisor.keep_down)(order.process)
        else:
            raise RequestError("only the processes of regions and zones can do that")

    async def status(self) -> Status:
        """What `daybreak status` shows: what each region says, and the life of every process."""
        settings = self.settings
        told = await asyncio.gather(*(self._told(region) for region in self.ports))
        return {
            "pid": os.getpid(),
            "host": settings.host,
            "data": str(settings.data),
            "trace": str(settings.trace) if settings.trace else None,
            "cluster": self._directory.cluster,
            "uptime_seconds": round(time.monotonic() - self._started, 3),
            "processes": self._regions.status() | self._zones.status(),
            "regions": dict(zip(self.ports, told, strict=True)),
        }

    async def _told(self, region: str) -> Status:
        """The status of a region's process."""
        state: Status = {"state": "down", "port": self.ports[region]}
        found = self._announced(region)
        if found is None:
            return state
        try:
            return {"state": "running"} | await asyncio.to_thread(ask, found.control)
        except OperatorError:
            return state | {"state": "silent"}

    async def _order(self, line: bytes) -> Status:
        """Have some region carry out what an operator wants: ranges are those of all of them."""
        for region in self.ports:
            found = self._announced(region)
            if found is not None:
                return await asyncio.to_thread(order, found.control, msgspec.json.decode(line, type=dict[str, object]))
        return {"error": "no region's process runs"}

    async def stop(self) -> None:
        """End the regions' processes, then the zones', in order."""
        while self._undo:
            result = self._undo.pop()()
            if asyncio.iscoroutine(result):
                await result


def _daybreak(*words: str) -> list[str]:
    return [sys.executable, "-m", "daybreak", *words]


def _free(host: str, ports: tuple[int, ...]) -> list[int]:
    """The ports, with free ones instead of zeros: a process that is started again has the port that it had before."""
    sockets = [socket.create_server((host, 0)) if port == 0 else None for port in ports]
    found = [port if free is None else int(free.getsockname()[1]) for port, free in zip(ports, sockets, strict=True)]
    for free in sockets:
        if free is not None:
            free.close()
    return found
