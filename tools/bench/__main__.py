"""Measure and report.

    python -m tools.bench [PART...] [--seconds S] [--rounds R] [--clients C] [--scale N] [--events N] [--trace DIR]
                          [--sizes MB...] [--adjudicators N...] [--json FILE]

Parts, all if none is named: `servers` Daybreak beside a stock PostgreSQL, `tracecheck` the speed of the checker on a
recorded trace of `--events` events (the exact engine on a tenth of them), `monitor` what the trace and the live monitor
cost a loaded server, `models` the model checker's runner beside TLC itself, `recovery` how long a start after SIGKILL
takes against what was written to the journal, `--sizes` megabytes of it, `core` the adjudicator's conflict check alone,
`ranges` what a split and a move of a busy key range cost those who commit meanwhile,
`scaling` commits per second against the number of adjudicators, for transactions of one and of two owners, `takeover`
how long nobody can commit when the process that leads adjudicators is killed, paused or cut off, `regions` what reads
and commits wait for in two regions, against the distances between them, `simulation` how much faster than real time a
simulated cluster runs, `history` how long the history checker takes.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from daybreak.query.programs import Programs
from daybreak.query.stock_server import StockServer
from tools.bench import checker, core, history, models, ranges, recovery, regions, scaling, simulation, takeover
from tools.bench.pgbench import PERCENTILES, REPEATABLE_READ, Run, Target, run
from tools.bench.recorded import fill, record, served
from tools.bench.report import Figure, figure, publish

PARTS = (
    "servers",
    "tracecheck",
    "monitor",
    "models",
    "recovery",
    "core",
    "ranges",
    "scaling",
    "takeover",
    "regions",
    "simulation",
    "history",
)
SCRIPTS = ("select-only", "simple-update", "tpcb-like")


async def main(arguments: argparse.Namespace) -> int:
    """Measure everything."""
    with tempfile.TemporaryDirectory(prefix="daybreak-bench-") as name:
        directory = Path(name)
        figures = []
        if "servers" in arguments.parts:
            figures += await _beside_stock(arguments, directory)
        if "tracecheck" in arguments.parts:
            figures += await _offline(arguments, directory)
        if "monitor" in arguments.parts:
            figures += await checker.live(
                directory,
                rounds=arguments.rounds,
                clients=arguments.clients,
                seconds=arguments.seconds,
                scale=arguments.scale,
            )
        if "models" in arguments.parts:
            figures += models.measure(arguments.rounds)
        if "recovery" in arguments.parts:
            figures += recovery.measure(directory, arguments.sizes, arguments.rounds)
        if "core" in arguments.parts:
            figures += core.measure(arguments.rounds)
        if "ranges" in arguments.parts:
            figures += await ranges.measure(
                directory, rounds=arguments.rounds, clients=arguments.clients, scale=arguments.scale
            )
        if "scaling" in arguments.parts:
            figures += await scaling.measure(
                directory,
                arguments.adjudicators,
                rounds=arguments.rounds,
                clients=arguments.clients,
                seconds=arguments.seconds,
            )
        if "takeover" in arguments.parts:
            figures += takeover.measure(directory, arguments.rounds)
        if "regions" in arguments.parts:
            figures += regions.measure(directory, arguments.rounds)
        if "simulation" in arguments.parts:
            figures += simulation.measure(arguments.rounds)
        if "history" in arguments.parts:
            figures += history.measure(arguments.rounds)
    publish(figures, arguments.json)
    return 0


async def _beside_stock(arguments: argparse.Namespace, directory: Path) -> list[Figure]:
    """Daybreak, without a trace, and a stock PostgreSQL on one machine; fsync is on for both."""
    stock = await StockServer.start(directory / "stock")
    try:
        with served(directory / "data") as port:
            fill(port, arguments.scale)
            await (await Programs.find()).run("pgbench", "-q", "-i", "-s", str(arguments.scale), env=stock.environment)
            theirs = Target(stock.port, stock.environment["PGUSER"], REPEATABLE_READ)
            return await _compare(arguments, Target(port, "admin", ""), theirs, directory)
    finally:
        await stock.stop()


async def _offline(arguments: argparse.Namespace, directory: Path) -> list[Figure]:
    """The checker on a recorded trace, or on one that was recorded before."""
    trace = arguments.trace or await record(
        directory,
        arguments.events,
        clients=arguments.clients,
        scale=arguments.scale,
        seconds=arguments.seconds,
    )
    return checker.offline(trace, arguments.events)


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
    parser.add_argument(
        "--events", type=int, default=1_000_000, help="length of the recorded trace (default a million)"
    )
    parser.add_argument(
        "--trace", type=Path, metavar="DIR", help="a trace of a loaded server, instead of recording one"
    )
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        metavar="MB",
        default=[64, 256, 1024],
        help="of the journal before a recovery (default 64 256 1024)",
    )
    parser.add_argument(
        "--adjudicators", type=int, nargs="+", metavar="N", default=[2, 4], help="for `scaling`, beside 1 (default 2 4)"
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    sys.exit(asyncio.run(main(parser.parse_args())))
