"""The command: `check` judges finished logs, `monitor` follows growing ones, `actions` lists what a spec can do.

Exit codes: 0 the logs conform, 1 they violate the spec, 2 there is no verdict, or the command was used wrongly.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence

from tracecheck.check import check
from tracecheck.errors import TraceCheckError, UsageError
from tracecheck.monitor import DEFAULT_DRAIN_S, DEFAULT_HOLD_BACK_MS, Monitor
from tracecheck.plan import Plan
from tracecheck.report import EXIT_CODES, render
from tracecheck.tlc.jvm import DEFAULT_HEAP_MB, on_deep_stack, start_jvm
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

    one = commands.add_parser("check", parents=[common], help="judge finished logs")
    one.add_argument("--spec", required=True, metavar="FILE", help="the TLA+ module; TraceX.tla beside X.tla is used")
    one.add_argument("--mapping", required=True, metavar="FILE", help="the TOML file that maps events to actions")
    one.add_argument("--config", metavar="FILE", help="TLC's configuration; the module's name with .cfg if left out")
    one.add_argument("--json", action="store_true", help="print the result as JSON")
    one.add_argument("logs", nargs="+", metavar="LOG", help="a log, or a directory of *.ndjson")
    one.set_defaults(run=_check)

    follow = commands.add_parser("monitor", parents=[common], help="follow growing logs until SIGTERM")
    follow.add_argument("--spec", action="append", required=True, metavar="FILE", help="once per mapping")
    follow.add_argument("--mapping", action="append", required=True, metavar="FILE", help="once per spec")
    follow.add_argument("--follow", required=True, metavar="DIR", help="the directory of logs")
    follow.add_argument("--status", metavar="FILE", help="where to say, twice a second, how far the check is")
    follow.add_argument("--hold-back-ms", type=int, default=DEFAULT_HOLD_BACK_MS, metavar="N")
    follow.add_argument("--with-stdin", action="store_true", help="also end when standard input ends")
    follow.add_argument("--drain-s", type=float, default=DEFAULT_DRAIN_S, metavar="N", help="time to end in")
    follow.set_defaults(run=_monitor)

    listing = commands.add_parser("actions", parents=[common], help="list the actions of a spec's Next")
    listing.add_argument("spec", metavar="FILE")
    listing.set_defaults(run=_actions)
    return parser


def _check(arguments: argparse.Namespace) -> int:
    start_jvm(heap_mb=arguments.heap_mb)
    result = check(arguments.spec, arguments.mapping, arguments.logs, arguments.config, libraries=arguments.library)
    print(json.dumps(result.to_json(), indent=2) if arguments.json else render(result))
    return result.exit_code


def _monitor(arguments: argparse.Namespace) -> int:
    if len(arguments.spec) != len(arguments.mapping):
        raise UsageError(f"{len(arguments.spec)} --spec but {len(arguments.mapping)} --mapping; give them in pairs")
    stop = threading.Event()
    # Before anything that takes time: told to stop while it loads, the monitor checks what is there and ends.
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    if arguments.with_stdin:
        threading.Thread(target=_end_with_stdin, args=(stop,), daemon=True).start()
    try:
        start_jvm(heap_mb=arguments.heap_mb)
        return on_deep_stack(lambda: _follow(arguments, stop))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_stdin(stop: threading.Event) -> None:
    """Whoever started the monitor holds the other end of its standard input, and lets go of it even when killed."""
    while os.read(0, 4096):
        pass
    stop.set()


def _follow(arguments: argparse.Namespace, stop: threading.Event) -> int:
    pairs = zip(arguments.spec, arguments.mapping, strict=True)
    monitor = Monitor(
        [Plan(spec, mapping, libraries=arguments.library) for spec, mapping in pairs],
        arguments.follow,
        arguments.status,
        hold_back_ms=arguments.hold_back_ms,
    )
    verdict = monitor.run(stop, drain_s=arguments.drain_s)
    for result in monitor.results():
        print(render(result))
    return EXIT_CODES[verdict]


def _actions(arguments: argparse.Namespace) -> int:
    for name, formals in actions(arguments.spec, libraries=tuple(arguments.library)).items():
        print(f"{name}({', '.join(formals)})" if formals else name)
    return 0
