"""Follows a growing directory of logs and checks it against several specs while it grows.

What arrives is held back for a while (`hold_back_ms`), counted from the newest time seen in any log: within it a slower
writer's earlier events may still arrive. So an idle node delays nothing for longer than that; and when nothing new
arrives at all for twice as long, nothing is held back. An event that comes even later is reported, not guessed over.

A spec that is violated is reported; its other slices, and the other specs, go on being checked.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tracecheck.checker import Checker
from tracecheck.errors import UsageError
from tracecheck.follow import Follower
from tracecheck.lag import Lags
from tracecheck.mapping import common_format
from tracecheck.order import Merger
from tracecheck.persist import OwnedFile, StateFile
from tracecheck.plan import Plan
from tracecheck.read import Finding
from tracecheck.report import CONFORMS, INCONCLUSIVE, VIOLATES, Result
from tracecheck.status import ReportDirectory, starting, status_of

DEFAULT_HOLD_BACK_MS = 200
DEFAULT_INTERVAL_S = 0.5
DEFAULT_DRAIN_S = 30.0
DEFAULT_PATIENCE_S = 10.0
DEFAULT_SAVE_S = 60.0
_NAP_S = 0.02
_GRACE_S = 1.0
_MOST_SAVING = 0.005
"""Saving may take this share of the time; where it takes long, it is done less often."""


class Monitor:
    """Checks the logs in `directory` against each plan, and tells how far it is.

    `status` is a file that is replaced every `interval_s`, if given. A cause that has not come after `patience_s` of
    waiting is reported as missing. `state` is a file in which the monitor finds how far it was when it last ran, and
    which it replaces every `save_s` and at the end. Into the directory `reports` it writes each violation. `run` names
    this run in the files, so that no earlier one writes them any more.
    Raises UsageError, and MappingError when the mappings read the logs in different ways.
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
        state: str | Path | None = None,
        save_s: float = DEFAULT_SAVE_S,
        reports: str | Path | None = None,
        run: str | None = None,
    ) -> None:
        if not plans:
            raise UsageError("a monitor needs at least one spec with its mapping")
        if not Path(directory).is_dir():
            raise UsageError(f"{directory}: no such directory to follow")
        self.run_id = run or uuid.uuid4().hex
        self.started = time.time()
        self.checkers = [Checker(plan) for plan in plans]
        self.merger = Merger()
        form = common_format(plan.mapping for plan in plans)
        self.timed = form is None or form.is_timed
        """Whether events say when they were: if not, their causes alone order them, and there is no lag to measure."""
        self.follower = Follower(Path(directory), self.merger, form)
        self.lags = Lags()
        self.events = 0
        """How many were checked, earlier runs included."""
        self.checked_up_to = 0
        self.ended = False
        self.began_anew: str | None = None
        """Why the monitor did not go on where it had stopped; None if it did, or was not asked to."""
        self._status = OwnedFile(Path(status), self.run_id) if status is not None else None
        if self._status is not None:
            self._status.claim(msgspec.json.encode(starting(self.run_id)))
        self._state = StateFile(Path(state), self.run_id, plans) if state is not None else None
        self._reports = ReportDirectory(Path(reports)) if reports is not None else None
        self._hold_back_us = hold_back_ms * 1000
        self._interval_s, self._patience_s, self._save_s = interval_s, patience_s, save_s
        self._last_news = self._last_watch = self._last_save = self._suspect_since = time.monotonic()
        self._last_status = -interval_s
        self._save_took_s = 0.0
        self._suspect: Finding | None = None
        self._resume()
        self.snapshot = self.status()
        """The status when it was last told; other threads read it here."""

    @property
    def verdict(self) -> str:
        """VIOLATES if any spec is violated, else INCONCLUSIVE if any is, else CONFORMS."""
        return _worst(self.results())

    def results(self) -> list[Result]:
        """The results so far, one per plan."""
        return [checker.result() for checker in self.checkers]

    def status(self) -> dict[str, Any]:
        """How far the check is, as JSON's own types; what they mean says `tracecheck.status`."""
        results = self.results()
        return status_of(self, results, _worst(results))

    # -- checking ------------------------------------------------------------------------------------------

    def poll(self) -> int:
        """Reads what is new and checks what need not be held back; returns how many events were passed on."""
        now = time.monotonic()
        if self.follower.poll():
            self._last_news = now
        quiet = now - self._last_news > 2 * self._hold_back_us / 1e6
        passed = self._pass_on(None if quiet or not self.timed else self.merger.newest - self._hold_back_us)
        self._watch(now)
        return passed

    def run(self, stop: threading.Event, *, drain_s: float = DEFAULT_DRAIN_S) -> str:
        """Follows until `stop` is set, then checks what is there, for at most `drain_s`; returns the verdict.

        Raises SupersededError when another monitor has taken over the files.
        """
        while not stop.is_set():
            if not self.poll():
                stop.wait(_NAP_S)
            self._tell()
        self.drain(drain_s)
        return self.verdict

    def drain(self, within_s: float = DEFAULT_DRAIN_S) -> None:
        """Checks all that has been written, for at most `within_s`; then the check has ended.

        Nothing is held back once nothing new has come for a while: until then, who writes has not ended either. A line
        without an end is left alone: its writer has not finished it. Raises as `run` does.
        """
        now = progress = time.monotonic()
        deadline = now + within_s
        finding: Finding | None = Finding("unfinished", f"gave up {within_s:g} s after it was told to stop")
        while now <= deadline:
            news = self.follower.poll()
            if news:
                self._last_news = now
            is_settled = not news and now - self._last_news >= min(self._hold_back_us / 1e6, _GRACE_S)
            hold_back = self.timed and not is_settled
            passed = self._pass_on(self.merger.newest - self._hold_back_us if hold_back else None)
            self._tell()
            now = time.monotonic()
            if news or passed:
                progress = now
            elif self.merger.stopped or (is_settled and self._is_complete(now, progress)):
                finding = self.merger.stuck() or self.follower.gone()
                break
            else:
                threading.Event().wait(_NAP_S)
        # What is saved is what was checked, not that the rest was not: that is for the next run to look at.
        self.save()
        self.ended = True
        self._halt(self.merger.stopped or finding)
        self._finish()
        self._tell(always=True)

    def _is_complete(self, now: float, progress: float) -> bool:
        """Whether all is checked of what had been written by the last event, but for what lacks a cause."""
        return now - progress > _GRACE_S or not (self.merger.waiting_entries or self.merger.stuck())

    def _pass_on(self, limit: int | None) -> int:
        """Checks events up to `limit`, but not so many that the status would grow old."""
        times = []
        feeds = [checker.feed for checker in self.checkers]
        merger, pop, refill = self.merger, self.merger.pop, self.follower.refill
        until = time.monotonic() + self._interval_s / 2
        while time.monotonic() < until and (entry := pop(limit)) is not None:
            for feed in feeds:
                feed(entry)
            if merger.starved is not None:
                refill()
            times.append(entry.event.at[0])
        if times:
            self.events += len(times)
            self.checked_up_to = max(self.checked_up_to, *times)
            if self.timed:
                self.lags.add(times, time.time_ns() // 1000)
        if merger.stopped is not None:
            self._halt(merger.stopped)
        return len(times)

    def _watch(self, now: float) -> None:
        """Reports what is missing when it has been for long; and when nothing at all has come for long, judges what
        waits for an event that might have let it in."""
        if now - self._last_watch < self._patience_s / 8:
            return
        self._last_watch = now
        found = self.merger.stuck() or self.follower.gone()
        if found != self._suspect:
            self._suspect, self._suspect_since = found, now
        elif found is not None and now - self._suspect_since > self._patience_s:
            self.merger.stopped = self.merger.stopped or found
        if self.timed and found is None and now - self._last_news > self._patience_s:
            self._finish()

    def _finish(self) -> None:
        for checker in self.checkers:
            checker.finish()

    def _halt(self, finding: Finding | None) -> None:
        if finding is not None:
            for checker in self.checkers:
                checker.halt(finding)

    # -- telling -------------------------------------------------------------------------------------------

    def _tell(self, *, always: bool = False) -> None:
        now = time.monotonic()
        if not always and now - self._last_status < self._interval_s:
            return
        self._last_status = now
        results = self.results()
        self.snapshot = status_of(self, results, _worst(results))
        if self._status is not None:
            self._status.write(msgspec.json.encode(self.snapshot))
        if self._reports is not None:
            self._reports.write(results)
        if now - self._last_save >= max(self._save_s, self._save_took_s / _MOST_SAVING):
            self.save()

    # -- across restarts -----------------------------------------------------------------------------------

    def save(self) -> None:
        """Writes the state file, if there is one. Raises SupersededError when another monitor has taken it over."""
        if self._state is None or self.ended:
            return
        began = time.monotonic()
        self._state.save(
            self.events,
            self.checked_up_to,
            self.merger.save(),
            self.follower.save(),
            [checker.save() for checker in self.checkers],
        )
        self._last_save = time.monotonic()
        self._save_took_s = self._last_save - began

    def _resume(self) -> None:
        if self._state is None:
            return
        state, self.began_anew = self._state.take_over()
        if state is None:
            return
        checkers = [Checker(checker.plan) for checker in self.checkers]
        try:
            for checker, saved in zip(checkers, state.checkers, strict=True):
                checker.restore(saved)
        except ValueError as error:
            self.began_anew = str(error)
            return
        self.checkers = checkers
        self.events, self.checked_up_to = state.events, state.checked_up_to
        self.merger.restore(state.order)
        self.follower.restore(state.logs)


def _worst(results: Sequence[Result]) -> str:
    verdicts = {result.verdict for result in results}
    return next(v for v in (VIOLATES, INCONCLUSIVE, CONFORMS) if v in verdicts)
