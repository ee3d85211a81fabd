"""Zones that are killed, stopped or left alone while clients commit: the majority goes on, the zone catches up."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from daybreak.cluster import ZONES
from daybreak.journal.promise import FILES, PROMISE_BYTES
from tests.support.nodes import caught_up, ended, gone, kill, node, running_again, until, zones
from tests.support.pairs import Pairs, rows
from tests.support.server import Server, daybreak

COMMITS = 10


def test_each_zone_killed_in_turn_under_load(tmp_path: Path) -> None:
    server, load = Server(tmp_path / "data"), Pairs()
    with server:
        load.create(server)
        load.start(server)
        pids = {}
        for zone in ZONES:
            load.wait_for(COMMITS)
            pids[zone] = zones(server)[zone]["pid"]
            os.kill(pids[zone], signal.SIGKILL)
            load.wait_for(COMMITS)
            until(server, running_again(zone))
        load.stop()
        found = until(server, lambda found: all(caught_up(zone)(found) for zone in ZONES))
        assert all(found[zone]["connection"]["connections"] >= 2 for zone in ZONES)
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
        pid = zones(server)["A2"]["pid"]
        os.kill(pid, signal.SIGSTOP)
        found = until(server, lambda found: not found["A2"]["connection"]["connected"])
        assert (found["A2"]["state"], found["A2"]["pid"], found["A2"]["restarts"]) == ("silent", pid, 0)
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
        before = zones(server)
        with gone(before["A1"]["pid"]), gone(before["A2"]["pid"]), gone(before["A3"]["pid"]):
            server.kill()
            load.stop()
            server.start()
        load.check(server)
        assert not {before[zone]["pid"] for zone in ZONES} & {zones(server)[zone]["pid"] for zone in ZONES}
        assert server.stop() == 0
    assert server.log() == ""


def test_an_interrupt_from_the_terminal_ends_everything_in_order(tmp_path: Path) -> None:
    server, load = Server(tmp_path / "data"), Pairs()
    with server:
        load.create(server)
        assert server.process is not None
        before = zones(server)
        with gone(before["A1"]["pid"]), gone(before["A2"]["pid"]), gone(before["A3"]["pid"]):
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
            kill(nodes["A3"])
            assert until(server, lambda found: found["A3"]["state"] == "down")["A3"]["pid"] is None
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
        ((), 2, "daybreak node: which zone? give --zone, or --config; see daybreak node --help"),
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
