"""`daybreak chaos` and a real server, which obeys only if it was started to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chaotic import Chaotic
from tests.support.server import Server, daybreak


def refused(server: Server, *words: str) -> str:
    """What is said of a command that is refused."""
    done = daybreak("chaos", "--data", str(server.data), *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    return done.stderr


@pytest.mark.timeout(120)
def test_a_server_that_was_not_started_for_it_is_left_alone(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server, Chaotic(server, 1) as chaos:
        pids = {zone: said["pid"] for zone, said in chaos.status()["zones"].items()}
        for command in ("kill A1", "pause A", "cut A1-A2", "heal", "corrupt A1"):
            assert " takes no such orders; start the server with --chaos" in refused(server, *command.split())
        assert {zone: said["pid"] for zone, said in chaos.status()["zones"].items()} == pids
        assert server.stop() == 0


@pytest.mark.timeout(120)
def test_a_timeline_is_carried_out_while_clients_commit(tmp_path: Path) -> None:
    """A3 leads neither of two adjudicators, so nobody is told to try again."""
    timeline = tmp_path / "timeline"
    timeline.write_text(
        "0 latency A1-A3 5ms\n0 duplicate A 20%\n0.1 pause A3\n0.2 resume A3\n0.2 clock A2 -1h\n0.3 heal\n0.3 kill A3\n"
    )
    with Server(tmp_path / "data", "--chaos") as server, Chaotic(server, 1) as chaos, server.connect() as client:
        client.execute("CREATE TABLE t (id int PRIMARY KEY)")
        done = daybreak("chaos", "--data", str(server.data), "run", str(timeline))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        client.execute("INSERT INTO t VALUES (1)")
        found = chaos.until("A3 comes back", lambda found: bool(found["zones"]["A3"]["restarts"]))
        assert [found["zones"][zone]["restarts"] for zone in ("A1", "A2", "A3")] == [0, 0, 1]
        chaos.well("all zones")
        assert client.execute("SELECT id FROM t").fetchall() == [(1,)]
        assert server.stop() == 0


@pytest.mark.timeout(120)
def test_a_server_in_a_single_process_has_a_clock_and_disks_that_fail_but_no_messages(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--chaos", "--processes", "single") as server, Chaotic(server, 1) as chaos:
        assert refused(server, "cut", "A") == "daybreak: A: there is no other process\n"
        assert "process A1 takes no such orders" in refused(server, "clock", "A1", "+1h")
        chaos.order("clock A +1h")
        with server.connect() as client:
            client.execute("CREATE TABLE t (id int PRIMARY KEY)")
        assert chaos.status()["clock"]["jumps"] == 1
        assert server.stop() == 0
