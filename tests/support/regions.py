"""A real cluster of two regions, for tests."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import psycopg

from daybreak.base.topology import TWO_REGIONS
from daybreak.control.api import ask
from daybreak.control.chaos.remote import Remote
from daybreak.control.chaos.words import parse
from daybreak.control.datadir import running_server
from tests.support.server import READY, Server

SECONDS = 60.0
JOURNALS = ("journal-0", "journal-1")
Client = psycopg.Connection[tuple[object, ...]]


class TwoRegions(Server):
    """`daybreak serve --regions 2`, with an endpoint in A and in B, that obeys `order`."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, "--regions", "2", "--chaos")
        self.ports: dict[str, int] = {}

    def start(self) -> TwoRegions:
        """Start it and wait until both endpoints are ready."""
        super().start()
        assert self.process is not None and self.process.stdout is not None, "it was started"
        line = self.process.stdout.readline()
        found = READY.fullmatch(line.strip())
        assert found is not None, f"one endpoint only, then {line!r}; log: {self.log()}"
        self.ports = dict(zip(TWO_REGIONS.regions, (self.port, int(found.group(1))), strict=True))
        return self

    def __enter__(self) -> Self:
        self.start()
        return self

    def at(self, *regions: str, autocommit: bool = True) -> Client:
        """A client of the first of some regions that takes it."""
        return self.client([(self.host, self.ports[region]) for region in regions], autocommit=autocommit)

    def client(self, endpoints: list[tuple[str, int]], *, autocommit: bool) -> Client:
        """A client of the first of some hosts and ports that takes it."""
        hosts, ports = (",".join(map(str, column)) for column in zip(*endpoints, strict=True))
        return psycopg.connect(
            f"host={hosts} port={ports} user=admin dbname=postgres connect_timeout=30", autocommit=autocommit
        )

    def endpoint(self, region: str) -> Self:
        """The cluster as those see it who connect to one region only."""
        seen = copy.copy(self)
        seen.port = self.ports[region]
        return seen

    def order(self, command: str) -> None:
        """One command, as `daybreak chaos` takes it."""
        remote = Remote(self.data, TWO_REGIONS.processes, 1)
        try:
            remote.carry_out(parse(command.split(), TWO_REGIONS.processes))
        finally:
            remote.close()

    def status(self) -> dict[str, Any]:
        """What `daybreak status` shows."""
        return ask(running_server(self.data).control)

    def again(self, region: str) -> Client:
        """A client of a region, as soon as that takes one."""
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                return self.at(region)
            except psycopg.OperationalError as error:
                assert time.monotonic() < deadline, f"{region} takes nobody: {error}; log: {self.log()}"

    def until(self, what: str, holds: Callable[[dict[str, Any]], bool]) -> None:
        """Return once something is so of the status."""
        deadline = time.monotonic() + SECONDS
        while not holds(found := self.status()):
            assert time.monotonic() < deadline, f"{what}: not within {SECONDS:g} s; {found}"

    def leaders(self) -> dict[str, str]:
        """The zone that leads each journal, as soon as each has a leader, and one only."""
        found: dict[str, list[tuple[str, str]]] = {}

        def one_each(status: dict[str, Any]) -> bool:
            found["leaders"] = [
                (journal, zone)
                for zone, roles in _roles(status).items()
                for journal in JOURNALS
                if roles.get(f"{zone}/{journal.replace('journal', 'adj')}", {}).get("stage") == "serving"
            ]
            return sorted(journal for journal, _ in found["leaders"]) == list(JOURNALS)

        self.until("each journal has one leader", one_each)
        return dict(found["leaders"])

    def well(self) -> None:
        """Return once both endpoints take clients, every zone has, whole and on its disk, all that any zone has now,
        and every storage replica is complete up to now."""
        for region in self.ports:
            self.again(region).close()
        goal: dict[str, int] = {}
        before = self.status()
        for _, journal, said in _replicas(before):
            goal[journal] = max(goal.get(journal, 0), said["last_index"])
        upto = max(_watermarks(before).values())

        def everywhere(status: dict[str, Any]) -> bool:
            replicas = _replicas(status)
            return len(replicas) == len(JOURNALS) * len(TWO_REGIONS.zones) and all(
                said["failure"] is None and said["whole"] and said["synced"] >= goal[journal]
                for _, journal, said in replicas
            )

        def complete(status: dict[str, Any]) -> bool:
            found = _watermarks(status)
            return found.keys() == set(TWO_REGIONS.storing) and min(found.values()) >= upto

        self.until("every zone has everything", everywhere)
        self.until("every storage replica is complete", complete)


def _roles(status: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What each zone says of its roles, to a region that hears it."""
    told = [region["zones"] for region in status["regions"].values() if region["state"] == "running"]
    return {zone: zones[zone]["roles"] for zones in told for zone in TWO_REGIONS.zones if zones[zone]["roles"]}


def _watermarks(status: dict[str, Any]) -> dict[str, int]:
    """Up to when each storage replica is complete."""
    told = [region["storage"] for region in status["regions"].values() if region["state"] == "running"]
    return {zone: said["watermark"] for storage in told for zone, said in storage.items() if said is not None}


def _replicas(status: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Zone, journal, and what the replica there says of itself."""
    return [
        (zone, journal, roles[f"{zone}/{journal}"])
        for zone, roles in _roles(status).items()
        for journal in JOURNALS
        if f"{zone}/{journal}" in roles
    ]


def persist(client: Client, statement: str) -> object:
    """Run a statement until it is not told to try again; the first column of its first row, if it returns any."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            done = client.execute(statement)
            return done.fetchone()[0] if done.description and done.rowcount else None  # type: ignore[index]
        except psycopg.errors.SerializationFailure:
            assert time.monotonic() < deadline, f"{statement}: refused for {SECONDS:g} s"
