"""Worker processes, seen from the one that starts them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from daybreak.modelcheck.complaints import head
from daybreak.modelcheck.tlc import BRIEF, LONG, Job, Outcome, Progress

_MOST_RUNS = 24  # what TLC leaves behind of each model adds up
_OUT_OF_MEMORY = 3  # Java's exit code then, see `tlc.start_java`

_decoder: msgspec.json.Decoder[Progress | Outcome] = msgspec.json.Decoder(Progress | Outcome)


class Worker:
    """One worker process, whose heap grows to `heap_mb` MiB. It runs one job at a time."""

    def __init__(self, scratch: Path, *, brief: bool, heap_mb: int) -> None:
        self.heap_mb = heap_mb
        self._expired = False
        self._runs_left = _MOST_RUNS if brief else 1
        directory = tempfile.mkdtemp(prefix="java-", dir=scratch)
        self._complaints = Path(directory) / "stderr"
        command = [sys.executable, "-m", "daybreak.modelcheck.worker", BRIEF if brief else LONG, str(heap_mb)]
        # A worker ends without cleaning up after itself, so its temporary files go where they will be removed.
        surroundings = {**os.environ, "TMPDIR": directory}
        pipe = subprocess.PIPE
        with self._complaints.open("wb") as complaints:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=complaints, env=surroundings)

    @property
    def spent(self) -> bool:
        """Whether it should run no further job."""
        return self._expired or self._runs_left <= 0

    def run(self, job: Job, progressed: Callable[[Progress], None]) -> Outcome:
        """Runs `job`, telling its progress; a worker that dies over it has an outcome too."""
        limit = threading.Timer(job.limit_s, self._expire)
        limit.daemon = True
        limit.start()
        try:
            return self._run(job, progressed)
        finally:
            limit.cancel()

    def _run(self, job: Job, progressed: Callable[[Progress], None]) -> Outcome:
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        self._runs_left -= 1
        last, began = None, time.monotonic()
        with suppress(BrokenPipeError):
            process.stdin.write(msgspec.json.encode(job) + b"\n")
            process.stdin.flush()
        for line in process.stdout:
            report = _decoder.decode(line)
            if isinstance(report, Outcome):
                return report
            last = report
            progressed(report)
        self._runs_left = 0
        reason = f"{head(Path(job.module))}: {self._why_it_ended(job)}"
        return Outcome("unusable", round(time.monotonic() - began, 2), reason=reason + _so_far(last))

    def _expire(self) -> None:
        self._expired = True
        self.kill()

    def _why_it_ended(self, job: Job) -> str:
        code = self._process.wait()
        if self._expired:
            return f"{Path(job.config).stem} was not done within {job.limit_s:g} s"
        if code == _OUT_OF_MEMORY:
            return f"{Path(job.config).stem} ran out of memory, with a heap of {self.heap_mb} MiB"
        return f"the worker ended with code {code}: {self._last_words()}"

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


def _so_far(last: Progress | None) -> str:
    return f" ({last.distinct:,} distinct states, depth {last.depth}, so far)" if last else ""


class Workers:
    """All workers of a run. Brief jobs share a worker, one after the other; a long one has a worker to itself."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self._lock = threading.Lock()
        self._all: set[Worker] = set()
        self._idle: list[Worker] = []
        self._killed = False

    @contextmanager
    def one(self, *, brief: bool, heap_mb: int) -> Iterator[Worker]:
        """A worker that nobody else uses meanwhile. Raises CancelledError after `kill`, and if it comes meanwhile."""
        with self._lock:
            if self._killed:
                raise CancelledError
            fitting = [worker for worker in self._idle if brief and worker.heap_mb == heap_mb]
            worker = fitting[0] if fitting else Worker(self.scratch, brief=brief, heap_mb=heap_mb)
            self._idle = [other for other in self._idle if other is not worker]
            self._all.add(worker)
        yield worker
        with self._lock:
            if self._killed:
                raise CancelledError
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
