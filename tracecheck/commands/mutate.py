"""`python -m tracecheck mutate`: spoil good traces and the spec, and see whether it is noticed."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path
from typing import Any

from tracecheck.errors import UsageError
from tracecheck.mutate.equivalence import Oracle, load_rules
from tracecheck.mutate.specs import DEFAULT_LIMIT, load_same, mutate_specs
from tracecheck.mutate.tally import Tally, rate, render, to_json
from tracecheck.mutate.traces import DEFAULT_COUNT, mutate_traces, read_good
from tracecheck.plan import Plan
from tracecheck.tlc.jvm import on_deep_stack, start_jvm


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Adds the command to `commands`; `common` has the options of all commands that load a spec."""
    parser = commands.add_parser(
        "mutate", parents=[common], help="spoil traces and spec, and see whether it is noticed"
    )
    parser.add_argument(
        "--spec", required=True, metavar="FILE", help="the TLA+ module; TraceX.tla beside X.tla is used"
    )
    parser.add_argument("--mapping", required=True, metavar="FILE", help="the TOML file that maps events to actions")
    parser.add_argument("--config", metavar="FILE", help="TLC's configuration; the module's name with .cfg if left out")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which mutants; the same seed, the same ones")
    parser.add_argument("--count", type=int, default=DEFAULT_COUNT, metavar="N", help="mutants of each kind of trace")
    parser.add_argument("--specs", type=int, default=DEFAULT_LIMIT, metavar="N", help="mutants of the spec; 0 for none")
    parser.add_argument("--bar", type=float, default=100.0, metavar="PERCENT", help="exit with 1 below this kill rate")
    parser.add_argument("--equivalent", metavar="FILE", help="mutants of traces that are behaviours, and why (TOML)")
    parser.add_argument("--same", metavar="FILE", help="mutants of the spec that change nothing, and why (TOML)")
    parser.add_argument(
        "--oracle", metavar="FILE:NAME", help="a function that knows, without the spec, what is allowed"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("logs", nargs="+", metavar="LOG", help="a good run each: a log, or a directory of *.ndjson")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Mutates, prints, and compares the kill rates with the bar. Raises SpecError, MappingError and UsageError."""
    if arguments.count < 1 or arguments.specs < 0:
        raise UsageError("--count wants at least 1, and --specs at least 0")
    start_jvm(heap_mb=arguments.heap_mb)
    traces, specs = on_deep_stack(lambda: _mutate(arguments))
    if arguments.json:
        print(json.dumps({"traces": to_json(traces), "specs": to_json(specs)}, indent=2))
    else:
        lines = render("traces", traces) + (render("spec", specs) if arguments.specs else [])
        print("\n".join(lines))
    rates = [rate(traces), *([rate(specs)] if arguments.specs else [])]
    return 0 if min(rates) >= arguments.bar else 1


def _mutate(arguments: argparse.Namespace) -> tuple[list[Tally], list[Tally]]:
    rules = load_rules(Path(arguments.equivalent) if arguments.equivalent else None)
    same = load_same(Path(arguments.same)) if arguments.same else []
    oracle = load_oracle(arguments.oracle) if arguments.oracle else None
    plan = Plan(arguments.spec, arguments.mapping, arguments.config, libraries=arguments.library)
    good = read_good(plan, [[log] for log in arguments.logs])
    traces = mutate_traces(good, seed=arguments.seed, count=arguments.count, rules=rules, oracle=oracle)
    if not arguments.specs:
        return traces, []
    return traces, mutate_specs(plan, good.corpus(), seed=arguments.seed, limit=arguments.specs, same=same)


def load_oracle(text: str) -> Oracle:
    """The function NAME of the Python file FILE, from FILE:NAME. Raises UsageError."""
    file, _, name = text.rpartition(":")
    path = Path(file)
    spec = importlib.util.spec_from_file_location(path.stem, path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise UsageError(f"--oracle {text}: wants FILE.py:NAME, and {file or 'nothing'} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    oracle = getattr(module, name, None)
    if not callable(oracle):
        raise UsageError(f"--oracle {text}: {file} defines no function {name}")
    found: Oracle = oracle
    return found
