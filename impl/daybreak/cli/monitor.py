"""The checker beside a server: its own process, so that it takes nothing from the server's."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import msgspec

from daybreak.base.places import rungs
from daybreak.trace.directory import adjudicators_of

logger = logging.getLogger(__name__)

STATUS = "monitor.json"
STATE = "monitor.state"
REPORTS = "violations"
DRAIN_SECONDS = 60.0
"""At the end the monitor may take this long to read what it has not read yet."""
SILENT_SECONDS = 10.0
"""A monitor writes its status twice a second, if it can."""
NICE = 5
"""How much the monitor stands back behind the server: one that gets no processor at all would say nothing."""


class MonitorProcess:
    """`python -m tracecheck monitor` on a trace directory; what it writes lies in the data directory.

    It goes on where the monitor of an earlier server has stopped. On the port `metrics` it serves its metrics.
    """

    def __init__(self, trace: Path, data: Path, metrics: int | None = None) -> None:
        pairs: list[str] = []
        for rung in rungs(adjudicators_of(trace), live=True):
            pairs += ["--spec", str(rung.spec), "--mapping", str(rung.mapping)]
        command = [sys.executable, "-m", "tracecheck", "monitor", *pairs]
        command += ["--follow", str(trace), "--status", str(data / STATUS), "--state", str(data / STATE)]
        command += ["--reports", str(data / REPORTS), "--with-stdin"]
        if metrics is not None:
            command += ["--metrics", str(metrics)]
        with (data / "monitor.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        # Where processors are short, the check falls behind before the server does.
        os.setpriority(os.PRIO_PROCESS, self._process.pid, NICE)
        self._stopping = False
        threading.Thread(target=self._watch, name="monitor", daemon=True).start()

    def _watch(self) -> None:
        code = self._process.wait()
        if not self._stopping:
            logger.warning("the monitor has ended with code %d: nothing is checked any more; see monitor.log", code)

    def stop(self) -> None:
        """Let it read to the end of the trace, then end it."""
        self._stopping = True
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


def forget_status(data: Path) -> None:
    """What an earlier monitor has said is not about this server; nor is what it says while it ends.

    A monitor writes its status only while it finds the name of its own run in it.
    """
    status, draft = data / STATUS, data / f"{STATUS}.draft"
    if not status.exists():
        return
    with Path(f"{status}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        draft.write_bytes(msgspec.json.encode({"run": uuid.uuid4().hex}))
        draft.replace(status)


def read_status(data: Path) -> dict[str, object] | None:
    """What this server's monitor last wrote, and in `life` whether it still does; None if there is no monitor."""
    try:
        status = msgspec.json.decode((data / STATUS).read_bytes(), type=dict[str, object])
    except FileNotFoundError:
        return None
    return {"life": _life(status), **status} if "pid" in status else None


def _life(status: dict[str, object]) -> str:
    """`running` or `ended`; `crashed` when its process is gone, `silent` when it has not written for long."""
    if not status["running"]:
        return "ended"
    try:
        os.kill(int(str(status["pid"])), 0)
    except ProcessLookupError:
        return "crashed"
    except PermissionError:
        pass  # It is there, and not ours.
    age = time.time() - float(str(status["time"]))
    return f"silent for {age:.0f} s" if age > SILENT_SECONDS else "running"
