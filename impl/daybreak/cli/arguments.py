"""What the arguments of all subcommands have in common."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from daybreak.base.ranges import MAX_ADJUDICATORS
from daybreak.base.topology import EVERY_PROCESS
from daybreak.control.machine import read_address
from daybreak.runtime.remote.peers import TcpAddress

DATA = Path(".daybreak")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """One line, exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def port(text: str) -> int:
    """A port number; 0 takes a free one."""
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port number (0 to 65535)")
    return int(text)


def adjudicators(text: str) -> int:
    """How many adjudicators a cluster has."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_ADJUDICATORS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of adjudicators (1 to {MAX_ADJUDICATORS})")
    return int(text)


def rate(text: str) -> int:
    """Transactions per second, from 0."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of transactions per second")
    return int(text)


def share(text: str) -> int:
    """A percentage of more than half, or 0."""
    if not text.isascii() or not text.isdigit() or not (int(text) == 0 or 50 < int(text) <= 100):
        raise argparse.ArgumentTypeError(f"{text!r} is no percentage of more than half (51 to 100), nor 0")
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def address(text: str) -> TcpAddress:
    """A TCP address, ``HOST:PORT`` or ``[HOST]:PORT``."""
    try:
        return read_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def peer(text: str) -> tuple[str, TcpAddress]:
    """The address of another process of the cluster, ``NAME=HOST:PORT``."""
    name, _, rest = text.partition("=")
    if name not in EVERY_PROCESS:
        raise argparse.ArgumentTypeError(
            f"{text!r} names none of the processes {', '.join(EVERY_PROCESS)} as NAME=HOST:PORT"
        )
    return name, address(rest)


def add_addresses(parser: argparse.ArgumentParser) -> None:
    """The options of a process that talks to others over TCP."""
    parser.add_argument(
        "--listen", type=address, metavar="HOST:PORT", help="listen there for other processes (default: a Unix socket)"
    )
    parser.add_argument(
        "--peer",
        type=peer,
        action="append",
        default=[],
        metavar="NAME=HOST:PORT",
        help="where that process of the cluster listens; may be repeated (default: a Unix socket)",
    )
