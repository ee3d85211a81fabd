"""`python -m tracecheck monitor`: follow growing logs until SIGTERM."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tracecheck.errors import UsageError
from tracecheck.metrics import Metrics
from tracecheck.monitor import DEFAULT_DRAIN_S, DEFAULT_HOLD_BACK_MS, DEFAULT_SAVE_S, Monitor
from tracecheck.persist import OwnedFile
from tracecheck.plan import AUTO, ENGINES, Plan
from tracecheck.report import EXIT_CODES, render
from tracecheck.status import starting
from tracecheck.tlc.jvm import on_deep_stack, start_jvm


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Adds the command to `commands`; `common` has the options of all commands that load a spec."""
    parser = commands.add_parser("monitor", parents=[common], help="follow growing logs until SIGTERM")
    parser.add_argument("--spec", action="append", required=True, metavar="FILE", help="once per mapping")
    parser.add_argument("--mapping", action="append", required=True, metavar="FILE", help="once per spec")
    parser.add_argument(
        "--engine", choices=ENGINES, default=AUTO, help="what steps the specs; auto: the fast one where it can"
    )
    parser.add_argument("--follow", required=True, metavar="DIR", help="the directory of logs")
    parser.add_argument("--status", metavar="FILE", help="where to say, twice a second, how far the check is")
    parser.add_argument("--state", metavar="FILE", help="where to go on after a restart: found, kept up to date, saved")
    parser.add_argument("--save-s", type=float, default=DEFAULT_SAVE_S, metavar="N", help="how often to save it")
    parser.add_argument("--reports", metavar="DIR", help="where to write each violation")
    parser.add_argument("--metrics", type=int, metavar="PORT", help="serve Prometheus metrics to this machine")
    parser.add_argument("--metrics-file", metavar="FILE", help="where to write them at the end")
    parser.add_argument("--hold-back-ms", type=int, default=DEFAULT_HOLD_BACK_MS, metavar="N")
    parser.add_argument("--with-stdin", action="store_true", help="also end when standard input ends")
    parser.add_argument("--drain-s", type=float, default=DEFAULT_DRAIN_S, metavar="N", help="time to end in")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Follows until told to stop; returns the exit code of the verdict."""
    if len(arguments.spec) != len(arguments.mapping):
        raise UsageError(f"{len(arguments.spec)} --spec but {len(arguments.mapping)} --mapping; give them in pairs")
    stop, run_id = threading.Event(), uuid.uuid4().hex
    with _told_to_stop(stop):
        if arguments.with_stdin:
            threading.Thread(target=_end_with_stdin, args=(stop,), daemon=True).start()
        if arguments.status is not None:
            # An earlier monitor may still be ending: what it says is not about this one.
            OwnedFile(Path(arguments.status), run_id).claim(msgspec.json.encode(starting(run_id)))
        start_jvm(heap_mb=arguments.heap_mb)
        return on_deep_stack(lambda: _follow(arguments, stop, run_id))


@contextmanager
def _told_to_stop(stop: threading.Event) -> Iterator[None]:
    """Sets `stop` on SIGTERM and SIGINT, also while specs are loaded: what is there is then checked all the same."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with_stdin(stop: threading.Event) -> None:
    """Whoever started the monitor holds the other end of its standard input, and lets go of it even when killed."""
    while os.read(0, 4096):
        pass
    stop.set()


def _follow(arguments: argparse.Namespace, stop: threading.Event, run_id: str) -> int:
    monitor = Monitor(
        [
            Plan(spec, mapping, libraries=arguments.library, engine=arguments.engine)
            for spec, mapping in zip(arguments.spec, arguments.mapping, strict=True)
        ],
        arguments.follow,
        arguments.status,
        hold_back_ms=arguments.hold_back_ms,
        state=arguments.state,
        save_s=arguments.save_s,
        reports=arguments.reports,
        run=run_id,
    )
    metrics = Metrics(monitor)
    if arguments.metrics is not None:
        print(f"metrics: {metrics.serve(arguments.metrics)}", flush=True)
    if monitor.began_anew is not None:
        print(f"began at the beginning: {monitor.began_anew}", flush=True)
    try:
        verdict = monitor.run(stop, drain_s=arguments.drain_s)
        if arguments.metrics_file is not None:
            metrics.write(Path(arguments.metrics_file))
    finally:
        metrics.close()
    for result in monitor.results():
        print(render(result))
    return EXIT_CODES[verdict]
