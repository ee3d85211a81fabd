"""`daybreak region`: the process of a region, which `daybreak serve` or `daybreak node` supervises."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import uvloop

from daybreak.base.topology import EVERY_REGION
from daybreak.cli.arguments import DATA, port, rate, share
from daybreak.cli.running import begin_by_stdin, stop_signals
from daybreak.cli.running import run as until_stopped
from daybreak.control.balancer import SPLIT_ABOVE
from daybreak.control.datadir import DataDirectory
from daybreak.control.leading import LEAD_SHARE
from daybreak.control.machine import CLIENTS, OverTcp, over_tcp, read_address, read_machine
from daybreak.instance import Instance, Settings
from daybreak.zones import APART


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the subcommand."""
    parser.add_argument("--name", required=True, choices=EVERY_REGION, help="the region")
    parser.add_argument("--port", type=port, required=True, help="port for clients")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="data directory (default .daybreak)")
    where.add_argument("--config", type=Path, metavar="FILE", help="what describes this machine of a cluster")
    parser.add_argument("--trace", type=Path, metavar="DIR", help="write every protocol step to DIR")
    parser.add_argument("--chaos", action="store_true", help="obey daybreak chaos; for tests")
    parser.add_argument("--split-above", type=rate, default=SPLIT_ABOVE, metavar="COMMITS", help="as of daybreak serve")
    parser.add_argument("--lead-share", type=share, default=LEAD_SHARE, metavar="PERCENT", help="as of daybreak serve")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the region until SIGTERM, SIGINT or the end of standard input; 0 after an orderly stop."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    logging.raiseExceptions = False  # a supervisor that was killed reads no log
    machine: Path | None = arguments.config
    settings = Settings(
        data=arguments.data if machine is None else machine.parent,
        host=CLIENTS.host if machine is None else read_address(read_machine(machine).clients).host,
        over_tcp=OverTcp() if machine is None else over_tcp(machine, arguments.name),
        port=arguments.port,
        trace=arguments.trace,
        processes=APART,
        chaos=arguments.chaos,
        split_above=arguments.split_above,
        lead_share=arguments.lead_share,
    )
    return uvloop.run(serve(settings, arguments.name, alone=machine is not None))


async def serve(settings: Settings, region: str, *, alone: bool = False) -> int:
    """Run a region until told to stop; 0. One that is `alone` has its machine for itself."""
    stop = stop_signals()
    begin_by_stdin(stop)  # its end is the order to stop; it need not be told to begin
    instance = Instance(settings, await DataDirectory.of_region(settings.data, region, alone=alone))
    return await until_stopped(instance, instance.start(), stop)
