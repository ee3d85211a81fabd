"""Worker processes, seen from the one that starts them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from daybreak.modelcheck.tlc import BRIEF, LONG, Job, Outcome, Progress

_MOST_RUNS = 12  # what TLC leaves behind of each model adds up

_decoder: msgspec.json.Decoder[Progress | Outcome] = msgspec.json.Decoder(Progress | Outcome)


class Worker:
    """One worker process. It runs one job at a time."""

    def __init__(self, scratch: Path, *, brief: bool) -> None:
        self._runs_left = _MOST_RUNS if brief else 1
        directory = tempfile.mkdtemp(prefix="java-", dir=scratch)
        self._complaints = Path(directory) / "stderr"
        command = [sys.executable, "-m", "daybreak.modelcheck.worker", BRIEF if brief else LONG]
        # A worker ends without cleaning up after itself, so its temporary files go where they will be removed.
        surroundings = {**os.environ, "TMPDIR": directory}
        pipe = subprocess.PIPE
        with self._complaints.open("wb") as complaints:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=complaints, env=surroundings)

    @property
    def spent(self) -> bool:
        """Whether it should run no further job."""
        return self._runs_left <= 0

    def run(self, job: Job, progressed: Callable[[Progress], None]) -> Outcome:
        """Runs `job`, telling its progress; a worker that dies over it has an outcome too: it failed."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        self._runs_left -= 1
        with suppress(BrokenPipeError):
            process.stdin.write(msgspec.json.encode(job) + b"\n")
            process.stdin.flush()
        for line in process.stdout:
            report = _decoder.decode(line)
            if isinstance(report, Outcome):
                return report
            progressed(report)
        self._runs_left = 0
        return Outcome("failed", 0.0, reason=f"the worker ended with code {process.wait()}: {self._last_words()}")

    def _last_words(self) -> str:
        lines = self._complaints.read_text(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def kill(self) -> None:
        """Ends the process at once, whatever it is at."""
        self._process.kill()

    def close(self) -> None:
        """Lets the process end, and waits until it has."""
        with suppress(BrokenPipeError), self._process:
            pass


class Workers:
    """All workers of a run. Brief jobs share a worker, one after the other; a long one has a worker to itself."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._lock = threading.Lock()
        self._all: set[Worker] = set()
        self._idle: list[Worker] = []
        self._killed = False

    @contextmanager
    def one(self, *, brief: bool) -> Iterator[Worker]:
        """A worker that nobody else uses meanwhile. Raises CancelledError after `kill`."""
        with self._lock:
            if self._killed:
                raise CancelledError
            worker = self._idle.pop() if brief and self._idle else Worker(self._scratch, brief=brief)
            self._all.add(worker)
        yield worker
        with self._lock:
            if brief and not worker.spent:
                self._idle.append(worker)
                return
            self._all.discard(worker)
        worker.close()

    def kill(self) -> None:
        """Ends all of them at once, and starts no more."""
        with self._lock:
            self._killed = True
            for worker in self._all:
                worker.kill()

    def close(self) -> None:
        """Lets all of them end; none may be in use."""
        with self._lock:
            for worker in self._all:
                worker.close()
            self._all.clear()
            self._idle.clear()
