"""`daybreak adjudicators`: where each adjudicator runs, which is where the leader of its journal is; move them."""

from __future__ import annotations

import argparse

import msgspec
from rich.console import Console
from rich.table import Table

from daybreak.cli.asking import said


def run_list(arguments: argparse.Namespace) -> int:
    """Print all adjudicators."""
    answer = said(arguments, {"do": "leaders"})
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(answer["leaders"])).decode())
        return 0
    table = Table("adjudicator", "runs as", "zone", "region", "kept in", "transactions/s from")
    for row in msgspec.convert(answer["leaders"], list[dict[str, object]]):
        origins = msgspec.convert(row["transactions_per_second"], dict[str, float])
        told = ", ".join(f"{region}: {rate:g}" for region, rate in origins.items())
        names = ("adjudicator", "node", "zone", "region", "kept_in")
        table.add_row(*(str(row[name] or "-") for name in names), told or "-")
    Console().print(table)
    return 0


def run_order(arguments: argparse.Namespace) -> int:
    """Have one moved, or set free, and say what was done."""
    where = arguments.where if arguments.leaders_command == "move" else ""
    print(said(arguments, {"do": "lead", "at": [arguments.adjudicator], "to": where})["done"])
    return 0
