"""A process that runs models, one after the other, and reports on standard output, one JSON object per line.

    python -m daybreak.modelcheck.worker brief|long HEAP_MB

Each line on standard input is a job (see `tlc.Job`); of the lines that answer it the last is its outcome, those before
it tell the progress. The process ends when standard input does, or when nobody reads what it says. TLC leaves threads
that would keep it alive, so it ends by `os._exit`, after everything is written.
"""

from __future__ import annotations

import os
import sys
import threading

import msgspec

from daybreak.modelcheck.tlc import BRIEF, Checker, Job, Outcome, Progress, start_java
from tracecheck.errors import SetupError

_INTERVAL_S = 0.5


class Line:
    """The way out: whole lines, from two threads, on a file that nothing else in this process writes to."""

    def __init__(self) -> None:
        self._file = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def write(self, report: Progress | Outcome) -> None:
        """Sends `report`; ends the process if nobody is there to read it."""
        with self._lock:
            try:
                self._file.write(msgspec.json.encode(report) + b"\n")
                self._file.flush()
            except BrokenPipeError:
                os._exit(1)


def _watch(checker: Checker, line: Line, done: threading.Event) -> None:
    while not done.wait(_INTERVAL_S):
        progress = checker.progress()
        if progress is not None:
            line.write(progress)


def run(job: Job, line: Line) -> None:
    """Runs `job` and writes its progress and its outcome to `line`."""
    checker = Checker(job)
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(checker, line, done), daemon=True)
    watcher.start()
    outcome = checker.run()
    done.set()
    watcher.join()
    line.write(outcome)


def main(length: str, heap_mb: str) -> None:
    """Runs the jobs on standard input."""
    line = Line()
    decoder = msgspec.json.Decoder(Job)
    for text in sys.stdin.buffer:
        try:
            start_java(brief=length == BRIEF, heap_mb=int(heap_mb))
            run(decoder.decode(text), line)
        except SetupError as error:
            line.write(Outcome("unusable", 0.0, reason=str(error)))


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)
