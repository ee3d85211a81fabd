"""The trace checker: events per second with each engine, offline; and what it costs a loaded server, live.

Offline, a recorded trace of a server under pgbench is checked against every spec that has a mapping, once per engine,
each time in a process of its own that has one processor. What bounds the result is printed with it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from daybreak.cli.monitor import STATUS
from daybreak.errors import OperatorError
from tools.bench.checkrun import CheckRun
from tools.bench.pgbench import Target, run
from tools.bench.recorded import fill, served
from tools.bench.report import Figure, figure
from tracecheck.lag import at_most_ms

ENGINES = ("compiled", "tlc")
GOALS = {"compiled": 10_000, "tlc": 2_000}
"""Events per second of one processor, against all specs."""
PART = {"compiled": 1, "tlc": 10}
"""The exact engine is given this part of the trace, the first: it takes that much longer."""
CAUGHT_UP_MS = 500
WORKLOAD = "simple-update"
"""Without a row that all clients want: there the throughput is that of the server, not that of luck."""
VARIANTS: dict[str, tuple[str, ...]] = {
    "no trace": (),
    "trace": ("--trace", "trace"),
    "trace and monitor": ("--trace", "trace", "--monitor"),
}


# -- offline -----------------------------------------------------------------------------------------------


def offline(trace: Path, events: int) -> list[Figure]:
    """Each engine on the first events of `trace`: the fast one on `events`, the exact one on a tenth of them."""
    figures = []
    for engine in ENGINES:
        command = [sys.executable, "-m", "tools.bench.checkrun", engine, str(trace), str(events // PART[engine])]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise OperatorError(f"{' '.join(command)} ended with code {done.returncode}; its error stands above")
        found = msgspec.json.decode(done.stdout, type=CheckRun)
        _show(found)
        figures += figures_of(found)
    return figures


def figures_of(found: CheckRun) -> list[Figure]:
    """What a run came to. A run that accepts less than everything measures nothing: OperatorError."""
    if set(found.verdicts.values()) != {"CONFORMS"}:
        raise OperatorError(f"the recorded trace does not conform with engine {found.engine}: {found.verdicts}")
    what = f"checker, engine {found.engine}"
    costs, sizes = [t.cost_us for t in found.tenths], [t.resident_bytes / 1e6 for t in found.tenths]
    figures = [figure(f"{what}, {spec}", "events/s", [found.rate(spec)]) for spec in found.verdicts]
    return [
        *figures,
        figure(f"{what}, all specs at once (goal {GOALS[found.engine]:,})", "events/s", [found.rate()]),
        figure(f"{what}, cost of the last tenth / of the first (goal 1.2)", "ratio", [costs[-1] / costs[0]]),
        # In the first tenth the tables are filled: one event with 100,000 keys. So it says little of growth.
        figure(f"{what}, cost of the last tenth / of the second (goal 1.2)", "ratio", [costs[-1] / costs[1]]),
        figure(f"{what}, resident memory at most (goal 500)", "MB", [max(sizes)]),
        figure(f"{what}, resident memory after the last tenth / after the first", "ratio", [sizes[-1] / sizes[0]]),
    ]


def _show(found: CheckRun) -> None:
    specs = list(found.verdicts)
    title = f"engine {found.engine}: microseconds of processor time per event, by tenths of {found.events:,} events"
    table = Table(title=title)
    for column in ("tenth", "order", *specs, "all", "resident MB"):
        table.add_column(column, justify="right")
    for number, tenth in enumerate(found.tenths, 1):
        each = [f"{tenth.specs_s[spec] / tenth.events * 1e6:.1f}" for spec in specs]
        order = f"{tenth.order_s / tenth.events * 1e6:.1f}"
        table.add_row(str(number), order, *each, f"{tenth.cost_us:.1f}", f"{tenth.resident_bytes / 1e6:.0f}")
    Console(width=120).print(table)
    slowest = max(specs, key=lambda spec: sum(tenth.specs_s[spec] for tenth in found.tenths))
    order_share = sum(t.order_s for t in found.tenths) / (found.events / found.rate())
    print(f"  bounded by stepping {slowest}; reading and ordering take {order_share:.0%} of the time")


# -- live --------------------------------------------------------------------------------------------------


class Live(NamedTuple):
    """One run of pgbench: transactions per second, and within which time the monitor had checked 99 of 100 events."""

    tps: float
    lag_p99_ms: float | None


async def live(directory: Path, *, rounds: int, clients: int, seconds: int, scale: int) -> list[Figure]:
    """A server without a trace, with one, and with a monitor, in turn: what else the machine does meets all three."""
    runs: dict[str, list[Live]] = {name: [] for name in VARIANTS}
    for number in range(rounds):
        for name, options in VARIANTS.items():
            place = directory / f"{name.replace(' ', '-')}-{number}"
            place.mkdir()
            runs[name].append(await _one(place, options, clients, seconds, scale))
            print(f"round {number + 1}: {name}: {runs[name][-1].tps:.0f} transactions/s", flush=True)
    plain, traced, watched = ([one.tps for one in runs[name]] for name in VARIANTS)
    lags = [one.lag_p99_ms for one in runs["trace and monitor"] if one.lag_p99_ms is not None]
    return [
        figure(f"{WORKLOAD}, trace / no trace (goal 0.90)", "transactions/s", traced, plain),
        figure(f"{WORKLOAD}, trace and monitor / trace (goal 0.95)", "transactions/s", watched, traced),
        figure("monitor, lag p99 at most (goal 1,000)", "ms", lags),
    ]


async def _one(place: Path, options: tuple[str, ...], clients: int, seconds: int, scale: int) -> Live:
    data = place / "data"
    options = tuple(str(place / "trace") if option == "trace" else option for option in options)
    with served(data, *options) as port:
        fill(port, scale)
        if "--monitor" in options:
            _wait_until_caught_up(data)
        before = _lag_counts(data)
        found = await run(Target(port, "admin", ""), WORKLOAD, place, clients=clients, seconds=seconds)
        if "--monitor" in options:
            _wait_until_caught_up(data)  # The events that it has not checked yet are the slow ones.
        counts = [now - then for now, then in zip(_lag_counts(data), before, strict=True)]
    return Live(found.tps, at_most_ms(counts, 0.99))


def _status(data: Path) -> dict[str, object]:
    try:
        status: dict[str, object] = json.loads((data / STATUS).read_text())
    except FileNotFoundError:
        return {}
    return status


def _lag_counts(data: Path) -> list[int]:
    counts = _status(data).get("lag_counts", [])
    assert isinstance(counts, list)
    return counts


def _wait_until_caught_up(data: Path) -> None:
    """Also while the monitor loads its specs: what it missed then is no lag under load."""
    while (status := _status(data)).get("lag_counts") is None or float(str(status["lag_ms"])) > CAUGHT_UP_MS:
        time.sleep(0.2)
