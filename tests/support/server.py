"""A real server in a process of its own, for tests."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import psycopg

from daybreak.trace.directory import adjudicators_of
from tests.support.checked import check_against_specs

READY = re.compile(r"ready: postgresql://admin@[0-9.]+:(\d+)/postgres")
START_SECONDS = 60
STOP_SECONDS = 60


class Server:
    """`daybreak serve` on a free port; a context manager that stops it in the end.

    It is recorded beside its data, if `options` do not say where else, and the trace is checked when the test in which
    it ends has run; unless `unchecked` says why not.
    """

    def __init__(self, data: Path, *options: str, unchecked: str | None = None) -> None:
        self.data = data
        self._checked = unchecked is None
        self.trace = data / "trace" if "--monitor" in options else data.with_name(f"{data.name}.trace")
        if "--trace" in options:
            self.trace = Path(options[options.index("--trace") + 1])
        elif self._checked and "--monitor" not in options:
            options = (*options, "--trace", str(self.trace))
        self._command = [sys.executable, "-m", "daybreak", "serve", "--port", "0", "--data", str(data), *options]
        self.process: subprocess.Popen[str] | None = None
        self.host, self.port = "127.0.0.1", 0

    def start(self) -> Server:
        """Start it and wait until it says that it is ready."""
        log = (self.data.parent / f"{self.data.name}.log").open("a")
        process = self.process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
        log.close()
        assert process.stdout is not None, "a pipe was asked for"
        line = process.stdout.readline()
        found = READY.fullmatch(line.strip())
        if found is None:
            process.wait(START_SECONDS)
            raise AssertionError(f"not ready, but {line!r}; log: {self.log()}")
        self.port = int(found.group(1))
        return self

    def log(self) -> str:
        """What it wrote to standard error."""
        return (self.data.parent / f"{self.data.name}.log").read_text()

    def connect(self, *, autocommit: bool = True, timeout: int = 30) -> psycopg.Connection[tuple[object, ...]]:
        """A client."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user="admin",
            dbname="postgres",
            autocommit=autocommit,
            connect_timeout=timeout,
        )

    def kill(self) -> None:
        """SIGKILL, to the server alone; returns when its zones have noticed, and written their last events."""
        assert self.process is not None, "it was started"
        os.kill(self.process.pid, signal.SIGKILL)
        for lock in self.data.rglob("zones/*/lock"):
            with lock.open() as held:
                fcntl.flock(held, fcntl.LOCK_EX)
        self._reap()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None, "it was started"
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def _reap(self) -> int:
        assert self.process is not None and self.process.stdout is not None, "it was started"
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not stop within {STOP_SECONDS} s; log: {self.log()}") from None
        self.process.stdout.close()
        if self._checked:
            check_against_specs(self.trace, adjudicators_of(self.trace))
        return code

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()


def daybreak(
    *arguments: str, timeout: int = 300, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command `daybreak` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "daybreak", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=environment,
    )
