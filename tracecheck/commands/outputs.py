"""The reports that a check can write, for every command that checks."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path

from tracecheck.certificate import runs_of, write
from tracecheck.errors import UsageError
from tracecheck.feed import ordered
from tracecheck.mapping import common_format
from tracecheck.minimise import explained
from tracecheck.plan import Plan
from tracecheck.read import log_files
from tracecheck.report import CONFORMS, Result
from tracecheck.report.annotations import annotate
from tracecheck.report.junit import junit
from tracecheck.report.page import collect, page
from tracecheck.report.sarif import sarif
from tracecheck.tlc.jvm import on_deep_stack

_STDOUT = "-"


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Adds an option per report."""
    group = parser.add_argument_group("reports", "each is written whatever the verdict; - is standard output")
    group.add_argument("--json", metavar="FILE", help="the result as JSON; what `explain` reads")
    group.add_argument("--junit", metavar="FILE", help="as JUnit's XML")
    group.add_argument("--sarif", metavar="FILE", help="as SARIF 2.1.0")
    group.add_argument("--html", metavar="FILE", help="as one HTML page with a space-time diagram")
    group.add_argument("--annotations", action="store_true", help="print what GitHub shows beside the lines")
    group.add_argument("--certificate", metavar="DIR", help="accepted runs as TLA+ modules that plain TLC can re-check")


def write_outputs(
    arguments: argparse.Namespace, plans: Sequence[Plan], results: Sequence[Result], logs: Sequence[str | Path]
) -> list[Result]:
    """Writes what is wanted; returns the results, with minimised traces if a report shows them. Raises UsageError."""
    if any((arguments.json, arguments.junit, arguments.sarif, arguments.html)):
        pairs = list(zip(plans, results, strict=True))
        results = on_deep_stack(lambda: [explained(plan, result, logs) for plan, result in pairs])
    if arguments.json:
        documents = [result.to_json() for result in results]
        _put(arguments.json, json.dumps(documents[0] if len(documents) == 1 else documents, indent=2) + "\n")
    if arguments.junit:
        _put(arguments.junit, junit(results).decode())
    if arguments.sarif:
        _put(arguments.sarif, json.dumps(sarif(results), indent=2) + "\n")
    if arguments.html:
        _put(arguments.html, html(plans, results, logs))
    if arguments.annotations:
        print("\n".join(annotate(results)))
    if arguments.certificate:
        for plan, result in zip(plans, results, strict=True):
            certify(plan, result, logs, Path(arguments.certificate))
    return list(results)


def html(plans: Sequence[Plan], results: Sequence[Result], logs: Sequence[str | Path]) -> str:
    """The page, with the events of `logs`. Raises UsageError."""
    items = ordered(log_files(logs, common_format(plan.mapping for plan in plans)))
    return page(results, collect(items, [r.rejection for r in results if r.rejection is not None]))


def certify(plan: Plan, result: Result, logs: Sequence[str | Path], directory: Path) -> list[Path]:
    """Writes a certificate for each slice that conforms, in a directory of its own below `directory`."""
    accepted = {part.name for part in result.slices if part.verdict == CONFORMS}
    items = ordered(log_files(logs, plan.mapping.log))
    runs = on_deep_stack(lambda: runs_of(plan, items, accepted=accepted))
    names = [_folder(plan, run.slice, number) for number, run in enumerate(runs, 1)]
    return [write(plan, [run], directory / name) for run, name in zip(runs, names, strict=True)]


def _folder(plan: Plan, slice_name: str | None, number: int) -> str:
    spec = Path(plan.spec).stem
    return spec if slice_name is None else f"{spec}-{number}-{re.sub(r'[^A-Za-z0-9_.-]', '_', slice_name)[:40]}"


def _put(path: str, text: str) -> None:
    if path == _STDOUT:
        print(text, end="")
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot write the report: {error.strerror}") from None
