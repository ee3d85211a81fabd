"""`daybreak serve`: run a server until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from pathlib import Path

import uvloop

from daybreak.cli.monitor import MonitorProcess, forget_status
from daybreak.control.datadir import regions_of
from daybreak.control.machine import OverTcp
from daybreak.errors import OperatorError
from daybreak.instance import Instance, Settings
from daybreak.regions import Regions
from daybreak.regions import Settings as RegionsSettings
from daybreak.zones import ZONES


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop; 0 after an orderly stop."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    trace: Path | None = arguments.trace
    monitored = arguments.monitor or arguments.metrics is not None
    if trace is None and monitored:
        trace = arguments.data / "trace"
    regions = arguments.regions if arguments.regions is not None else regions_of(arguments.data)
    if regions > 1:
        several = regions_settings(arguments, trace)
        return uvloop.run(_serve(several, monitored=monitored, metrics=arguments.metrics))
    settings = Settings(
        data=arguments.data,
        port=arguments.port,
        trace=trace,
        adjudicators=arguments.adjudicators,
        processes=arguments.processes,
        over_tcp=OverTcp(arguments.listen, dict(arguments.peer)),
        chaos=arguments.chaos,
        split_above=arguments.split_above,
        lead_share=arguments.lead_share,
    )
    return uvloop.run(_serve(settings, monitored=monitored, metrics=arguments.metrics))


def regions_settings(arguments: argparse.Namespace, trace: Path | None) -> RegionsSettings:
    """How to run a cluster of several regions; OperatorError for what belongs to one region alone."""
    if arguments.processes != ZONES or arguments.listen is not None or arguments.peer:
        raise OperatorError("--processes, --listen and --peer are for one region; leave them out with --regions")
    first: int = arguments.port
    after = first + 1 if first else 0
    second: int = arguments.port_b if arguments.port_b is not None else after
    return RegionsSettings(
        data=arguments.data,
        ports=(first, second),
        trace=trace,
        adjudicators=arguments.adjudicators,
        split_above=arguments.split_above,
        lead_share=arguments.lead_share,
        chaos=arguments.chaos,
    )


async def _serve(settings: Settings | RegionsSettings, *, monitored: bool, metrics: int | None) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    instance = Instance(settings) if isinstance(settings, Settings) else Regions(settings)
    await instance.start()
    forget_status(settings.data)
    monitor: MonitorProcess | None = None
    try:
        if monitored and settings.trace is not None:
            monitor = MonitorProcess(settings.trace, settings.data, metrics)
        for taken in instance.ports.values():
            print(f"ready: postgresql://admin@{settings.host}:{taken}/postgres", flush=True)
        stopping = loop.create_task(stop.wait())
        await asyncio.wait((stopping, instance.failure), return_when=asyncio.FIRST_COMPLETED)
        if instance.failure.done():
            await instance.failure
    finally:
        await instance.stop()
        if monitor is not None:
            await loop.run_in_executor(None, monitor.stop)
    return 0
