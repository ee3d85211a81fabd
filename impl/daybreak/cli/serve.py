"""`daybreak serve`: run a server until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from pathlib import Path

import uvloop

from daybreak.cli.monitor import MonitorProcess, forget_status
from daybreak.instance import Instance, Settings
from daybreak.zones import OverTcp


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop; 0 after an orderly stop."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    trace: Path | None = arguments.trace
    monitored = arguments.monitor or arguments.metrics is not None
    if trace is None and monitored:
        trace = arguments.data / "trace"
    settings = Settings(
        data=arguments.data,
        port=arguments.port,
        trace=trace,
        adjudicators=arguments.adjudicators,
        processes=arguments.processes,
        over_tcp=OverTcp(arguments.listen, dict(arguments.peer)),
        chaos=arguments.chaos,
        split_above=arguments.split_above,
    )
    return uvloop.run(_serve(settings, monitored=monitored, metrics=arguments.metrics))


async def _serve(settings: Settings, *, monitored: bool, metrics: int | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    instance = Instance(settings)
    await instance.start()
    forget_status(settings.data)
    monitor: MonitorProcess | None = None
    try:
        if monitored and settings.trace is not None:
            monitor = MonitorProcess(settings.trace, settings.data, metrics)
        print(f"ready: postgresql://admin@{settings.host}:{instance.port}/postgres", flush=True)
        stopping = loop.create_task(stop.wait())
        await asyncio.wait((stopping, instance.failure), return_when=asyncio.FIRST_COMPLETED)
        if instance.failure.done():
            await instance.failure
    finally:
        await instance.stop()
        if monitor is not None:
            await loop.run_in_executor(None, monitor.stop)
    return 0
