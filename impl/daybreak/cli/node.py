"""`daybreak node`: run the roles of one zone until SIGTERM or SIGINT, or the end of standard input.

Or run, with ``--config`` alone, all that belongs on a machine of a cluster.

A server starts three of these, so this module imports no more than they need.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import msgspec
import uvloop

from daybreak import cluster
from daybreak.base.topology import EVERY_ZONE
from daybreak.cli.arguments import DATA, Parser, add_addresses
from daybreak.cli.running import begin_by_stdin, stop_signals
from daybreak.cli.running import run as until_stopped
from daybreak.control.machine import over_tcp
from daybreak.errors import DaybreakError
from daybreak.node import NodeProcess, Settings

ALL = "all"


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments of the subcommand."""
    parser = Parser(prog="daybreak node", description="Runs the roles of one zone, or a machine of a cluster.")
    parser.add_argument("--zone", choices=EVERY_ZONE, help="the zone; may be left out with --config")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="run what this file of daybreak cluster init says, or its --zone"
    )
    parser.add_argument(
        "--role",
        action="append",
        choices=(*cluster.ZONE_ROLES, ALL),
        help="a role to run, may be repeated (default: all of the zone)",
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="data directory (default .daybreak)")
    parser.add_argument("--trace", type=Path, metavar="DIR", help="write every protocol step to DIR")
    add_addresses(parser)
    parser.add_argument("--chaos", action="store_true", help="obey daybreak chaos; for tests")
    parser.add_argument("--with-stdin", action="store_true", help="begin at standard input's first byte, end with it")
    found = parser.parse_args(argv)
    if found.config is None and found.zone is None:
        parser.error("which zone? give --zone, or --config")
    if found.config is not None and (found.listen or found.peer or found.data is not None):
        parser.error("--data, --listen and --peer are said by the file of --config; leave them out")
    if found.zone is None and (found.role or found.with_stdin):
        parser.error("--role and --with-stdin are for one zone; give --zone")
    found.data = found.data or DATA
    return found


def main(argv: list[str]) -> int:
    """Run the zone; 0 after an orderly stop, 1 after a failure."""
    arguments = parse(argv)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    logging.raiseExceptions = False  # a supervisor that was killed reads no log
    try:
        if arguments.zone is None:
            from daybreak.cli import machine  # a zone's process does not need it

            return uvloop.run(machine.run(arguments.config, arguments.trace, chaos=arguments.chaos))
        return uvloop.run(_run(_settings(arguments), with_stdin=arguments.with_stdin))
    except DaybreakError as error:
        hint = f" ({error.hint})" if error.hint else ""
        print(f"daybreak: {error.message}{hint}", file=sys.stderr)
        return 1


def _settings(arguments: argparse.Namespace) -> Settings:
    roles = arguments.role or [ALL]
    chosen = cluster.ZONE_ROLES if ALL in roles else tuple(roles)
    settings = Settings(
        data=arguments.data,
        zone=arguments.zone,
        roles=chosen,
        trace=arguments.trace,
        listen=arguments.listen,
        peers=dict(arguments.peer),
        chaos=arguments.chaos,
    )
    if arguments.config is None:
        return settings
    listen, peers, certificates = over_tcp(arguments.config, settings.zone)
    data = arguments.config.parent
    return msgspec.structs.replace(settings, data=data, listen=listen, peers=dict(peers), certificates=certificates)


async def _run(settings: Settings, *, with_stdin: bool) -> int:
    stop = stop_signals()
    begin = begin_by_stdin(stop) if with_stdin else None
    node = NodeProcess(settings)

    def ready() -> None:
        print(f"ready: {' '.join(node.nodes)} of {settings.data}", flush=True)

    return await until_stopped(node, node.start(begin), stop, ready)
