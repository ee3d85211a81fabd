"""`daybreak simulate`: whole clusters in virtual time, and judges who look for what is wrong with them."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from daybreak.cli.arguments import positive
from daybreak.cli.simulating import Display
from daybreak.errors import OperatorError, RequestError
from daybreak.simulation.campaign import Cases, Given, Judged, drawn, judged
from daybreak.simulation.case import read_case
from daybreak.simulation.corpus import Corpus, load, save
from daybreak.simulation.explain import explain, is_whole
from daybreak.simulation.profiles import PROFILES, draw
from daybreak.simulation.totals import Totals
from daybreak.simulation.worker import CASE, Orders, find_plant

SEEDS = range(100)
"""If nothing is said."""
SHRINK_MINUTES = 1.0
LIMIT_MINUTES = 5.0
"""Of real time: hundreds of times what a run takes."""


def seed(text: str) -> int:
    """A seed."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no seed, a whole number from 0")
    return int(text)


def seeds(text: str) -> range:
    """Seeds as ``A..B``, both among them."""
    found = re.fullmatch(r"([0-9]+)\.\.([0-9]+)", text, re.ASCII)
    if found is None or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no range of seeds, like 0..299")
    return range(int(found[1]), int(found[2]) + 1)


def minutes(text: str) -> float:
    """A length of time."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII) or float(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes")
    return float(text)


def span(text: str) -> float:
    """A length of time, or none."""
    return 0.0 if text == "0" else minutes(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `daybreak simulate` takes."""
    parser.add_argument("--seed", type=seed, metavar="N", help="run one seed; with --minutes: begin with it")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--seeds", type=seeds, metavar="A..B", help="run these seeds (default 0..99)")
    what.add_argument(
        "--minutes", type=minutes, metavar="M", help="run for so long, and more of what comes somewhere new"
    )
    what.add_argument("--options", type=Path, metavar="FILE", help="run the seed in FILE with the options in it")
    parser.add_argument(
        "--profile",
        choices=tuple(PROFILES),
        help="which faults there may be (default swarm; with --minutes all profiles in turn)",
    )
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="with --minutes: go on from there, and keep more there"
    )
    parser.add_argument("--jobs", type=positive, metavar="J", help="processes (default: one per core)")
    parser.add_argument("--plant", metavar="MODULE:FUNCTION", help="call this first in each process, to put a bug in")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the traces of failed seeds stay")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all verdicts to FILE too")
    parser.add_argument(
        "--limit",
        type=minutes,
        default=LIMIT_MINUTES,
        metavar="M",
        help=f"a run that computes for longer is taken for stuck (default {LIMIT_MINUTES:g} minutes)",
    )
    parser.add_argument(
        "--shrink",
        type=span,
        default=SHRINK_MINUTES,
        metavar="M",
        help=f"make the first failure small for up to so long (default {SHRINK_MINUTES:g} minutes; 0: not at all)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run what is asked for; 0 if all seeds are clean, 1 if a judge has found something, 130 if it was interrupted."""
    if "" not in sys.path:
        sys.path.insert(0, "")  # a bug to plant may lie beside who calls
    if arguments.plant is not None:
        find_plant(arguments.plant)
    _demand(arguments)
    cases, count = _cases(arguments)
    directory = _directory(arguments.keep)
    jobs = min(arguments.jobs or os.cpu_count() or 1, count or sys.maxsize)
    orders = Orders(str(directory), arguments.plant, 60 * arguments.limit, states=arguments.minutes is not None)
    campaign = _Campaign(arguments, count)
    seconds = None if arguments.minutes is None else 60 * arguments.minutes
    with closing(judged(cases, orders, jobs, seconds)) as results:
        interrupted = campaign.follow(results)
    if not interrupted and arguments.shrink:
        campaign.explain()
    campaign.conclude(directory)
    if arguments.corpus is not None and isinstance(cases, Corpus):
        save(cases, arguments.corpus)
    return 130 if interrupted else int(campaign.totals.clean < campaign.totals.seeds)


class _Campaign:
    """What is said of one, and written in the end."""

    def __init__(self, arguments: argparse.Namespace, count: int | None) -> None:
        self.totals = Totals()
        self._arguments = arguments
        self._count = count
        self._begun = time.monotonic()
        self._console = Console(soft_wrap=True, highlight=False, markup=False)
        self._rows: list[dict[str, Any]] = []
        self._first: Judged | None = None
        """The first that failed, and can be told of."""

    def follow(self, results: Iterator[Judged]) -> bool:
        """Show each verdict when it comes; whether the user has had enough."""
        try:
            with Display(self._console, self._count, self._arguments.minutes) as display:
                for result in results:
                    self.totals.add(result.verdict)
                    if self._first is None and not result.verdict.clean and is_whole(result.directory):
                        self._first = result
                    self._rows.append(_row(result, command := repeat(self._arguments, result)))
                    display.told(result, self.totals, command)
        except KeyboardInterrupt:
            return True
        return False

    def explain(self) -> None:
        """Tell of the first failure, made small, on a screen and as a page."""
        if self._first is None:
            return
        case, verdict, directory = self._first
        self._console.print(f"making seed {case.seed} small, for up to {self._arguments.shrink:g} minutes …")
        seconds, plant = 60 * self._arguments.shrink, self._arguments.plant
        self._console.print(explain(case, verdict.findings[0], directory, plant=plant, seconds=seconds).screen())

    def conclude(self, directory: Path) -> None:
        """Say what it came to, and write it down."""
        seconds = time.monotonic() - self._begun
        for line in self.totals.lines(seconds):
            self._console.print(line)
        if self._arguments.keep is None and self.totals.clean == self.totals.seeds:
            shutil.rmtree(directory)
        if self._arguments.json is not None:
            sums = msgspec.structs.asdict(self.totals) | {"states": len(self.totals.states), "seconds": seconds}
            _write(self._arguments.json, {"totals": sums, "seeds": self._rows})


def _row(result: Judged, command: str) -> dict[str, Any]:
    """A verdict, as one of many in a file."""
    counted = msgspec.structs.asdict(result.verdict)
    for name in ("actions", "pairs", "states"):
        del counted[name]  # there are thousands; the sums have them
    return counted | {"command": command}


def repeat(arguments: argparse.Namespace, result: Judged) -> str:
    """The command that runs this case again."""
    case = result.case
    words = ["daybreak", "simulate"]
    if arguments.options is not None:
        words += ["--options", str(arguments.options)]
    elif case.options == draw(profile := _profile(arguments, case.seed), case.seed):
        words += ["--profile", profile, "--seed", str(case.seed)]
    else:
        words += ["--options", str(result.directory / CASE)]
    if arguments.plant is not None:
        words += ["--plant", arguments.plant]
    return shlex.join(words)


def _demand(arguments: argparse.Namespace) -> None:
    """Raise RequestError for options that do not go together."""
    if arguments.seed is not None and (arguments.seeds or arguments.options) is not None:
        raise RequestError("--seed N goes with neither --seeds A..B nor --options FILE: these say what is run")
    if arguments.corpus is not None and arguments.minutes is None:
        raise RequestError("--corpus DIR goes with --minutes M: nothing else is steered by what was reached")


def _cases(arguments: argparse.Namespace) -> tuple[Cases, int | None]:
    """What is run, and how many cases that is; None if time decides."""
    if arguments.options is not None:
        return Given(iter((read_case(arguments.options),))), 1
    if arguments.minutes is not None:
        kept = load(arguments.corpus) if arguments.corpus is not None and arguments.corpus.is_dir() else []
        return Corpus(arguments.seed or 0, lambda seed: draw(_profile(arguments, seed), seed), kept), None
    chosen = range(arguments.seed, arguments.seed + 1) if arguments.seed is not None else arguments.seeds or SEEDS
    return drawn(_profile(arguments, 0), chosen), len(chosen)


def _profile(arguments: argparse.Namespace, seed: int) -> str:
    """That of a seed."""
    names = ("swarm",) if arguments.minutes is None else tuple(PROFILES)
    return arguments.profile or names[seed % len(names)]


def _directory(keep: Path | None) -> Path:
    """Where runs have their directories."""
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="daybreak-simulate-"))
    try:
        keep.mkdir(parents=True, exist_ok=True)
        there = next(keep.iterdir(), None)
    except OSError as error:
        raise OperatorError(f"{keep}: cannot be used for traces: {error.strerror}") from None
    if there is not None:
        raise OperatorError(f"{keep}: has files already; name a new directory with --keep")
    return keep


def _write(file: Path, content: object) -> None:
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    except OSError as error:
        raise OperatorError(f"{file}: cannot be written: {error.strerror}") from None
