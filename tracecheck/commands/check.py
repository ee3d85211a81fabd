"""`python -m tracecheck check`: judge finished logs."""

from __future__ import annotations

import argparse
from typing import Any

from tracecheck.check import check_all
from tracecheck.commands.outputs import add_outputs, write_outputs
from tracecheck.plan import AUTO, ENGINES, Plan
from tracecheck.report import render
from tracecheck.search import Limits
from tracecheck.tlc.jvm import start_jvm

LIMITS = Limits()


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Adds the command to `commands`; `common` has the options of all commands that load a spec."""
    parser = commands.add_parser("check", parents=[common], help="judge finished logs")
    add_spec(parser, required=True)
    parser.add_argument("logs", nargs="+", metavar="LOG", help="a log, or a directory of *.ndjson")
    budgets = parser.add_argument_group("budgets", "where one is met the verdict is INCONCLUSIVE, never a wrong one")
    for name, default, words in (
        ("candidates", LIMITS.candidates, "states in which the spec may be after the same events"),
        ("window", LIMITS.window, "events whose order is open"),
        ("steps", LIMITS.steps, "steps of the spec tried for one event"),
    ):
        budgets.add_argument(
            f"--{name}", type=_count, default=default, metavar="N", help=f"{words} (default {default})"
        )
    add_outputs(parser)
    parser.set_defaults(run=run)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def add_spec(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Adds the options that name a spec with its mapping."""
    parser.add_argument(
        "--spec", required=required, metavar="FILE", help="the TLA+ module; TraceX.tla beside X.tla is used"
    )
    parser.add_argument(
        "--mapping", required=required, metavar="FILE", help="the TOML file that maps events to actions"
    )
    parser.add_argument("--config", metavar="FILE", help="TLC's configuration; the module's name with .cfg if left out")
    parser.add_argument(
        "--engine", choices=ENGINES, default=AUTO, help="what steps the spec; auto: the fast one where it can"
    )


def plan_of(arguments: argparse.Namespace) -> Plan:
    """The plan that these options name. Raises as `Plan` does."""
    start_jvm(heap_mb=arguments.heap_mb)
    return Plan(
        arguments.spec,
        arguments.mapping,
        arguments.config,
        libraries=arguments.library,
        engine=arguments.engine,
    )


def run(arguments: argparse.Namespace) -> int:
    """Checks, reports, and returns the exit code of the verdict."""
    plan = plan_of(arguments)
    limits = Limits(arguments.candidates, arguments.window, arguments.steps)
    (result,) = check_all([plan], arguments.logs, limits)
    (result,) = write_outputs(arguments, [plan], [result], arguments.logs)
    if "-" not in (arguments.json, arguments.junit, arguments.sarif, arguments.html):
        print(render(result))
    return result.exit_code
