"""Follows a growing directory of logs and checks it against several specs while it grows.

What arrives is held back for a while (`hold_back_ms`), counted from the newest time seen in any log: within it a slower
writer's earlier events may still arrive. So an idle node delays nothing for longer than that; and when nothing new
arrives at all for twice as long, nothing is held back. An event that comes even later is reported, not guessed over.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tracecheck.checker import Checker
from tracecheck.errors import UsageError
from tracecheck.follow import Follower
from tracecheck.order import Merger
from tracecheck.plan import Plan
from tracecheck.read import Finding
from tracecheck.report import CONFORMS, INCONCLUSIVE, VIOLATES, Result

DEFAULT_HOLD_BACK_MS = 200
DEFAULT_INTERVAL_S = 0.5
DEFAULT_DRAIN_S = 30.0
DEFAULT_PATIENCE_S = 10.0
_NAP_S = 0.02
_GRACE_S = 1.0


class Monitor:
    """Checks the logs in `directory` against each plan, and tells how far it is.

    `status` is a file that is replaced every `interval_s`, if given. A cause that has not come after `patience_s` of
    waiting is reported as missing. Raises UsageError.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        directory: str | Path,
        status: str | Path | None = None,
        *,
        hold_back_ms: int = DEFAULT_HOLD_BACK_MS,
        interval_s: float = DEFAULT_INTERVAL_S,
        patience_s: float = DEFAULT_PATIENCE_S,
    ) -> None:
        if not plans:
            raise UsageError("a monitor needs at least one spec with its mapping")
        if not Path(directory).is_dir():
            raise UsageError(f"{directory}: no such directory to follow")
        self.checkers = [Checker(plan) for plan in plans]
        self.status_path = Path(status) if status is not None else None
        self._merger = Merger()
        self._follower = Follower(Path(directory), self._merger)
        self._hold_back_us = hold_back_ms * 1000
        self._interval_s = interval_s
        self._patience_s = patience_s
        self._checked_up_to = 0
        self._passed = 0
        self._last_news = self._last_progress = time.monotonic()
        self._last_status = -interval_s
        self._ended = False

    @property
    def verdict(self) -> str:
        """VIOLATES if any spec is violated, else INCONCLUSIVE if any is, else CONFORMS."""
        verdicts = {result.verdict for result in self.results()}
        return next(v for v in (VIOLATES, INCONCLUSIVE, CONFORMS) if v in verdicts)

    def results(self) -> list[Result]:
        """The results so far, one per plan."""
        return [checker.result() for checker in self.checkers]

    def poll(self) -> int:
        """Reads what is new and checks what need not be held back; returns how many events were passed on."""
        now = time.monotonic()
        if self._follower.poll():
            self._last_news = now
        quiet = now - self._last_news > 2 * self._hold_back_us / 1e6
        passed = self._pass_on(None if quiet else self._merger.newest - self._hold_back_us)
        if passed or not self._merger.waiting_entries:
            self._last_progress = now
        elif quiet and now - self._last_progress > self._patience_s:
            self._end()
        return passed

    def run(self, stop: threading.Event, *, drain_s: float = DEFAULT_DRAIN_S) -> str:
        """Follows until `stop` is set, then checks what is there, for at most `drain_s`; returns the verdict."""
        while not stop.is_set():
            if not self.poll():
                stop.wait(_NAP_S)
            self._tell()
        self.drain(drain_s)
        return self.verdict

    def drain(self, within_s: float = DEFAULT_DRAIN_S) -> None:
        """Checks all that has been written, holding nothing back, for at most `within_s`; then the check has ended.

        A line without an end is left alone: its writer has not finished it.
        """
        now = progress = time.monotonic()
        deadline = now + within_s
        while now <= deadline:
            news, passed = self._follower.poll(), self._pass_on(None)
            self._tell()
            now = time.monotonic()
            if news or passed:
                progress = now
            elif not self._merger.waiting_entries or self._merger.stopped or now - progress > _GRACE_S:
                self._end()
                break
            else:
                # A cause is missing: its writer may still be about to write it.
                threading.Event().wait(_NAP_S)
        else:
            self._end(f"gave up {within_s:g} s after it was told to stop; the rest was not checked")
        self._tell(always=True)

    def status(self) -> dict[str, Any]:
        """How far the check is, as JSON's own types. `lag_ms` is the time between the newest event that is written and
        the newest that has been checked."""
        lag_us = self._follower.newest_written() - self._checked_up_to if self._unfinished() else 0
        return {
            "pid": os.getpid(),
            "verdict": self.verdict,
            "running": not self._ended,
            "events": self._passed,
            "waiting": self._merger.waiting_entries,
            "lag_ms": round(max(0, lag_us) / 1000, 1),
            "torn": self._follower.torn(),
            "specs": [result.to_json() for result in self.results()],
        }

    def _unfinished(self) -> bool:
        return self._merger.waiting_entries > 0 or self._follower.newest_written() > self._checked_up_to

    def _pass_on(self, limit: int | None) -> int:
        """Checks events up to `limit`, but not so many that the status would grow old."""
        passed = 0
        until = time.monotonic() + self._interval_s / 2
        while time.monotonic() < until and (entry := self._merger.pop(limit)) is not None:
            for checker in self.checkers:
                checker.feed(entry)
            self._follower.refill(entry.file)
            passed += 1
            self._checked_up_to = max(self._checked_up_to, entry.event.at[0])
        self._passed += passed
        if self._merger.stopped is not None:
            for checker in self.checkers:
                checker.halt(self._merger.stopped)
        return passed

    def _end(self, reason: str | None = None) -> None:
        """Nothing more will be checked; says so where something is left over."""
        self._ended = True
        finding = self._merger.stopped or self._merger.stuck()
        if finding is None and reason is not None:
            finding = Finding("unfinished", reason)
        if finding is not None:
            for checker in self.checkers:
                checker.halt(finding)

    def _tell(self, *, always: bool = False) -> None:
        now = time.monotonic()
        if self.status_path is None or (not always and now - self._last_status < self._interval_s):
            return
        self._last_status = now
        draft = self.status_path.with_name(self.status_path.name + ".new")
        draft.write_text(json.dumps(self.status()), encoding="utf-8")
        os.replace(draft, self.status_path)
