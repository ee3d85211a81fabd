"""Zones with storage that are lost under traffic: reads and commits go on with the others, and the zone comes back."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from daybreak.cluster import ZONES
from tests.support.nodes import caught_up, complete, ended, kill, node, running_again, until, zones
from tests.support.pairs import Pairs
from tests.support.server import Server

COMMITS = 10
MEGABYTE = 1_000_000


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[tuple[Server, Pairs]]:
    """A server under load, which in the end has lost nothing and failed nobody."""
    server, load = Server(tmp_path / "data"), Pairs()
    with server:
        load.create(server)
        load.start(server)
        load.wait_for(COMMITS)
        yield server, load
        load.wait_for(COMMITS)
        load.stop()
        until(server, lambda found: all(caught_up(zone)(found) for zone in ZONES))
        assert load.ends == []
        load.check(server)
        assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_zone_with_storage_is_killed_or_ends_in_order(loaded: tuple[Server, Pairs], number: int) -> None:
    server, load = loaded
    os.kill(zones(server)["A1"]["pid"], number)
    load.wait_for(COMMITS)
    until(server, running_again("A1"))
    until(server, complete("A1"))


def test_a_zone_with_storage_is_paused_and_goes_on(loaded: tuple[Server, Pairs]) -> None:
    server, load = loaded
    pid = zones(server)["A1"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        load.wait_for(COMMITS)
        with server.connect() as connection:
            said = connection.execute("SELECT zone, failure FROM sys.daybreak_replicas ORDER BY zone").fetchall()
        assert said == [("A1", "the zone's process is silent"), ("A2", None)]
    finally:
        os.kill(pid, signal.SIGCONT)
    until(server, complete("A1"))


def test_both_zones_with_storage_are_lost_in_turn(loaded: tuple[Server, Pairs]) -> None:
    server, load = loaded
    for zone in ("A1", "A2"):
        os.kill(zones(server)[zone]["pid"], signal.SIGKILL)
        load.wait_for(COMMITS)
        until(server, running_again(zone))
        until(server, complete(zone))


def test_a_replica_whose_disk_is_lost_while_it_is_down_copies_its_sibling_if_the_journals_were_trimmed(
    tmp_path: Path,
) -> None:
    first = Server(tmp_path / "data", "--processes", "single")
    with first:
        assert first.stop() == 0
    server = Server(tmp_path / "data", "--processes", "apart")
    nodes = {zone: node(server, zone) for zone in ZONES}
    try:
        with server:
            with server.connect() as connection:
                connection.execute("CREATE TABLE t (id int PRIMARY KEY, text text)")
                kept = fill_until_trimmed(server, connection)
            kill(nodes["A2"])
            shutil.rmtree(server.data / "zones" / "A2" / "storage")
            nodes["A2"] = node(server, "A2")
            found = until(server, complete("A2"))
            assert found["A2"]["roles"]["A2/storage-0"]["bootstraps"] == 1
            kill(nodes["A1"])
            with server.connect() as connection:
                assert connection.execute("SELECT count(*) FROM t").fetchone() == (kept,)
            nodes["A1"] = node(server, "A1")
            assert server.stop() == 0
    finally:
        for process in nodes.values():
            process.terminate()
    assert [ended(process)[0] for process in nodes.values()] == [0, 0, 0]


def fill_until_trimmed(server: Server, connection: psycopg.Connection[tuple[object, ...]]) -> int:
    """Write large rows until a journal begins later; how many they were."""
    for number in range(400):
        connection.execute("INSERT INTO t VALUES (%s, repeat('x', %s))", (number, MEGABYTE))
        roles = zones(server)["A1"]["roles"]
        if max(roles["A1/journal-0"]["base"], roles["A1/journal-1"]["base"]) > 0:
            return number + 1
    raise AssertionError("no journal was ever trimmed")
