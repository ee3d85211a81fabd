"""What the arguments of all subcommands have in common."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from daybreak.base.ranges import MAX_ADJUDICATORS

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


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)
