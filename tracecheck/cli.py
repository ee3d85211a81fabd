"""The command: `check` judges finished logs and `explain` says why they are refused, `monitor` follows growing ones,
`coverage` says what logs have exercised, `mutate` spoils them to see whether it is noticed, `advise` which argument it
would help to log, `actions` what a spec can do.

Exit codes: 0 the logs conform, 1 they violate the spec, 2 there is no verdict, or the command was used wrongly.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from tracecheck.commands import advise, check, coverage, explain, monitor, mutate
from tracecheck.errors import TraceCheckError
from tracecheck.tlc.jvm import DEFAULT_HEAP_MB
from tracecheck.tlc.next import actions

NO_VERDICT = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except TraceCheckError as error:
        print(f"tracecheck: {error}", file=sys.stderr)
        return NO_VERDICT
    except KeyboardInterrupt:
        print("tracecheck: interrupted before there was a verdict", file=sys.stderr, flush=True)
        # The thread that checks may be inside TLC, where nothing interrupts it: do not wait for it.
        os._exit(NO_VERDICT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tracecheck",
        description="Checks whether recorded events are a behaviour of a TLA+ spec.",
        epilog="Exit codes: 0 conforms, 1 violates, 2 inconclusive or wrong usage.",
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--library", action="append", default=[], metavar="DIR", help="where extended modules lie")
    common.add_argument("--heap-mb", type=int, default=DEFAULT_HEAP_MB, metavar="N", help="Java's memory, in MiB")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    for command in (check, explain, monitor, coverage, mutate, advise):
        command.add_parser(commands, common)

    listing = commands.add_parser("actions", parents=[common], help="list the actions of a spec's Next")
    listing.add_argument("spec", metavar="FILE")
    listing.set_defaults(run=_actions)
    return parser


def _actions(arguments: argparse.Namespace) -> int:
    for name, formals in actions(arguments.spec, libraries=tuple(arguments.library)).items():
        print(f"{name}({', '.join(formals)})" if formals else name)
    return 0
