"""Try inputs that nobody thought of.

    python -m tools.fuzz TARGET...|all [--minutes M] [--seed N] [--keep DIR]
    python -m tools.fuzz --input FILE

Without `--minutes` until something is found or Ctrl-C; several targets share the time. An input that fails is made
smaller, and kept in a file of `--keep`. `--input` tries the input of such a file once more. The exit code is 1 if
something was found, and 2 for a mistake in what was asked.

An input that ends the very process is in TARGET-running.json of the same directory.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tools.fuzz.target import Tally, Target, case_of, keep, kept, search_until
from tools.fuzz.targets import TARGETS

ENDLESS_SECONDS = 120.0
"""So long a target has its turn when no end was named and there are several."""


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line asks for."""
    arguments = _arguments(words)
    try:
        if arguments.input is not None:
            return _repeat(arguments.input)
        return _hunt(_chosen(arguments.targets), arguments)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.fuzz",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:12} {target.guards}" for name, target in TARGETS.items()),
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="what to fuzz, or all")
    parser.add_argument("--minutes", type=float, help="when to end (default: never)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default: 1)")
    parser.add_argument("--keep", type=Path, default=Path(".fuzz"), help="where inputs are kept (default: .fuzz)")
    parser.add_argument("--input", type=Path, help="a kept input to try once more")
    arguments = parser.parse_args(words)
    if not arguments.targets and arguments.input is None:
        parser.error("name a target, or all, or --input FILE")
    return arguments


def _chosen(names: Sequence[str]) -> list[Target]:
    if "all" in names:
        return list(TARGETS.values())
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        raise ValueError(f"no target {unknown[0]!r}: there are {', '.join(TARGETS)}, and all")
    return [TARGETS[name] for name in names]


def _hunt(targets: list[Target], arguments: argparse.Namespace) -> int:
    """Give each target its turn, again and again if there is no end to it."""
    arguments.keep.mkdir(parents=True, exist_ok=True)
    seconds = arguments.minutes * 60 / len(targets) if arguments.minutes is not None else ENDLESS_SECONDS
    number = arguments.seed
    while True:
        for target in targets:
            tally = _turn(target, number, time.monotonic() + seconds, arguments.keep)
            print(f"{target.name}: {tally.inputs} inputs from seed {number} on, {_outcome(tally)}", flush=True)
            if tally.found is not None:
                _tell(target, tally, arguments.keep / f"{target.name}-{number}.json")
                return 1
        if arguments.minutes is not None:
            return 0
        number += 1_000_000


def _turn(target: Target, number: int, deadline: float, keep_in: Path) -> Tally:
    running = keep_in / f"{target.name}-running.json"
    with tempfile.TemporaryDirectory(prefix="daybreak-fuzz-") as directory, target.open(Path(directory)) as check:
        tally = search_until(
            target, check, number=number, deadline=deadline, before=lambda case: keep(running, target, case)
        )
    running.unlink(missing_ok=True)
    return tally


def _outcome(tally: Tally) -> str:
    return "something found" if tally.found is not None else "nothing found"


def _tell(target: Target, tally: Tally, path: Path) -> None:
    """Show what was found, and how to see it again."""
    assert tally.found is not None
    traceback.print_exception(tally.found.error, limit=-8)
    keep(path, target, tally.found.case)
    print(f"{target.name}: {target.guards}\nnot so for {tally.found.case!r}\n")
    print(f"again: python -m tools.fuzz --input {path}", flush=True)


def _repeat(path: Path) -> int:
    """Try a kept input once more."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    found = kept(path)
    (target,) = _chosen([found.target])
    case = case_of(path, target, found)
    with tempfile.TemporaryDirectory(prefix="daybreak-fuzz-") as directory, target.open(Path(directory)) as check:
        try:
            check(case)
        except Exception as error:
            traceback.print_exception(error, limit=-8)
            print(f"{target.name}: it still fails")
            return 1
    print(f"{target.name}: taken as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
