"""The command, for `python -m historycheck` and for programs that have it as one of theirs.

Exit codes: 0 strong snapshot isolation, 1 not, 2 undecided or bad usage.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from historycheck.check import check
from historycheck.errors import HistoryError
from historycheck.files import read
from historycheck.model import Report
from historycheck.picture import page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a history: .edn, .json or .ndjson")
    parser.add_argument(
        "--black-box", action="store_true", help="judge by what clients saw alone, without the database's times"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with a picture of each anomaly")


def run(arguments: argparse.Namespace, program: str) -> int:
    """Judge a file and print the verdict; returns the exit code."""
    try:
        history = read(arguments.file)
        report = check(history, black_box=arguments.black_box)
        if arguments.html:
            _write(arguments.html, page(history, report))
    except HistoryError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    print(msgspec.json.encode(report).decode() if arguments.json else render(report))
    return 0 if report.valid else 1 if report.anomalies else 2


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HistoryError(
            f"{path}: cannot be written: {error.strerror}; name a file in a directory that is there"
        ) from None


def render(report: Report) -> str:
    """The verdict, and a line for each anomaly."""
    if report.anomalies:
        verdict = f"NOT strong snapshot isolation: {_count(len(report.anomalies), 'anomaly', 'anomalies')} in "
    elif report.undecided:
        verdict = f"undecided: {report.undecided}; "
    else:
        verdict = "strong snapshot isolation: "
    lines = [verdict + _count(report.transactions, "transaction", "transactions")]
    lines += [f"  {anomaly.name}: {anomaly.sentence}" for anomaly in report.anomalies]
    lines += [f"  allowed: {anomaly.name}: {anomaly.sentence}" for anomaly in report.allowed]
    return "\n".join(lines)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def main(argv: list[str] | None = None) -> int:
    """`python -m historycheck FILE`."""
    parser = argparse.ArgumentParser(
        prog="python -m historycheck", description="Is a history strong snapshot isolation?"
    )
    add_arguments(parser)
    return run(parser.parse_args(argv), "historycheck")
