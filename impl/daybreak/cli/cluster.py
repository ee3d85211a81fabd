"""`daybreak cluster`: make the directories of a cluster on several machines, and renew their certificates."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daybreak.base.ranges import ADJUDICATORS
from daybreak.base.topology import EVERY_ZONE, TOPOLOGIES
from daybreak.cli.arguments import address, adjudicators, port, positive
from daybreak.control.authority import DAYS, KEY
from daybreak.control.machine import CERTIFICATES, CLIENTS, CONFIG
from daybreak.control.newcluster import init, plan, renew
from daybreak.errors import RequestError
from daybreak.runtime.remote.peers import TcpAddress

EVERY_PLACE = tuple(sorted({place for topology in TOPOLOGIES.values() for place in topology.places}))
"""The names that a region can have, that of a witness too."""
MOST_DAYS = 3650
Named = tuple[str, TcpAddress]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the subcommands."""
    commands = parser.add_subparsers(dest="cluster_command", required=True, metavar="COMMAND")
    new = commands.add_parser("init", help="make a directory for each machine of a new cluster")
    new.add_argument("directory", type=Path, metavar="DIR", help="where; it must not be there yet, or be empty")
    for option, names, what in (
        ("--region", EVERY_PLACE, "a region, or W, the witness: its processes listen there and on the next ports"),
        ("--zone", EVERY_ZONE, "a zone that has a machine of its own, not that of its region"),
    ):
        read = _named(names)
        new.add_argument(option, type=read, action="append", default=[], metavar="NAME=HOST:PORT", help=what)
    new.add_argument("--port", type=port, default=CLIENTS.port, help=f"port for clients (default {CLIENTS.port})")
    parts = "cut the keys into N parts, as daybreak serve does"
    new.add_argument("--adjudicators", type=adjudicators, default=ADJUDICATORS, metavar="N", help=parts)
    new.set_defaults(run=run_init)
    again = commands.add_parser("renew", help="make new keys and certificates for the machines of a cluster")
    again.add_argument("directory", type=Path, metavar="DIR", help="where the cluster was made")
    again.set_defaults(run=run_renew)
    for command in (new, again):
        command.add_argument(
            "--days", type=_days, default=DAYS, help=f"certificates are good for so long (default {DAYS})"
        )


def _named(names: Sequence[str]) -> Callable[[str], Named]:
    def read(text: str) -> Named:
        name, _, rest = text.partition("=")
        if name not in names:
            raise argparse.ArgumentTypeError(f"{text!r} names none of {', '.join(names)} as NAME=HOST:PORT")
        return name, address(rest)

    return read


def _days(text: str) -> int:
    if (days := positive(text)) > MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is more than {MOST_DAYS} days")
    return days


def _once(option: str, given: list[Named]) -> dict[str, TcpAddress]:
    names = [name for name, _ in given]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise RequestError(f"{option} {twice[0]} is there more than once")
    return dict(given)


def run_init(arguments: argparse.Namespace) -> int:
    """Make a cluster, and say what is to be done with it."""
    directory: Path = arguments.directory
    planned = plan(_once("--region", arguments.region), _once("--zone", arguments.zone))
    cluster = init(directory, planned, arguments.adjudicators, arguments.port, arguments.days)
    print(f"cluster {cluster}; its certificates are good until {_until(arguments.days)}")
    for machine, runs in planned.machines.items():
        print(f"{directory / machine}: " + ", ".join(f"{name} at {planned.members[name]}" for name in runs))
    print(f"take each directory to its machine, and run there: daybreak node --config NAME/{CONFIG}")
    print(f"keep {directory / KEY} where nobody gets it: who has it can join the cluster")
    return 0


def run_renew(arguments: argparse.Namespace) -> int:
    """Renew all certificates, and say for whom."""
    for place, runs in renew(arguments.directory, arguments.days).items():
        print(f"{place}: {', '.join(runs)}, good until {_until(arguments.days)}")
    print(f"take each {CERTIFICATES} to its machine, over the old one: it counts from the next connection on")
    return 0


def _until(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"
