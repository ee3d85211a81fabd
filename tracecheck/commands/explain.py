"""`python -m tracecheck explain`: all there is to say of a rejection, and the page that shows it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tracecheck.check import check_all
from tracecheck.commands.check import add_spec, plan_of
from tracecheck.commands.outputs import html
from tracecheck.errors import UsageError
from tracecheck.minimise import explained
from tracecheck.report import INCONCLUSIVE, VIOLATES, Result, explain, from_json
from tracecheck.report.page import Events, page
from tracecheck.tlc.jvm import on_deep_stack

DEFAULT_PAGE = "tracecheck.html"
_EXIT_CODES = {VIOLATES: 1, INCONCLUSIVE: 2}


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Adds the command to `commands`; `common` has the options of all commands that load a spec."""
    parser = commands.add_parser("explain", parents=[common], help="say in full why an event is not allowed")
    add_spec(parser, required=False)
    parser.add_argument("--html", default=DEFAULT_PAGE, metavar="FILE", help=f"the page; {DEFAULT_PAGE} if left out")
    parser.add_argument(
        "what",
        nargs="+",
        metavar="RESULT.json|LOG",
        help="a result that `check --json` or a monitor has written; or logs, with --spec and --mapping",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explains each rejection, and writes the page; returns the exit code of the worst verdict."""
    if arguments.spec is None and arguments.mapping is None:
        results, text = _read(arguments.what)
    elif arguments.spec is None or arguments.mapping is None:
        raise UsageError("logs are explained with both --spec and --mapping")
    else:
        results, text = _checked(arguments)
    for result in results:
        print("\n".join(_told(result)))
    try:
        Path(arguments.html).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{arguments.html}: cannot write the page: {error.strerror}") from None
    print(f"page: {arguments.html}")
    verdicts = {result.verdict for result in results}
    return next((code for verdict, code in _EXIT_CODES.items() if verdict in verdicts), 0)


def _told(result: Result) -> Sequence[str]:
    rejections = [part.rejection for part in result.slices] + [result.rejection]
    told = dict.fromkeys(explain(rejection) for rejection in rejections if rejection is not None)
    return list(told) or [f"{result.spec}: {result.verdict}: {result.reason}"]


def _read(files: Sequence[str]) -> tuple[list[Result], str]:
    """Results as they were written. The page has no events: what the logs hold now may be something else."""
    results = []
    for file in files:
        try:
            text = Path(file).read_bytes()
        except OSError as error:
            raise UsageError(f"{file}: cannot read the result: {error.strerror}") from None
        results += from_json(text, file)
    if not results:
        raise UsageError(f"{', '.join(files)}: no result to explain")
    return results, page(results, Events())


def _checked(arguments: argparse.Namespace) -> tuple[list[Result], str]:
    """The result of a check made now, with a minimised trace, and the page with the events."""
    plan = plan_of(arguments)
    (found,) = check_all([plan], arguments.what)
    result = on_deep_stack(lambda: explained(plan, found, arguments.what))
    return [result], html([plan], [result], arguments.what)
