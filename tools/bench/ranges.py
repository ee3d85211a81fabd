"""How much a split and a move of a busy key range cost those who commit on it meanwhile.

pgbench runs all the time; its logs say when each transaction ended. Compared are three seconds: one that ends a second
before the order was carried out, the one that ends with it, in which it was given, and the one that follows.
"""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from pathlib import Path

from daybreak.control.api import order
from daybreak.control.datadir import running_server
from daybreak.errors import OperatorError
from tools.bench.pgbench import Target, run
from tools.bench.recorded import fill, served
from tools.bench.report import Figure, figure

MIDDLE = ("pgbench_accounts", "50000")
WARM_SECONDS = 3.0
APART_SECONDS = 4.0
"""Between two orders."""
SPANS = ("before", "of", "after")
"""The seconds that are compared."""


async def measure(directory: Path, *, rounds: int, clients: int, scale: int) -> list[Figure]:
    """Throughput around a split and around a move, and the longest time in which nobody's transaction ended."""
    tps: dict[tuple[str, str], list[float]] = {}
    gaps: dict[str, list[float]] = {}
    data = directory / "ranges"
    with served(data, "--adjudicators", "2", "--split-above", "0") as port:
        fill(port, scale)
        for _ in range(rounds):
            given, ends = await _round(data, Target(port, "admin", ""), directory, clients)
            for what, at in given.items():
                for number, span in enumerate(SPANS):
                    begin = at + number - 2
                    count = sum(1 for end in ends if begin <= end < begin + 1)
                    tps.setdefault((what, span), []).append(float(count))
                gaps.setdefault(what, []).append(1000 * _gap(ends, at))
    found = [
        figure(f"simple-update in the second {span} a {what}", "transactions/s", samples, tps[what, "before"])
        for (what, span), samples in tps.items()
    ]
    return found + [figure(f"longest silence at a {what}", "ms", samples) for what, samples in gaps.items()]


async def _round(data: Path, target: Target, directory: Path, clients: int) -> tuple[dict[str, float], list[float]]:
    """When a split and a move were ordered, and when transactions ended; all is undone at the end."""
    seconds = int(WARM_SECONDS + 3 * APART_SECONDS)
    load = asyncio.create_task(run(target, "simple-update", directory, clients=clients, seconds=seconds))
    await asyncio.sleep(WARM_SECONDS)
    given = {"split": await _order(data, "split", MIDDLE)}
    await asyncio.sleep(APART_SECONDS)
    given["move"] = await _order(data, "move", MIDDLE, "adj-0")
    await load
    await _order(data, "move", MIDDLE, "adj-1")
    await _order(data, "merge", MIDDLE)
    return given, _ends(directory)


async def _order(data: Path, do: str, at: tuple[str, ...], to: str | None = None) -> float:
    """Have something done; when it was."""
    said = await asyncio.to_thread(order, running_server(data).control, {"do": do, "at": at, "to": to})
    if "error" in said:
        raise OperatorError(f"{do} {' '.join(at)}: {said['error']}")
    return time.time()


def _ends(directory: Path) -> list[float]:
    """From pgbench's logs: when transactions ended, in seconds since 1970, in order."""
    lines = (line.split() for log in directory.glob("latency.*") for line in log.read_text().splitlines())
    return sorted(int(fields[4]) + int(fields[5]) / 1e6 for fields in lines)


def _gap(ends: list[float], at: float) -> float:
    """The longest time between two ends of transactions, in the second around a moment."""
    near = [end for end in ends if at - 1 <= end < at + 1]
    return max((after - before for before, after in pairwise(near)), default=2.0)
