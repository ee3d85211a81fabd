"""Faults by order in a real server, and how to see that all is well again."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from daybreak.base.topology import ONE_REGION
from daybreak.control.api import ask
from daybreak.control.chaos.remote import Remote
from daybreak.control.chaos.words import parse
from daybreak.control.datadir import running_server
from daybreak.errors import OperatorError
from tests.support.server import Server

PROCESSES, ZONES = ONE_REGION.processes, ONE_REGION.zones
WELL_SECONDS = 60.0
Status = dict[str, Any]


class Chaotic:
    """Gives orders to a server that was started with ``--chaos``."""

    def __init__(self, server: Server, seed: int) -> None:
        self._server = server
        self._remote = Remote(server.data, PROCESSES, seed)
        self.orders: list[str] = []
        """All that were given."""

    def __enter__(self) -> Chaotic:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """A process that is paused could not be stopped; one that has just been killed has nothing to resume."""
        for process in ZONES:
            with suppress(OperatorError):
                self._remote.carry_out(parse(["resume", process], PROCESSES))
        self._remote.close()

    def order(self, command: str) -> None:
        """One command, as `daybreak chaos` takes it."""
        said = self._remote.carry_out(parse(command.split(), PROCESSES))
        self.orders.append(f"{command}: {said}" if said else command)

    def status(self) -> Status:
        """What `daybreak status` shows."""
        return ask(running_server(self._server.data).control)

    def until(self, what: str, holds: Callable[[Status], bool]) -> Status:
        """The status once something is so."""
        deadline = time.monotonic() + WELL_SECONDS
        while not holds(found := self.status()):
            assert time.monotonic() < deadline, (
                f"{what}: not within {WELL_SECONDS:g} s, after {self.orders}; {found['zones']}"
            )
        return found

    def well(self, what: str) -> None:
        """Return once every zone runs and has, whole and on its disk, all that any zone has now."""
        goal: dict[str, int] = {}
        for zone in self.status()["zones"].values():
            for journal, said in _journals(zone).items():
                goal[journal] = max(goal.get(journal, 0), said["last_index"])
        self.until(what, lambda found: all(_is_well(zone, goal) for zone in found["zones"].values()))


def _journals(zone: Status) -> dict[str, Status]:
    """The status of a zone's journal replicas, by journal."""
    return {node.partition("/")[2]: said for node, said in zone["roles"].items() if "/journal-" in node}


def _is_well(zone: Status, goal: dict[str, int]) -> bool:
    replicas = _journals(zone)
    return (
        zone["state"] == "running"
        and zone["connection"]["connected"]
        and replicas.keys() == goal.keys()
        and all(
            said["failure"] is None and said["whole"] and said["room"] and said["synced"] >= goal[journal]
            for journal, said in replicas.items()
        )
    )
