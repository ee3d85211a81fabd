"""`python -m tracecheck advise`: which missing field costs most."""

from __future__ import annotations

import argparse
import json
from typing import Any

from tracecheck.advise import DEFAULT_STEPS, Advised, advise, render, to_json
from tracecheck.plan import Plan
from tracecheck.tlc.jvm import on_deep_stack, start_jvm

_NOTHING_FOUND = 2


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Adds the command to `commands`; `common` has the options of all commands that load a spec."""
    parser = commands.add_parser("advise", parents=[common], help="which argument it would help most to log")
    parser.add_argument(
        "--spec", required=True, metavar="FILE", help="the TLA+ module; TraceX.tla beside X.tla is used"
    )
    parser.add_argument("--mapping", required=True, metavar="FILE", help="the TOML file that maps events to actions")
    parser.add_argument("--config", metavar="FILE", help="TLC's configuration; the module's name with .cfg if left out")
    parser.add_argument("--steps", type=int, default=DEFAULT_STEPS, metavar="N", help="how much each measurement tries")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("logs", nargs="+", metavar="LOG", help="the logs of one run: files, or directories of *.ndjson")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the advice; 0, or 2 when no way through the trace was found to measure with.

    Raises SpecError, MappingError and UsageError.
    """
    start_jvm(heap_mb=arguments.heap_mb)
    advised = on_deep_stack(lambda: _advise(arguments))
    print(json.dumps(to_json(advised), indent=2) if arguments.json else render(advised))
    return 0 if advised.found else _NOTHING_FOUND


def _advise(arguments: argparse.Namespace) -> Advised:
    plan = Plan(arguments.spec, arguments.mapping, arguments.config, libraries=arguments.library)
    return advise(plan, arguments.logs, steps=arguments.steps)
