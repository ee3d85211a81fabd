"""Measure and report.

    python -m tools.bench [PART...] [--seconds S] [--rounds R] [--clients C] [--scale N] [--json FILE]

Parts, all if none is named: `servers` Daybreak beside a stock PostgreSQL, `checker` the trace checker's speed, `models`
the model checker's runner beside TLC itself.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daybreak.base.places import rungs
from daybreak.errors import OperatorError
from daybreak.query.programs import Programs
from daybreak.query.stock_server import StockServer
from tools.bench import models
from tools.bench.pgbench import PERCENTILES, REPEATABLE_READ, Run, Target, run
from tools.bench.report import Figure, figure, publish
from tracecheck import check

PARTS = ("servers", "checker", "models")
SCRIPTS = ("select-only", "simple-update", "tpcb-like")


async def main(arguments: argparse.Namespace) -> int:
    """Measure everything."""
    with tempfile.TemporaryDirectory(prefix="daybreak-bench-") as name:
        directory = Path(name)
        figures = []
        if "servers" in arguments.parts:
            figures += await _beside_stock(arguments, directory)
        if "checker" in arguments.parts:
            figures += await _checker(arguments, directory)
        if "models" in arguments.parts:
            figures += models.measure(arguments.rounds)
    publish(figures, arguments.json)
    return 0


async def _beside_stock(arguments: argparse.Namespace, directory: Path) -> list[Figure]:
    """Daybreak, without a trace, and a stock PostgreSQL on one machine; fsync is on for both."""
    stock = await StockServer.start(directory / "stock")
    try:
        with _served(directory / "data") as port:
            _fill(arguments, port)
            await (await Programs.find()).run("pgbench", "-q", "-i", "-s", str(arguments.scale), env=stock.environment)
            theirs = Target(stock.port, stock.environment["PGUSER"], REPEATABLE_READ)
            return await _compare(arguments, Target(port, "admin", ""), theirs, directory)
    finally:
        await stock.stop()


async def _checker(arguments: argparse.Namespace, directory: Path) -> list[Figure]:
    """The checker, offline, on the trace of one run."""
    trace = directory / "trace"
    with _served(directory / "traced", "--trace", str(trace)) as port:
        _fill(arguments, port)
        target = Target(port, "admin", "")
        await run(target, "tpcb-like", directory, clients=arguments.clients, seconds=arguments.seconds)
    figures = []
    for rung in rungs():
        begun = time.perf_counter()
        result = check(spec=rung.spec, mapping=rung.mapping, logs=[trace])
        seconds = time.perf_counter() - begun
        consumed = sum(result.consumed.values())
        print(f"{rung.name}: {result.verdict}, {consumed} events in {seconds:.1f} s")
        figures.append(figure(f"checker, {rung.name}", "events/s", [consumed / seconds]))
    return figures


@contextmanager
def _served(data: Path, *options: str) -> Iterator[int]:
    """A server of ours on a free port."""
    command = [sys.executable, "-m", "daybreak", "serve", "--port", "0", "--data", str(data), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None, "a pipe was asked for"
        try:
            line = server.stdout.readline()
            if not line.startswith("ready: "):
                raise OperatorError("the server did not start; its error stands above")
            yield int(line.rsplit(":", 1)[1].split("/")[0])
        finally:
            server.terminate()


def _fill(arguments: argparse.Namespace, port: int) -> None:
    init = [sys.executable, "-m", "daybreak", "bench", "init", "--scale", str(arguments.scale), "--port", str(port)]
    subprocess.run(init, check=True)


async def _compare(arguments: argparse.Namespace, ours: Target, theirs: Target, directory: Path) -> list[Figure]:
    """Each script on both servers in turn, so that what else the machine does meets both."""
    figures = []
    for script in SCRIPTS:
        runs: tuple[list[Run], list[Run]] = ([], [])
        for _ in range(arguments.rounds):
            for target, samples in zip((ours, theirs), runs, strict=True):
                samples.append(
                    await run(target, script, directory, clients=arguments.clients, seconds=arguments.seconds)
                )
        figures += _figures(script, *runs)
    return figures


def _figures(script: str, ours: list[Run], theirs: list[Run]) -> list[Figure]:
    found = [figure(f"{script} throughput", "transactions/s", [r.tps for r in ours], [r.tps for r in theirs])]
    for p in PERCENTILES:
        mine, base = [r.latency_ms[p] for r in ours], [r.latency_ms[p] for r in theirs]
        found.append(figure(f"{script} latency p{p}", "ms", mine, base))
    retried = figure(f"{script} retried", "share", [r.retried for r in ours], [r.retried for r in theirs])
    return [*found, retried]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tools.bench")
    parser.add_argument("parts", nargs="*", choices=PARTS, default=PARTS, help="what to measure (default all)")
    parser.add_argument("--seconds", type=int, default=10, help="length of one pgbench run (default 10)")
    parser.add_argument("--rounds", type=int, default=3, help="runs per figure (default 3)")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    sys.exit(asyncio.run(main(parser.parse_args())))
