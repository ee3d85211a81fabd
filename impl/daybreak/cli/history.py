"""`daybreak history check`: is what clients saw strong snapshot isolation?"""

from __future__ import annotations

import argparse

from historycheck import command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The subcommands."""
    commands = parser.add_subparsers(dest="history_command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="judge a file: 0 strong snapshot isolation, 1 not, 2 undecided")
    command.add_arguments(check)
    check.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Judge a file; 0 if it is strong snapshot isolation, 1 if not, 2 if that is undecided or the file is no
    history."""
    return command.run(arguments, "daybreak")
