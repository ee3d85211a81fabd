"""The command: `daybreak modelcheck`, or `python -m daybreak.modelcheck`.

Exit codes: 0 every result is as the manifest says, 1 some result differs, 2 bad usage or a spec that cannot be read.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live

from daybreak.base.places import MANIFEST, specs_dir
from daybreak.errors import DaybreakError, RequestError
from daybreak.modelcheck import report
from daybreak.modelcheck.manifest import Model, load_suite
from daybreak.modelcheck.runner import Result, Runner

_MOST_JOBS = 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="daybreak modelcheck", description="Run the models of the specs and compare with the manifest."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="models to run (default: all)")
    parser.add_argument("--list", action="store_true", help="list the models and run none")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to FILE too")
    parser.add_argument("--jar", type=Path, metavar="PATH", help="another tla2tools.jar")
    parser.add_argument("--manifest", type=Path, metavar="FILE", help="another manifest")
    parser.add_argument("--jobs", type=int, metavar="N", help="models at a time, each on one core")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code. A wrong option ends with code 2, as argparse does it."""
    options = _parser().parse_args(argv)
    console = report.make_console()
    try:
        return _run(options, console)
    except DaybreakError as error:
        for line in str(error).splitlines():
            print(f"daybreak modelcheck: {line}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("daybreak modelcheck: interrupted", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace, console: Console) -> int:
    suite = load_suite(options.manifest or specs_dir() / MANIFEST)
    models = suite.chosen(options.names)
    if options.list:
        for model in models:
            console.print(
                f"{model.name:34} {model.kind:10} {report.expectation(model):40} {model.says}", soft_wrap=True
            )
        return 0
    results = _check(console, models, Runner(suite, jobs=_checked_jobs(options), jar=options.jar))
    unusable = dict.fromkeys(result.wrong for result in results if result.outcome.verdict == "unusable")
    if unusable:
        raise RequestError("\n".join(unusable))
    report.show(console, results)
    if options.json is not None:
        report.write_json(options.json, results)
    return 0 if all(result.ok for result in results) else 1


def _checked_jobs(options: argparse.Namespace) -> int:
    """How many models at a time. Refuses, before any model runs, what could only fail after it."""
    if options.jar is not None and not options.jar.is_file():
        raise RequestError(f"{options.jar}: no such jar")
    if options.json is not None and not options.json.absolute().parent.is_dir():
        raise RequestError(f"{options.json}: no such directory")
    jobs: int = min(_MOST_JOBS, os.cpu_count() or 1) if options.jobs is None else options.jobs
    if jobs < 1:
        raise RequestError(f"--jobs {jobs}: must be at least 1")
    return jobs


def _check(console: Console, models: Sequence[Model], runner: Runner) -> list[Result]:
    if not console.is_terminal:
        return runner.run(models, report.PlainProgress(console, len(models)))
    with Live(console=console, transient=True) as live:
        return runner.run(models, report.LiveProgress(live, len(models)))
