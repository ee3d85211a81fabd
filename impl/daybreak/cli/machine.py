"""`daybreak node --config FILE`: run all processes of one machine of a cluster until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from daybreak.control.datadir import identity
from daybreak.control.machine import read_address, read_machine
from daybreak.regions import Regions, Settings


async def run(file: Path, trace: Path | None, *, chaos: bool) -> int:
    """0 after an orderly stop."""
    machine = read_machine(file)
    clients = read_address(machine.clients)
    endpoints = sum(name in identity(file.parent).topology.regions for name in machine.runs)
    settings = Settings(
        data=file.parent,
        ports=(clients.port,) * endpoints,
        host=clients.host,
        trace=trace,
        chaos=chaos,
        machine=file,
        runs=machine.runs,
    )
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stopping = loop.create_task(stop.wait())
    regions = Regions(settings)
    starting = loop.create_task(regions.start())
    await asyncio.wait((stopping, starting), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():  # it waits for other machines, perhaps
        starting.cancel()
        await asyncio.wait((starting,))
        return 0
    await starting
    try:
        for taken in regions.ports.values():
            print(f"ready: postgresql://admin@{clients.host}:{taken}/postgres", flush=True)
        if not regions.ports:
            print(f"ready: {' '.join(regions.zones)} of {file.parent}", flush=True)
        await asyncio.wait((stopping, regions.failure), return_when=asyncio.FIRST_COMPLETED)
        if regions.failure.done():
            await regions.failure
    finally:
        await regions.stop()
    return 0
