"""Whether the monitor still lives, as its status tells."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from daybreak.cli.monitor import SILENT_SECONDS, forget_status, read_status
from tracecheck.persist import OwnedFile, SupersededError


def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("running", "pid", "age", "life"),
    [
        (True, os.getpid(), 0, "running"),
        (True, os.getpid(), SILENT_SECONDS * 3, "silent for 30 s"),
        (True, gone(), 0, "crashed"),
        (False, gone(), 1000, "ended"),
    ],
    ids=["running", "silent", "crashed", "ended"],
)
def test_a_dead_monitor_is_told_from_a_live_one(running: bool, pid: int, age: float, life: str, tmp_path: Path) -> None:
    status = {"running": running, "pid": pid, "time": time.time() - age}
    (tmp_path / "monitor.json").write_bytes(msgspec.json.encode(status))
    said = read_status(tmp_path)
    assert said is not None
    assert said == {"life": life, **status}


def test_without_a_monitor_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert read_status(tmp_path) is None
    forget_status(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_monitors_words_are_forgotten_also_those_to_come(tmp_path: Path) -> None:
    earlier = OwnedFile(tmp_path / "monitor.json", "earlier")
    earlier.claim(b'{"run":"earlier","pid":1,"running":true,"time":0}')
    forget_status(tmp_path)
    assert read_status(tmp_path) is None
    with pytest.raises(SupersededError):
        earlier.write(b'{"run":"earlier","pid":1,"running":false,"time":0}')
    assert read_status(tmp_path) is None
