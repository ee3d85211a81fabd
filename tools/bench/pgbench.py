"""Runs of pgbench, and what it says and logs."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import NamedTuple

from daybreak.errors import OperatorError
from daybreak.query.binaries import find_binaries

PERCENTILES = (50, 95, 99)
REPEATABLE_READ = r"-c default_transaction_isolation=repeatable\ read"
"""What the stock server is set to: the isolation that Daybreak has, so that both retry conflicts."""


class Target(NamedTuple):
    """A server to measure."""

    port: int
    user: str
    options: str
    """PGOPTIONS for it."""


class Run(NamedTuple):
    """What one run of pgbench came to."""

    tps: float
    latency_ms: dict[int, float]
    """By percentile, over all transactions, retries included."""
    retried: float
    """Share of transactions that were retried at least once."""


async def run(target: Target, script: str | Path, directory: Path, *, clients: int, seconds: int) -> Run:
    """Run a built-in script or a file; raises `OperatorError` when a transaction failed or pgbench did."""
    what = ["-b", script] if isinstance(script, str) else ["-f", str(script)]
    command = [str(find_binaries().program("pgbench")), "-n", *what, "-c", str(clients), "-j", "2"]
    command += ["-T", str(seconds), "--max-tries=0", "-l", "--log-prefix=latency", "-h", "127.0.0.1"]
    command += ["-p", str(target.port), "-U", target.user, "postgres"]
    _forget_logs(directory)
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=directory,
        env={**os.environ, "PGOPTIONS": target.options},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    failed = re.search(r"number of failed transactions: (\d+)", output)
    if process.returncode != 0 or failed is None or failed.group(1) != "0":
        raise OperatorError(f"pgbench {script} on port {target.port} failed: {output}")
    retried = re.search(r"number of transactions retried: \d+ \(([\d.]+)%\)", output)
    return Run(
        _number(r"tps = ([\d.]+)", output), _latencies(directory), float(retried.group(1)) / 100 if retried else 0
    )


def _forget_logs(directory: Path) -> None:
    for old in directory.glob("latency.*"):
        old.unlink()


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise OperatorError(f"pgbench did not say {pattern}: {text}")
    return float(found.group(1))


def _latencies(directory: Path) -> dict[int, float]:
    """From the logs: the third column is a transaction's time in microseconds."""
    times = sorted(
        int(line.split()[2]) / 1000 for file in directory.glob("latency.*") for line in file.read_text().splitlines()
    )
    if not times:
        raise OperatorError("pgbench logged no transaction")
    return {p: times[min(len(times) - 1, len(times) * p // 100)] for p in PERCENTILES}
