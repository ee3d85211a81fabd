"""Commits per second against the number of adjudicators: transactions of one owner, and of two.

Every transaction adds to two rows. Either both are of one table, so that one adjudicator decides, or of two tables that
follow each other in the catalog, whose keys lie in different halves of the key space: then one owner leads and another
one votes. What bounds the figures is said with them: which process used how much of a processor.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import psycopg

from daybreak.control.api import ask
from daybreak.control.datadir import running_server
from tools.bench.pgbench import Run, Target, run
from tools.bench.recorded import served
from tools.bench.report import Figure, figure

TABLES, ROWS = 16, 1000
WORKLOADS = {"one owner": 0, "two owners": 1}
"""How many tables further the second row lies."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Sample(NamedTuple):
    """A run, and what it cost: processor seconds per second, by process."""

    run: Run
    busy: dict[str, float]


async def measure(directory: Path, numbers: list[int], *, rounds: int, clients: int, seconds: int) -> list[Figure]:
    """Each number of adjudicators beside one; the servers are up one after the other, for each takes all processors."""
    found, bases = [], dict[str, list[float]]()
    for number in sorted({1, *numbers}):
        data = directory / f"scaling-{number}"
        with served(data, "--adjudicators", str(number)) as port:
            _fill(port)
            for workload, step in WORKLOADS.items():
                script = _script(directory, step)
                samples = [await _sample(data, port, script, directory, clients, seconds) for _ in range(rounds)]
                rates = [sample.run.tps for sample in samples]
                name = f"{workload}, {number} adjudicators" if number > 1 else f"{workload}, 1 adjudicator"
                found.append(figure(f"commits of {name}", "transactions/s", rates, bases.get(workload, ())))
                bases.setdefault(workload, rates)
                print(f"{name}: {rates[-1]:,.0f}/s, {_bound(samples[-1])}", flush=True)
    return found


def _fill(port: int) -> None:
    with psycopg.connect(host="127.0.0.1", port=port, user="admin", dbname="postgres", autocommit=True) as connection:
        for table in range(TABLES):
            connection.execute(f"CREATE TABLE scaling_{table} (id int PRIMARY KEY, n bigint NOT NULL)")
        for table in range(TABLES):
            connection.execute(f"INSERT INTO scaling_{table} SELECT id, 0 FROM generate_series(1, {ROWS}) AS id")


def _script(directory: Path, step: int) -> Path:
    """A pgbench script: two rows, the second one `step` tables further."""
    path = directory / f"scaling-{step}.sql"
    path.write_text(
        f"\\set t random(0, {TABLES - 1})\n\\set u (:t + {step}) % {TABLES}\n"
        f"\\set a random(1, {ROWS // 2})\n\\set b random({ROWS // 2 + 1}, {ROWS})\n"
        "BEGIN;\n"
        "UPDATE scaling_:t SET n = n + 1 WHERE id = :a;\n"
        "UPDATE scaling_:u SET n = n + 1 WHERE id = :b;\n"
        "COMMIT;\n"
    )
    return path


async def _sample(data: Path, port: int, script: Path, directory: Path, clients: int, seconds: int) -> Sample:
    before = _busy(data)
    done = await run(Target(port, "admin", ""), script, directory, clients=clients, seconds=seconds)
    return Sample(done, {name: (used - before.get(name, 0.0)) / seconds for name, used in _busy(data).items()})


def _busy(data: Path) -> dict[str, float]:
    """Processor seconds so far, of the region's process, the zones' and the private PostgreSQL's."""
    server = running_server(data)
    zones = ask(server.control)["zones"]
    assert isinstance(zones, dict), "zones by name"
    found = {"region": _seconds(server.pid)} | {name: _seconds(zone["pid"]) for name, zone in zones.items()}
    postmaster = int((data / "engine" / "data" / "postmaster.pid").read_text().split()[0])
    return found | {"PostgreSQL": sum(map(_seconds, [postmaster, *_children(postmaster)]))}


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _seconds(pid: int) -> float:
    """Of a process, with its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS


def _bound(sample: Sample) -> str:
    shares = ", ".join(f"{name} {share:.2f}" for name, share in sample.busy.items())
    return f"processors busy: {shares} (of {os.cpu_count()})"
