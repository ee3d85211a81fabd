"""A cluster of two regions whose places are on hosts of their own, and talk over TCP.

This is `daybreak serve --regions 2` but for where its processes run: it is the same supervisor, which is told how to
begin their commands. Run as a program it is that supervisor, or the process of a region.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec
import uvloop

from daybreak.base.topology import TWO_REGIONS, region_of
from daybreak.cli import region
from daybreak.cli.running import run as until_stopped
from daybreak.cli.running import stop_signals
from daybreak.control.machine import OverTcp
from daybreak.instance import Settings as RegionSettings
from daybreak.regions import Regions, Settings
from daybreak.runtime.remote.peers import TcpAddress
from daybreak.zones import APART
from tests.support.hosts import Hosts, hosts_for
from tests.support.regions import Client, TwoRegions

CLIENTS_PORT, FIRST_PORT = 5432, 7000
"""On hosts of their own all ports are free."""


class Plan(msgspec.Struct, frozen=True):
    """Where the processes of a cluster run."""

    data: str
    trace: str
    hosts: dict[str, str]
    """The address of each place's host."""
    enter: dict[str, list[str]]
    """What a command begins with that is to run there."""
    ports: dict[str, int]
    """Of the processes, for each other."""
    clients: tuple[int, ...]
    """Of the regions' endpoints; 0: a free one."""

    def address(self, process: str) -> TcpAddress:
        """Where a process listens for others."""
        return TcpAddress(self.hosts[region_of(process)], self.ports[process])

    def peers(self, process: str) -> dict[str, TcpAddress]:
        """Where the others do."""
        return {other: self.address(other) for other in self.ports if other != process}


class Hosted(TwoRegions):
    """`TwoRegions` on hosts."""

    def __init__(self, data: Path, hosts: Hosts) -> None:
        super().__init__(data)
        self._hosts = hosts
        self._plan = data.with_name(f"{data.name}.plan")
        plan = Plan(
            str(data), str(self.trace), hosts.addresses, {place: hosts.enter(place) for place in hosts.addresses},
            dict(zip(TWO_REGIONS.processes, _ports(real=hosts.real), strict=True)),
            (CLIENTS_PORT if hosts.real else 0,) * len(TWO_REGIONS.regions),
        )  # fmt: skip
        self._plan.write_bytes(msgspec.json.encode(plan))
        self._command = [sys.executable, "-m", __name__, str(self._plan)]

    def at(self, *regions: str, autocommit: bool = True) -> Client:
        """A client of the first of some regions that takes it."""
        return self.client([(self._hosts.addresses[name], self.ports[name]) for name in regions], autocommit=autocommit)

    def endpoint(self, region: str) -> Self:
        """The cluster as those see it who connect to one region only."""
        seen = super().endpoint(region)
        seen.host = self._hosts.addresses[region]
        return seen

    def order(self, command: str) -> None:
        """One command, as `daybreak chaos` takes it; a cut between places is one of the network, where it can be."""
        verb, _, ends = command.partition(" ")
        places = self._hosts.addresses.keys()
        one, _, other = ends.partition("-")
        if verb == "cut" and self._hosts.real and {one, other or one} <= places:
            for each in [other] if other else places - {one}:
                self._hosts.cut(one, each)
            return
        if verb == "heal":
            self._hosts.heal()
        super().order(command)


@contextmanager
def on_hosts(data: Path) -> Iterator[Hosted]:
    """A cluster on a new data directory, on such hosts as tests get."""
    with hosts_for(TWO_REGIONS.places) as hosts, Hosted(data, hosts) as cluster:
        yield cluster


def _ports(*, real: bool) -> list[int]:
    """A port for each process to listen on."""
    numbers = range(len(TWO_REGIONS.processes))
    if real:
        return [FIRST_PORT + number for number in numbers]
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in numbers]
    found = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return found


# --- as a program -------------------------------------------------------------------------------------------------


class HostedRegions(Regions):
    """The supervisor."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._plan = _read(file)
        plan = self._plan
        super().__init__(Settings(Path(plan.data), plan.clients, trace=Path(plan.trace), chaos=True))

    def _node(self, zone: str) -> list[str]:
        peers = [f"--peer={name}={address}" for name, address in self._plan.peers(zone).items()]
        listen = f"--listen={self._plan.address(zone)}"
        return [*self._plan.enter[region_of(zone)], *super()._node(zone), listen, *peers]

    def _region(self, region: str) -> list[str]:
        port = str(self.ports[region])
        return [*self._plan.enter[region], sys.executable, "-m", "tests.support.hosted", self._file, region, port]


def _read(file: str) -> Plan:
    return msgspec.json.decode(Path(file).read_bytes(), type=Plan)


async def supervise(file: str) -> int:
    """As `daybreak serve` does."""
    regions = HostedRegions(file)

    def ready() -> None:
        for name, port in regions.ports.items():
            print(f"ready: postgresql://admin@{_read(file).hosts[name]}:{port}/postgres", flush=True)

    return await until_stopped(regions, regions.start(), stop_signals(), ready)


def main(file: str, *of_region: str) -> int:
    """The supervisor, or the process of a region with this name and port."""
    if not of_region:
        return uvloop.run(supervise(file))
    plan, (name, port) = _read(file), of_region
    over_tcp = OverTcp(plan.address(name), plan.peers(name))
    settings = RegionSettings(
        data=Path(plan.data), host=plan.hosts[name], port=int(port), trace=Path(plan.trace), processes=APART,
        over_tcp=over_tcp, chaos=True,
    )  # fmt: skip
    return uvloop.run(region.serve(settings, name))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
