"""What reads and commits wait for at both endpoints of a database, against how far regions and witness are apart.

All ways are one way, as `daybreak chaos latency` takes them: there and back is twice as long. Measured are a read of
one row, and COMMIT alone, of transactions that change one row, with a leader in the endpoint's region and in the other
one; and reads while clients write in the other region. A commit is compared with the ways that it needs: to its leader
and back, and from there to the nearest other zone and back, without which nothing is durable.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psycopg
from rich.console import Console
from rich.table import Table

from daybreak.base.topology import ONE_REGION, TWO_REGIONS, Topology, region_of
from daybreak.control.chaos.remote import Remote
from daybreak.control.chaos.words import parse
from daybreak.errors import OperatorError
from tools.bench.report import Figure, figure

TABLES = tuple(f"regions_{number}" for number in range(4))
ROWS = 100
SAMPLES = 20
"""Of each kind in a round."""
WRITERS = 2
"""Clients that write while others read."""
SETTLE_SECONDS = 1.5
"""After a change of distances: until adjudicators have heard how late they are heard now."""

Client = psycopg.Connection[tuple[object, ...]]


class Distances(NamedTuple):
    """One way, in milliseconds: between A and B, and from each to the witness."""

    between: int
    from_a: int
    from_b: int

    def __str__(self) -> str:
        return f"A-B {self.between}, A-W {self.from_a}, B-W {self.from_b} ms"

    def needed(self, endpoint: str, leader: str) -> int:
        """What COMMIT at an endpoint takes at least, if the leader is in the same region or in the other one."""
        nearest = min(self.between, self.from_a if leader == "A" else self.from_b)
        return 2 * nearest + (2 * self.between if endpoint != leader else 0)


APART = (
    Distances(0, 0, 0),
    Distances(20, 10, 10),
    Distances(30, 10, 10),
    Distances(60, 20, 20),
    Distances(60, 60, 60),
    Distances(60, 10, 60),
    Distances(120, 20, 20),
)
"""What is measured of two regions: near each other and far, the witness near, far, and near one of them only."""

_COMMIT = re.compile("commit at (.), led in (.)")

Samples = dict[str, list[float]]
"""Milliseconds, by what was measured."""


def measure(directory: Path, rounds: int) -> list[Figure]:
    """All distances, one after the other, on one cluster; before, a cluster of one region."""
    found, rows = [], []
    with _served(directory / "one", ONE_REGION) as ports:
        samples = _measured(ports, rounds)
        rows.append(("one region", samples))
        found += [figure(f"one region: {what}", "ms", values) for what, values in samples.items()]
    data = directory / "two"
    with _served(data, TWO_REGIONS) as ports:
        for apart in APART:
            _set(data, apart)
            samples = _measured(ports, rounds)
            rows.append(("/".join(map(str, apart)), samples))
            found += [_figure(apart, what, values) for what, values in samples.items()]
    _print(rows)
    return found


def _figure(apart: Distances, what: str, values: list[float]) -> Figure:
    """A commit beside the ways that it needs."""
    commit = _COMMIT.fullmatch(what)
    needed_ms = apart.needed(*commit.groups()) if commit is not None else 0
    if not needed_ms:
        return figure(f"{apart}: {what}", "ms", values)
    return figure(f"{apart}: {what} / the ways", "ms", values, [needed_ms])


def _print(rows: list[tuple[str, Samples]]) -> None:
    """A line for each distance: medians in milliseconds."""
    names = [what for what, _ in rows[-1][1].items()]
    table = Table("A-B/A-W/B-W", *names, title="two regions: medians in milliseconds, distances one way")
    for name, samples in rows:
        table.add_row(name, *(f"{median(samples[what]):.1f}" if what in samples else "" for what in names))
    Console(width=120).print(table)


# --- a cluster ----------------------------------------------------------------------------------------------------


@contextmanager
def _served(data: Path, topology: Topology) -> Iterator[dict[str, int]]:
    """A cluster, with the port of each region's endpoint."""
    command = [sys.executable, "-m", "daybreak", "serve", "--port", "0", "--data", str(data), "--chaos"]
    command += ["--regions", str(len(topology.regions))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None, "a pipe was asked for"
        try:
            lines = [server.stdout.readline() for _ in topology.regions]
            if not all(line.startswith("ready: ") for line in lines):
                raise OperatorError("the server did not start; its error stands above")
            ports = (int(line.rsplit(":", 1)[1].split("/")[0]) for line in lines)
            yield dict(zip(topology.regions, ports, strict=True))
        finally:
            server.terminate()


def _set(data: Path, apart: Distances) -> None:
    """Let messages between the regions take so long."""
    remote = Remote(data, TWO_REGIONS.processes)
    try:
        for ends, way_ms in (("A-B", apart.between), ("A-W", apart.from_a), ("B-W", apart.from_b)):
            remote.carry_out(parse(["latency", ends, f"{way_ms}ms"], TWO_REGIONS.processes))
    finally:
        remote.close()
    time.sleep(SETTLE_SECONDS)


def _connect(port: int) -> Client:
    return psycopg.connect(host="127.0.0.1", port=port, user="admin", dbname="postgres", autocommit=True)


# --- what is measured ---------------------------------------------------------------------------------------------


def _measured(ports: dict[str, int], rounds: int) -> Samples:
    """Every kind at every endpoint, in turn."""
    with ExitStack() as stack:
        clients = {region: stack.enter_context(_connect(port)) for region, port in ports.items()}
        led = _leaders(next(iter(clients.values())))
        samples: Samples = {}
        for _ in range(rounds):
            for region, client in clients.items():
                reads = samples.setdefault(f"read at {region}", [])
                reads += _times(partial(_read, client, led[region]))
                for leader in ports:
                    commits = samples.setdefault(f"commit at {region}, led in {leader}", [])
                    commits += _times(partial(_commit, client, led[leader]))
            for region in ports if len(ports) > 1 else ():
                other = next(name for name in ports if name != region)
                with _writers(ports[other], led[other]):
                    reads = samples.setdefault(f"read at {region} while {other} writes", [])
                    reads += _times(partial(_read, clients[region], led[other]))
    return samples


def _times(do: Callable[[int], float]) -> list[float]:
    """Of something done to one row after the other."""
    return [1000 * do(row) for row in range(1, 1 + SAMPLES)]


def _read(client: Client, table: str, row: int) -> float:
    begun = time.perf_counter()
    client.execute(f"SELECT n FROM {table} WHERE id = %s".encode(), (row,))
    return time.perf_counter() - begun


def _commit(client: Client, table: str, row: int) -> float:
    """Of COMMIT alone; a transaction that lost a race begins anew."""
    while True:
        client.execute("BEGIN")
        client.execute(f"UPDATE {table} SET n = n + 1 WHERE id = %s".encode(), (row,))
        begun = time.perf_counter()
        try:
            client.execute("COMMIT")
        except psycopg.errors.SerializationFailure:
            continue
        return time.perf_counter() - begun


@contextmanager
def _writers(port: int, table: str) -> Iterator[None]:
    """Clients that write all the time, each its own rows."""
    over = threading.Event()

    def write(row: int) -> None:
        with _connect(port) as client:
            while not over.is_set():
                _commit(client, table, row)

    threads = [threading.Thread(target=write, args=(ROWS - number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _leaders(client: Client) -> dict[str, str]:
    """A table that is led in each region: its rows belong to an adjudicator there. Makes the tables first."""
    for table in TABLES:
        client.execute(f"CREATE TABLE IF NOT EXISTS {table} (id int PRIMARY KEY, n int NOT NULL)".encode())
    found: dict[str, str] = {}
    for table in TABLES:
        fill = f"INSERT INTO {table} SELECT id, 0 FROM generate_series(1, {ROWS}) AS id ON CONFLICT DO NOTHING"
        client.execute(fill.encode())
        _commit(client, table, 1)
        last = "SELECT zone FROM sys.daybreak_adjudicators WHERE stage = 'serving' ORDER BY last_commit DESC LIMIT 1"
        row = client.execute(last).fetchone()
        assert row is not None, "somebody has just committed"
        found.setdefault(region_of(str(row[0])), table)
    return found
