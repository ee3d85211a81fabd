"""How long nobody can commit when the process is lost that leads adjudicators: killed, paused, or cut off.

One client per table, and a table at each adjudicator, commits all the time. The gap of a round is the longest time
between two commits of a client around the fault: the worst of those whose adjudicator had to find another leader.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import psycopg

from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import NodeId
from daybreak.base.topology import ONE_REGION
from daybreak.cluster import process_of
from daybreak.control.api import Status, ask
from daybreak.control.chaos.remote import Remote
from daybreak.control.chaos.words import parse
from daybreak.control.datadir import running_server
from daybreak.errors import OperatorError
from tools.bench.report import Figure, figure

ADJUDICATORS = 4
COMMITS = 20
"""So many a client has made since its last gap before the next fault comes, and after it."""
PATIENCE_SECONDS = 60.0
LIMIT_SECONDS = 3.0
"""What a takeover may take besides the lease."""
UNDO = {"kill": None, "pause": "resume {}", "cut": "heal"}


class Clients:
    """One per adjudicator; each notes when its commits were acknowledged."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = threading.Event()
        self.times: list[list[float]] = [[] for _ in range(ADJUDICATORS)]
        with self._connect() as connection:
            for number in range(ADJUDICATORS):
                connection.execute(f"CREATE TABLE t{number} (id int PRIMARY KEY, n int)".encode())
            for number in range(ADJUDICATORS):
                connection.execute(f"INSERT INTO t{number} VALUES (1, 0)".encode())
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(ADJUDICATORS)]
        for thread in self._threads:
            thread.start()

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host="127.0.0.1", port=self._port, user="admin", dbname="postgres", autocommit=True)

    def _work(self, number: int) -> None:
        update = f"UPDATE t{number} SET n = n + 1 WHERE id = 1".encode()
        while not self._over.is_set():
            with suppress(psycopg.Error), self._connect() as connection:
                while not self._over.is_set():
                    with suppress(psycopg.errors.SerializationFailure, psycopg.errors.TransactionResolutionUnknown):
                        connection.execute(update)
                        self.times[number].append(time.monotonic())

    def wait(self) -> None:
        """Return when every client has made some more commits."""
        goals = [len(times) + COMMITS for times in self.times]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(len(times) < goal for times, goal in zip(self.times, goals, strict=True)):
            if time.monotonic() > deadline:
                raise OperatorError(f"no commits for {PATIENCE_SECONDS:g} s")
            self._over.wait(0.01)

    def stop(self) -> None:
        """Let all end."""
        self._over.set()
        for thread in self._threads:
            thread.join()


def gap(times: list[float], since: float) -> float:
    """The longest time between two commits of a client, of those that end after `since`."""
    return max(later - earlier for earlier, later in pairwise(times) if later > since)


def measure(directory: Path, rounds: int) -> list[Figure]:
    """Seconds without commits, for each way to lose the leaders' process."""
    lease = Settings().lease_us / 1e6
    print(f"takeover: the lease lasts {lease:g} s, so a gap may last {lease + LIMIT_SECONDS:g} s")
    found = []
    for fault, undo in UNDO.items():
        gaps = _gaps(directory / f"takeover-{fault}", fault, undo, rounds)
        found += [
            figure(f"gap in commits when the leaders' process suffers: {fault}", "s", gaps),
            figure(f"... the longest of {rounds}", "s", [max(gaps)]),
        ]
    return found


def _gaps(data: Path, fault: str, undo: str | None, rounds: int) -> list[float]:
    server = _start(data)
    try:
        clients, remote = Clients(running_server(data).port), Remote(data, ONE_REGION.processes)
        try:
            return [_round(data, clients, remote, fault, undo) for _ in range(rounds)]
        finally:
            clients.stop()
            remote.close()
    finally:
        server.terminate()
        server.wait()


def _round(data: Path, clients: Clients, remote: Remote, fault: str, undo: str | None) -> float:
    """Hurt the process that leads most; undo it once all commit again, and all zones are there again."""
    clients.wait()
    leaders = _leaders(data)
    victim = max(set(leaders), key=leaders.count)
    begun = time.monotonic()
    remote.carry_out(parse([fault, victim], ONE_REGION.processes))
    clients.wait()
    longest = max(gap(clients.times[number], begun) for number, led in enumerate(leaders) if led == victim)
    if undo is not None:
        remote.carry_out(parse(undo.format(victim).split(), ONE_REGION.processes))
    _leaders(data)
    return longest


def _leaders(data: Path) -> list[str]:
    """The process that leads each adjudicator, once every one is led and all zones run."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        status = ask(running_server(data).control)
        nodes = [NodeId(str(said["node"])) for said in _values(status, "adjudicators") if said["node"] is not None]
        if len(nodes) == ADJUDICATORS and all(zone["state"] == "running" for zone in _values(status, "zones")):
            return [process_of(node) for node in nodes]
    raise OperatorError(f"not all adjudicators and zones have come back within {PATIENCE_SECONDS:g} s")


def _values(status: Status, name: str) -> list[Status]:
    found = status[name]
    assert isinstance(found, dict), "one of each"
    return list(found.values())


def _start(data: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "daybreak", "serve", "--port", "0", "--data", str(data)]
    command += ["--adjudicators", str(ADJUDICATORS), "--chaos"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None, "a pipe was asked for"
    if not server.stdout.readline().startswith("ready: "):
        raise OperatorError("the server did not start; its error stands above")
    return server
