"""`daybreak node` processes that a test runs by hand, and a server whose zones they are."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daybreak.cluster import ZONES, Layout
from daybreak.control.api import ask
from daybreak.control.datadir import running_server
from tests.support.server import Server

SECONDS = 60.0


def status(server: Server) -> dict[str, Any]:
    """What `daybreak status --json` shows."""
    return ask(running_server(server.data).control)


def zones(server: Server) -> dict[str, Any]:
    """What the server says of the zones."""
    found: dict[str, Any] = status(server)["zones"]
    return found


def until(server: Server, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The zones once something is so of them."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = zones(server)
        if done(found):
            return found
    raise AssertionError(f"not within {SECONDS:g} s: {found}")


def last_index(found: dict[str, Any], zone: str) -> int:
    """Up to where the zone's journal has entries."""
    return int(found[zone]["roles"].get(f"{zone}/journal-0", {"last_index": -1})["last_index"])


def caught_up(zone: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a zone runs and lacks no entry that the other two had when they were asked."""
    return lambda found: last_index(found, zone) >= max(last_index(found, other) for other in ZONES) > 0


def running_again(zone: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a zone runs, in its second life."""
    return lambda found: (found[zone]["restarts"], found[zone]["state"]) == (1, "running")


def complete(zone: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a zone's storage replica has every entry that some replica of a journal knew to be durable."""

    def check(found: dict[str, Any]) -> bool:
        storage = found[zone]["roles"].get(f"{zone}/storage-0", {"positions": {}})
        for number, journal in enumerate(Layout().journals):
            told = [found[other]["roles"].get(f"{other}/journal-{number}", {"durable": 0}) for other in ZONES]
            if not 0 < max(role["durable"] for role in told) <= storage["positions"].get(journal, 0):
                return False
        return True

    return check


@contextmanager
def gone(pid: int) -> Iterator[None]:
    """The process has ended some time after what is done in this context."""
    watch = os.pidfd_open(pid)
    try:
        yield
        waiter = select.poll()
        waiter.register(watch, select.POLLIN)
        assert waiter.poll(SECONDS * 1000), f"process {pid} goes on"
    finally:
        os.close(watch)


def node(server: Server, zone: str, *options: str, data: Path | None = None) -> subprocess.Popen[str]:
    """`daybreak node` for a zone of `server`, ready; on a data directory of its own, if there is one."""
    data = data or server.data
    command = [sys.executable, "-m", "daybreak", "node", "--zone", zone, "--role", "all", "--data", str(data)]
    command += ["--trace", str(server.trace), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == f"ready: {' '.join(Layout().in_zone(zone))} of {data}\n"
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """How a node has ended, and what it said."""
    _, said = process.communicate(timeout=SECONDS)
    return process.returncode, said


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL, and wait for the end."""
    process.kill()
    assert ended(process) == (-signal.SIGKILL, "")
