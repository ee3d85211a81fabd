"""The checker beside a server: its own process, so that it takes nothing from the server's."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from daybreak.base.places import rungs

STATUS = "monitor.json"
DRAIN_SECONDS = 60.0
"""At the end the monitor may take this long to read what it has not read yet."""


class MonitorProcess:
    """`python -m tracecheck monitor` on a trace directory; its log and status lie in the data directory."""

    def __init__(self, trace: Path, data: Path) -> None:
        pairs: list[str] = []
        for rung in rungs():
            pairs += ["--spec", str(rung.spec), "--mapping", str(rung.mapping)]
        command = [sys.executable, "-m", "tracecheck", "monitor", *pairs]
        command += ["--follow", str(trace), "--status", str(data / STATUS), "--with-stdin"]
        with (data / "monitor.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def stop(self) -> None:
        """Let it read to the end of the trace, then end it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


def read_status(data: Path) -> dict[str, object] | None:
    """What the monitor last wrote; None if there is no monitor."""
    try:
        return msgspec.json.decode((data / STATUS).read_bytes(), type=dict[str, object])
    except FileNotFoundError:
        return None
