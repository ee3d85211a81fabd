"""The monitor beside a server, when one of the two is killed."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Server, daybreak

SECONDS = 60.0


def monitor_of(server: Server, life: str, commits: int) -> dict[str, Any]:
    """The monitor's status once it is in this state and every spec has accepted so many commits."""
    deadline = time.monotonic() + SECONDS
    said = None
    while time.monotonic() < deadline:
        done = daybreak("status", "--data", str(server.data), "--json")
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)["monitor"]
        if said is not None and said["life"] == life and said["specs"]:
            assert said["verdict"] != "VIOLATES", said
            if all(commits_of(spec["consumed"]) >= commits for spec in said["specs"]):
                return dict(said)
    raise AssertionError(f"not {life} within {SECONDS:g} s: {said}")


def commits_of(consumed: dict[str, int]) -> int:
    """How many commits a spec has accepted; rung 3 calls one Durable."""
    return consumed.get("Commit", consumed.get("Durable", 0))


def commit(server: Server, *statements: str) -> None:
    with server.connect() as connection:
        for statement in statements:
            connection.execute(statement.encode())


def wait_for_end(pid: int) -> None:
    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        waiter = select.poll()
        waiter.register(watch, select.POLLIN)
        assert waiter.poll(SECONDS * 1000), "it does not end"
    finally:
        os.close(watch)


@pytest.mark.timeout(240)
def test_a_killed_server_is_followed_by_another_with_a_monitor_that_goes_on(tmp_path: Path) -> None:
    """The old monitor is still ending when the new one begins, and writes into none of its files."""
    with Server(tmp_path / "data", "--monitor") as server:
        commit(server, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
        first = monitor_of(server, "running", 2)
        server.kill()
        server.start()
        commit(server, "INSERT INTO t VALUES (2)")
        second = monitor_of(server, "running", 3)
        wait_for_end(first["pid"])
        third = monitor_of(server, "running", 3)
    assert first["run"] != second["run"] == third["run"]
    assert third["events"] >= second["events"] > first["events"]
    last = json.loads((tmp_path / "data/monitor.json").read_text())
    assert (last["run"], last["running"], last["verdict"]) == (second["run"], False, "CONFORMS")


@pytest.mark.timeout(240)
def test_a_killed_monitor_is_called_crashed_and_the_next_goes_on_from_its_state(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--monitor") as server:
        commit(server, "CREATE TABLE t (id int PRIMARY KEY)")
        first = monitor_of(server, "running", 1)
        os.kill(first["pid"], signal.SIGKILL)
        assert monitor_of(server, "crashed", 1)["run"] == first["run"]
        assert "the monitor has ended with code -9: nothing is checked any more" in server.log()
        commit(server, "INSERT INTO t VALUES (1)")
        assert server.stop() == 0
        server.start()
        assert monitor_of(server, "running", 2)["verdict"] == "CONFORMS"


@pytest.mark.timeout(120)
def test_a_server_serves_the_metrics_of_its_check(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Server(tmp_path / "data", "--metrics", str(port)) as server:
        commit(server, "CREATE TABLE t (id int PRIMARY KEY)")
        monitor_of(server, "running", 1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            text = answer.read().decode()
    told = re.findall(r'^tracecheck_verdict\{spec="(\w+)",verdict="CONFORMS"\} 1\.0$', text, re.MULTILINE)
    assert sorted(told) == ["TraceCommit", "TracePlacement", "TraceSnapshotIsolation"], text
