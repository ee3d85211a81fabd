"""The command: `daybreak modelcheck`, or `python -m daybreak.modelcheck`."""

from __future__ import annotations

import argparse
import difflib
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.live import Live

from daybreak.base.places import MANIFEST, specs_dir
from daybreak.errors import DaybreakError, RequestError
from daybreak.modelcheck import output, report
from daybreak.modelcheck.manifest import Kind, Model, Suite, load_suite
from daybreak.modelcheck.pages import publish, why
from daybreak.modelcheck.pages.exhibit import Gallery
from daybreak.modelcheck.progress import LiveProgress, PlainProgress
from daybreak.modelcheck.resources import cores
from daybreak.modelcheck.runner import Result, Runner

_TLC = "tlc2/TLC.class"
_ABOUT = "Run the models of the specs through TLC, and compare each result with the manifest."
_MORE = """
Models are explored whole, or, where the manifest says so, simulated: many random behaviours of a larger instance,
the same ones each time. A model is given up when it takes longer, or more memory, than the manifest allows; as many
run at a time as there are cores, and fewer while their heaps do not fit in the free memory.

exit codes:
  0  every result is as the manifest says
  1  some result differs: another property, another number of states, an action that is never taken, a spec that TLC
     cannot evaluate
  2  no result: bad usage, an unknown name, a file that is missing or cannot be parsed, out of memory or time.
     Each such model is told on one line, `file:line: reason`; the other models run all the same.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="daybreak modelcheck",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="models to run (default: all but the nightly ones)")
    which = parser.add_argument_group("which models")
    which.add_argument("--nightly", action="store_true", help="the large ones too, which take minutes each")
    which.add_argument("--rung", type=int, metavar="N", help="those of rung N of the ladder")
    which.add_argument("--kind", choices=get_args(Kind), help="those of one kind")
    which.add_argument("--list", action="store_true", help="list them and run none")
    results = parser.add_argument_group("results")
    results.add_argument("--json", type=Path, metavar="FILE", help="write them to FILE too, with every counterexample")
    results.add_argument("--junit", type=Path, metavar="FILE", help="write them to FILE too, as JUnit's XML")
    results.add_argument("--html", type=Path, metavar="DIR", help="write a page for every violated model into DIR")
    results.add_argument("--why", type=Path, metavar="DIR", help="write the pages about why each rule exists into DIR")
    results.add_argument("--check", action="store_true", help="with --why: do not write, compare with what is there")
    how = parser.add_argument_group("how")
    how.add_argument("--jar", type=Path, metavar="PATH", help="another tla2tools.jar")
    how.add_argument("--manifest", type=Path, metavar="FILE", help="another manifest")
    how.add_argument("--jobs", type=int, metavar="N", help="at most N models at a time (default: one per core)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code. A wrong option ends with code 2, as argparse does it."""
    options = _parser().parse_args(argv)
    console = report.make_console()
    try:
        return _run(options, console)
    except DaybreakError as error:
        _complain(str(error))
        return 2
    except KeyboardInterrupt:
        _complain("interrupted")
        return 2


def _run(options: argparse.Namespace, console: Console) -> int:
    suite = load_suite(options.manifest or specs_dir() / MANIFEST)
    unknown = _unknown(suite, options.names)
    models = [model for model in suite.models if _wanted(model, options)]
    if not models and not unknown:
        raise RequestError("no model is chosen; --list --nightly shows all")
    if options.list:
        for model in models:
            expected = report.expectation(model)
            console.print(f"{model.name:34} {model.kind:10} {expected:40} {model.says}", soft_wrap=True, markup=False)
        return 2 if unknown else 0
    gallery = Gallery(suite)
    if options.why is not None:
        why.demand(gallery, models)
    elif options.check:
        raise RequestError("--check goes with --why DIR")
    results = _check(console, models, Runner(suite, jobs=_checked_jobs(options), jar=options.jar)) if models else []
    if options.json is not None:
        output.write_json(options.json, results)
    if options.junit is not None:
        output.write_junit(options.junit, results)
    if results:
        report.show(console, gallery, results, expected=bool(options.names))
    if options.html is not None:
        files = publish.write_violations(gallery, results, options.html)
        console.print(f"{len(files)} pages in {options.html}", soft_wrap=True)
    told = _told(results) or _why(options, gallery, results)
    return 2 if unknown else told


def _why(options: argparse.Namespace, gallery: Gallery, results: Sequence[Result]) -> int:
    """Writes the pages about why each rule exists, or compares them; returns the exit code."""
    if options.why is None:
        return 0
    if not options.check:
        publish.write_why(gallery, results, options.why)
        return 0
    stale = publish.check_why(gallery, results, options.why)
    for line in stale:
        _complain(line)
    return 1 if stale else 0


def _unknown(suite: Suite, names: Sequence[str]) -> list[str]:
    """Those of `names` that no model has, after telling each."""
    known = [model.name for model in suite.models]
    unknown = [name for name in names if name not in known]
    for name in unknown:
        close = difflib.get_close_matches(name, known)
        _complain(f"no model named {name}; {'did you mean ' + ' or '.join(close) if close else '--list shows all'}")
    return unknown


def _wanted(model: Model, options: argparse.Namespace) -> bool:
    named = model.name in options.names if options.names else options.nightly or model.tier == "ci"
    return named and options.rung in (None, model.rung) and options.kind in (None, model.kind)


def _told(results: Sequence[Result]) -> int:
    """The exit code, after telling every reason why a model has no result."""
    sys.stdout.flush()
    unusable = dict.fromkeys(result.wrong for result in results if result.standing == "UNUSABLE")
    for reason in unusable:
        _complain(reason)
    if unusable:
        return 2
    return 0 if all(result.ok for result in results) else 1


def _complain(line: str) -> None:
    print(f"daybreak modelcheck: {line}", file=sys.stderr)


def _checked_jobs(options: argparse.Namespace) -> int:
    """How many models at a time. Refuses, before any model runs, what could only fail after it."""
    if options.jar is not None:
        _check_jar(options.jar)
    for file in (options.json, options.junit):
        if file is not None and not file.absolute().parent.is_dir():
            raise RequestError(f"{file}: no such directory")
    jobs: int = cores() if options.jobs is None else options.jobs
    if jobs < 1:
        raise RequestError(f"--jobs {jobs}: must be at least 1")
    return jobs


def _check_jar(jar: Path) -> None:
    if not jar.is_file():
        raise RequestError(f"{jar}: no such jar")
    if not _has_tlc(jar):
        raise RequestError(f"{jar}: no tla2tools.jar, for it has no {_TLC}")


def _has_tlc(jar: Path) -> bool:
    if not zipfile.is_zipfile(jar):
        return False
    with zipfile.ZipFile(jar) as files:
        return _TLC in files.namelist()


def _check(console: Console, models: Sequence[Model], runner: Runner) -> list[Result]:
    if not console.is_terminal:
        return runner.run(models, PlainProgress(console, len(models)))
    with Live(console=console, transient=True) as live:
        return runner.run(models, LiveProgress(live, len(models)))
