"""`daybreak status`: what a running server does."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec
from rich.console import Console
from rich.table import Table

from daybreak.cli.monitor import read_status
from daybreak.control.api import ask
from daybreak.control.datadir import running_server


def run(arguments: argparse.Namespace) -> int:
    """Print the status of the server on a data directory."""
    status = ask(running_server(arguments.data).control)
    status["monitor"] = read_status(arguments.data)
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(status)).decode())
        return 0
    table = Table(show_header=False)
    for name, value in _flat("", status):
        table.add_row(name, value)
    Console().print(table)
    return 0


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Nested values as rows: ``adjudicator.epoch``, ``3``."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), inner)
    else:
        yield name, "-" if value is None else str(value)
