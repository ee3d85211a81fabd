"""Checks finished logs: read, order, feed, judge."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from tracecheck.checker import Checker
from tracecheck.order import Merger
from tracecheck.plan import Plan, PlanCache
from tracecheck.read import LogFile, log_files
from tracecheck.report import Result
from tracecheck.search import DEFAULT_CANDIDATES
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
) -> Result:
    """Checks the events of `logs` (files, or directories of *.ndjson) against `spec`.

    Raises SpecError, MappingError and UsageError; whatever is wrong with the logs is in the result.
    A spec that has not changed is loaded once.
    """
    files = log_files(logs)
    with _checking:
        checker = Checker(_plans.get(spec, mapping, config, libraries), candidates=candidates)
        on_deep_stack(lambda: feed_all([checker], files))
    return checker.result()


def check_all(plans: Sequence[Plan], logs: Sequence[str | Path]) -> list[Result]:
    """Checks the events of `logs` against several specs, reading them once. Raises UsageError."""
    files = log_files(logs)
    checkers = [Checker(plan) for plan in plans]
    on_deep_stack(lambda: feed_all(checkers, files))
    return [checker.result() for checker in checkers]


def feed_all(checkers: Sequence[Checker], files: Sequence[LogFile]) -> None:
    """Reads finished logs to their end, in order, into each checker."""
    merger = Merger()
    by_name = {file.name: file for file in files}
    for file in files:
        merger.open(file.name)
        _refill(merger, file)
    while (entry := merger.pop()) is not None:
        for checker in checkers:
            checker.feed(entry)
        if merger.is_hungry(entry.file):
            _refill(merger, by_name[entry.file])
    finding = merger.stopped or merger.stuck()
    if finding is not None:
        for checker in checkers:
            checker.halt(finding)


def _refill(merger: Merger, file: LogFile) -> None:
    """Gives the merger the next entries of a finished log."""
    while merger.is_hungry(file.name):
        items = file.read()
        for item in items or ():
            merger.push(file.name, item)
        if items is None:
            if file.torn:
                merger.push(file.name, file.torn_finding())
            merger.close(file.name)
