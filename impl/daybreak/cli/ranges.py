"""`daybreak ranges`: which adjudicator owns which keys; split, merge and move them while clients are at work."""

from __future__ import annotations

import argparse

import msgspec
from rich.console import Console
from rich.table import Table

from daybreak.cli.asking import said
from daybreak.errors import RequestError


def run_list(arguments: argparse.Namespace) -> int:
    """Print all ranges."""
    answer = said(arguments, {"do": "list"})
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(answer["ranges"])).decode())
        return 0
    table = Table("adjudicator", "transactions/s")
    for name in ("low key", "high key"):
        table.add_column(name, overflow="fold")
    for row in msgspec.convert(answer["ranges"], list[dict[str, object]]):
        values = (row[name] for name in ("adjudicator", "transactions_per_second", "low_key", "high_key"))
        table.add_row(*("-" if value is None else str(value) for value in values))
    Console().print(table)
    return 0


def run_order(arguments: argparse.Namespace) -> int:
    """Have one thing done, and say what was done."""
    at, to = list(arguments.at), None
    if arguments.ranges_command == "move":
        if len(at) < 2:
            raise RequestError("move what, where to? give a key and an adjudicator: 40000000 adj-1", sqlstate="42601")
        to = at.pop()
    print(said(arguments, {"do": arguments.ranges_command, "at": at, "to": to})["done"])
    return 0
