"""Faults below the server's own code: Python that every child process runs before anything else."""

from __future__ import annotations

import os
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.support.server import Server, daybreak

WAIT_SECONDS = 60


def inject(monkeypatch: pytest.MonkeyPatch, directory: Path, code: str) -> None:
    """From here on, child processes run `code` at their start; `directory` is for a file that has it."""
    directory.mkdir()
    (directory / "sitecustomize.py").write_text(textwrap.dedent(code))
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(directory), *([before] if before else [])]))


def status(server: Server) -> dict[str, dict[str, object]]:
    """What `daybreak status` says."""
    done = daybreak("status", "--json", "--data", str(server.data))
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=dict)


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Return once something that others do has happened."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {WAIT_SECONDS} s"
