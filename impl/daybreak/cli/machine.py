"""`daybreak node --config FILE`: run all processes of one machine of a cluster until SIGTERM or SIGINT."""

from __future__ import annotations

from pathlib import Path

from daybreak.cli.running import run as until_stopped
from daybreak.cli.running import stop_signals
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
    stop = stop_signals()
    regions = Regions(settings)

    def ready() -> None:
        for taken in regions.ports.values():
            print(f"ready: postgresql://admin@{clients.host}:{taken}/postgres", flush=True)
        if not regions.ports:
            print(f"ready: {' '.join(regions.zones)} of {file.parent}", flush=True)

    return await until_stopped(regions, regions.start(), stop, ready)
