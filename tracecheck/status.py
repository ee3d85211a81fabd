"""What a monitor says of itself, and where it leaves what it has found.

run, pid, started, time    which monitor says so, and when: unless `time` (seconds since 1970) is new it says no more
running                    whether it still checks
verdict                    the worst of all specs
events, waiting            how many events were checked, and how many were read and are held back
lag_ms                     time between the newest event that is written and the newest that was checked
lag_p99_ms                 99 of 100 events were checked within this time after they happened; null: no bound, or none
logs, torn                 how many logs there are, and those whose last line has no end yet
began_anew                 why a monitor with a state file did not go on where the last one had stopped
resident_bytes             memory of this process, Java included
specs                      the result of each spec; of its slices only a few of those that do not conform
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracecheck.checker import Checker
from tracecheck.errors import UsageError
from tracecheck.lag import at_most_ms
from tracecheck.report import CONFORMS, Rejection, Result
from tracecheck.report.page import collect, page

if TYPE_CHECKING:
    from tracecheck.monitor import Monitor

_SHOWN_SLICES = 20
_STATM = Path("/proc/self/statm")


def starting(run: str) -> dict[str, Any]:
    """What a monitor says while it loads its specs."""
    now = time.time()
    return {
        "run": run,
        "pid": os.getpid(),
        "started": now,
        "time": now,
        "verdict": "INCONCLUSIVE",
        "running": True,
        "events": 0,
        "waiting": 0,
        "lag_ms": 0.0,
        "specs": [],
    }


def status_of(monitor: Monitor, results: Sequence[Result], verdict: str) -> dict[str, Any]:
    """The status, as JSON's own types."""
    newest = monitor.follower.newest_written()
    waiting = monitor.merger.waiting_entries
    lag_us = newest - monitor.checked_up_to if waiting or newest > monitor.checked_up_to else 0
    p99 = at_most_ms(monitor.lags.counts, 0.99)
    return starting(monitor.run_id) | {
        "started": monitor.started,
        "verdict": verdict,
        "running": not monitor.ended,
        "events": monitor.events,
        "waiting": waiting,
        "lag_ms": round(max(0, lag_us) / 1000, 1) if monitor.timed else None,
        "lag_p99_ms": p99 if p99 != float("inf") else None,
        "lag_counts": list(monitor.lags.counts),
        "logs": monitor.follower.logs,
        "torn": monitor.follower.torn(),
        "began_anew": monitor.began_anew,
        "resident_bytes": resident_bytes(),
        "specs": [_of_spec(*pair) for pair in zip(monitor.checkers, results, strict=True)],
    }


def _of_spec(checker: Checker, result: Result) -> dict[str, Any]:
    others = [part for part in result.slices if part.verdict != CONFORMS]
    told = replace(result, slices=others[:_SHOWN_SLICES]).to_json()
    return told | {"candidates": checker.candidates, "engine": checker.plan.engine.name}


def resident_bytes() -> int:
    """The memory that this process holds now; where the system does not say, the most that it ever held."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


class ReportDirectory:
    """Where each violation is written once, as JSON and as a page, per spec and slice. Raises UsageError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written: set[str] = set()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{path}: cannot be used for reports: {error.strerror}") from None

    def write(self, results: Sequence[Result]) -> None:
        """Writes those violations that were not written yet. Raises UsageError."""
        for result in results:
            for part in result.slices:
                if part.rejection is not None:
                    self._write(replace(result, slices=[part], rejection=part.rejection), part.rejection)

    def _write(self, result: Result, rejection: Rejection) -> None:
        parts = (Path(result.spec).stem, rejection.slice or "", rejection.node, str(rejection.n))
        name = "-".join(re.sub(r"[^\w.]+", "_", part) for part in parts if part)
        if name in self._written:
            return
        self._written.add(name)
        # The logs are still growing, so the page has no diagram of them: `explain` draws it when they are finished.
        texts = {".json": json.dumps(result.to_json(), indent=2) + "\n", ".html": page([result], collect((), ()))}
        for suffix, text in texts.items():
            file = self.path / f"{name}{suffix}"
            try:
                file.write_text(text, encoding="utf-8")
            except OSError as error:
                raise UsageError(f"{file}: cannot be written: {error.strerror}") from None
