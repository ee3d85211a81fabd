"""Zones that are killed, stopped or left alone while clients commit: the majority goes on, the zone catches up."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from daybreak.cluster import ZONES, Layout
from daybreak.control.api import ask
from daybreak.control.datadir import running_server
from daybreak.journal.promise import FILES, PROMISE_BYTES
from tests.support.pairs import Pairs, rows
from tests.support.server import Server, daybreak

COMMITS = 10
SECONDS = 60.0


def status(server: Server) -> dict[str, Any]:
    """What the server says of the zones."""
    zones = ask(running_server(server.data).control)["zones"]
    assert isinstance(zones, dict)
    return zones


def until(server: Server, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The zones once something is so of them."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        zones = status(server)
        if done(zones):
            return zones
    raise AssertionError(f"not within {SECONDS:g} s: {zones}")


def last_index(zones: dict[str, Any], zone: str) -> int:
    """Up to where the zone's journal has entries."""
    return int(zones[zone]["roles"].get(f"{zone}/journal-0", {"last_index": -1})["last_index"])


def caught_up(zone: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a zone runs and lacks no entry that the other two had when they were asked."""
    return lambda zones: last_index(zones, zone) >= max(last_index(zones, other) for other in ZONES) > 0


def running_again(zone: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a zone runs, in its second life."""
    return lambda zones: (zones[zone]["restarts"], zones[zone]["state"]) == (1, "running")


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


def test_each_zone_killed_in_turn_under_load(tmp_path: Path) -> None:
    server, load = Server(tmp_path / "data"), Pairs()
    with server:
        load.create(server)
        load.start(server)
        pids = {}
        for zone in ZONES:
            load.wait_for(COMMITS)
            pids[zone] = status(server)[zone]["pid"]
            os.kill(pids[zone], signal.SIGKILL)
            load.wait_for(COMMITS)
            until(server, running_again(zone))
        load.stop()
        zones = until(server, lambda zones: all(caught_up(zone)(zones) for zone in ZONES))
        assert all(zones[zone]["connection"]["connections"] >= 2 for zone in ZONES)
        assert load.ends == [], "the majority went on"
        load.check(server)
        assert server.stop() == 0
    said = re.findall(r"(A\d) \(process (\d+)\) has ended with code -9; it is started again in 0.1 s\n", server.log())
    assert said == [(zone, str(pids[zone])) for zone in ZONES]
    assert server.log().count("\n") == len(ZONES), server.log()


def test_a_zone_stopped_for_longer_than_its_peers_wait_catches_up(tmp_path: Path) -> None:
    server, load = Server(tmp_path / "data"), Pairs()
    with server:
        load.create(server)
        load.start(server)
        load.wait_for(COMMITS)
        pid = status(server)["A2"]["pid"]
        os.kill(pid, signal.SIGSTOP)
        zones = until(server, lambda zones: not zones["A2"]["connection"]["connected"])
        assert (zones["A2"]["state"], zones["A2"]["pid"], zones["A2"]["restarts"]) == ("silent", pid, 0)
        load.wait_for(COMMITS)
        os.kill(pid, signal.SIGCONT)
        load.wait_for(COMMITS)
        load.stop()
        until(server, caught_up("A2"))
        assert load.ends == []
        load.check(server)
        assert server.stop() == 0
    assert set(re.findall(r"WARNING .*", server.log())) == {
        "WARNING daybreak.runtime.remote.peers: A2 has said nothing for 5 s and is given up"
    }


def test_a_killed_server_takes_its_zones_along_and_starts_again_at_once(tmp_path: Path) -> None:
    server, load = Server(tmp_path / "data"), Pairs()
    with server:
        load.create(server)
        load.start(server)
        load.wait_for(COMMITS)
        zones = status(server)
        with gone(zones["A1"]["pid"]), gone(zones["A2"]["pid"]), gone(zones["A3"]["pid"]):
            server.kill()
            load.stop()
            server.start()
        load.check(server)
        assert not {zones[zone]["pid"] for zone in ZONES} & {status(server)[zone]["pid"] for zone in ZONES}
        assert server.stop() == 0
    assert server.log() == ""


def test_an_interrupt_from_the_terminal_ends_everything_in_order(tmp_path: Path) -> None:
    server, load = Server(tmp_path / "data"), Pairs()
    with server:
        load.create(server)
        assert server.process is not None
        zones = status(server)
        with gone(zones["A1"]["pid"]), gone(zones["A2"]["pid"]), gone(zones["A3"]["pid"]):
            os.killpg(server.process.pid, signal.SIGINT)
            assert server.stop() == 0
    assert server.log() == "", "no zone was lost before the end"


def test_what_one_zone_cannot_read_is_refused_before_any_zone_has_changed(tmp_path: Path) -> None:
    """The same line as of a server in a single process; zones that come up later find everything as it was."""
    server = Server(tmp_path / "data")
    with server:
        with server.connect() as connection:
            connection.execute("CREATE TABLE t (id int PRIMARY KEY)")
        assert server.stop() == 0
        promises = [server.data / "zones" / "A2" / "journal-0" / name for name in FILES]
        good = [promise.read_bytes() for promise in promises]
        for promise in promises:
            promise.write_bytes(b"x" * PROMISE_BYTES)
        files = [*server.data.glob("zones/*/journal-*/*")]
        before = [file.read_bytes() for file in files]
        done = daybreak("serve", "--port", "0", "--data", str(server.data), timeout=60)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
        assert done.stderr.startswith(f"daybreak: {promises[0]}: corrupt at offset 0: not a promise, nor is its copy")
        assert [file.read_bytes() for file in files] == before
        for promise, data in zip(promises, good, strict=True):
            promise.write_bytes(data)
        server.start()
        assert rows(server, "SELECT * FROM t") == set()
        assert server.stop() == 0
    assert server.log() == ""


# --- zones that are run by hand -------------------------------------------------------------------------------------


def node(server: Server, zone: str) -> subprocess.Popen[str]:
    """`daybreak node`, ready."""
    command = [sys.executable, "-m", "daybreak", "node", "--zone", zone, "--role", "all", "--data", str(server.data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    nodes = " ".join(Layout().in_zone(zone))
    assert process.stdout.readline() == f"ready: {nodes} of {server.data}\n"
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """How a node has ended, and what it said."""
    _, said = process.communicate(timeout=SECONDS)
    return process.returncode, said


def test_commits_go_on_while_a_zone_is_down_and_it_catches_up(tmp_path: Path) -> None:
    server, load = Server(tmp_path / "data", "--processes", "single"), Pairs()
    with server:
        load.create(server)
        assert server.stop() == 0
    server = Server(tmp_path / "data", "--processes", "apart")
    nodes = {zone: node(server, zone) for zone in ZONES}
    try:
        with server:
            load.start(server)
            load.wait_for(COMMITS)
            nodes["A3"].kill()
            assert ended(nodes["A3"]) == (-signal.SIGKILL, "")
            assert until(server, lambda zones: zones["A3"]["state"] == "down")["A3"]["pid"] is None
            load.wait_for(COMMITS)
            nodes["A3"] = node(server, "A3")
            load.wait_for(COMMITS)
            load.stop()
            until(server, caught_up("A3"))
            assert load.ends == []
            load.check(server)
            assert server.stop() == 0
        assert server.log() == ""
    finally:
        for process in nodes.values():
            process.terminate()
    assert [ended(process) for process in nodes.values()] == [(0, "")] * 3


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--zone", "A9"), 2, "daybreak node: argument --zone: invalid choice: 'A9'"),
        ((), 2, "daybreak node: the following arguments are required: --zone; see daybreak node --help"),
        (("--zone", "A1", "--role", "cook"), 2, "daybreak node: argument --role: invalid choice: 'cook'"),
        (("--zone", "A1"), 1, "{data}: is no data directory; run daybreak serve first, or name another with --data"),
    ],
)
def test_a_node_that_cannot_run_says_so_in_one_line(
    options: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    done = daybreak("node", *options, "--data", str(tmp_path), timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done.stderr
    assert said.format(data=tmp_path) in done.stderr
