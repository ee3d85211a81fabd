"""Checks finished logs: read, order, feed, judge."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from tracecheck.checker import Checker
from tracecheck.feed import ordered
from tracecheck.mapping import common_format
from tracecheck.plan import AUTO, Plan, PlanCache
from tracecheck.read import Finding, LogFile, log_files
from tracecheck.report import Result
from tracecheck.search import DEFAULT_CANDIDATES, Limits
from tracecheck.tlc.jvm import on_deep_stack

_plans = PlanCache()
# A plan is for one thread at a time.
_checking = threading.Lock()


def check(
    spec: str | Path,
    mapping: str | Path,
    logs: Sequence[str | Path],
    config: str | Path | None = None,
    *,
    libraries: Sequence[str | Path] = (),
    candidates: int = DEFAULT_CANDIDATES,
    engine: str = AUTO,
) -> Result:
    """Checks the events of `logs` (files, or directories of *.ndjson) against `spec`.

    `engine` is as in `Plan`. Raises what `Plan` raises; whatever is wrong with the logs is in the result.
    A spec that has not changed is loaded once.
    """
    with _checking:
        plan = _plans.get(spec, mapping, config, libraries, engine)
        files = log_files(logs, plan.mapping.log)
        checker = Checker(plan, candidates=candidates)
        on_deep_stack(lambda: feed_all([checker], files))
    return checker.result()


def check_all(plans: Sequence[Plan], logs: Sequence[str | Path], limits: Limits | None = None) -> list[Result]:
    """Checks the events of `logs` against several specs, reading them once. `limits` say how far each slice may go.

    Raises UsageError, and MappingError when the mappings read the logs in different ways.
    """
    files = log_files(logs, common_format(plan.mapping for plan in plans))
    checkers = [Checker(plan, limits=limits) for plan in plans]
    on_deep_stack(lambda: feed_all(checkers, files))
    return [checker.result() for checker in checkers]


def feed_all(checkers: Sequence[Checker], files: Sequence[LogFile]) -> None:
    """Reads finished logs to their end, in order, into each checker."""
    for item in ordered(files):
        for checker in checkers:
            if isinstance(item, Finding):
                checker.halt(item)
            else:
                checker.feed(item)
    for checker in checkers:
        checker.finish()
