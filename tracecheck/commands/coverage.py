"""`python -m tracecheck coverage`: what a corpus of traces has exercised of a spec."""

from __future__ import annotations

import argparse
import json
from typing import Any

from tracecheck.coverage import DEFAULT_MODEL_STATES, Coverage, cover, render
from tracecheck.errors import UsageError
from tracecheck.plan import Plan
from tracecheck.tlc.jvm import on_deep_stack, start_jvm

_INCOMPLETE = 2


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Adds the command to `commands`; `common` has the options of all commands that load a spec."""
    parser = commands.add_parser("coverage", parents=[common], help="what traces have exercised of a spec")
    parser.add_argument(
        "--spec", required=True, metavar="FILE", help="the TLA+ module; TraceX.tla beside X.tla is used"
    )
    parser.add_argument("--mapping", required=True, metavar="FILE", help="the TOML file that maps events to actions")
    parser.add_argument("--config", metavar="FILE", help="TLC's configuration; the module's name with .cfg if left out")
    parser.add_argument("--all", action="store_true", help="look into every step instead of a sample of each action")
    parser.add_argument("--model", metavar="FILE", help="a model of the spec, to compare pairs of actions with")
    parser.add_argument("--model-config", metavar="FILE", help="its configuration; the module's name with .cfg")
    parser.add_argument("--model-states", type=int, default=DEFAULT_MODEL_STATES, metavar="N", help="how much of it")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("logs", nargs="+", metavar="LOG", help="a run each: a log, or a directory of *.ndjson")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the coverage; 0, or 2 when a log was not looked at to its end.

    Raises SpecError, MappingError and UsageError.
    """
    if arguments.model_config and not arguments.model:
        raise UsageError("--model-config without --model: name the module that it configures")
    start_jvm(heap_mb=arguments.heap_mb)
    coverage = on_deep_stack(lambda: _cover(arguments))
    print(json.dumps(coverage.to_json(), indent=2) if arguments.json else render(coverage))
    return _INCOMPLETE if coverage.stopped or not coverage.steps else 0


def _cover(arguments: argparse.Namespace) -> Coverage:
    plan = Plan(arguments.spec, arguments.mapping, arguments.config, libraries=arguments.library)
    return cover(
        plan,
        [[log] for log in arguments.logs],
        everything=arguments.all,
        model=arguments.model,
        model_config=arguments.model_config,
        model_states=arguments.model_states,
    )
