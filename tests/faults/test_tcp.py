"""Processes of a cluster that have nothing in common but their network: each with a data directory of its own."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from daybreak.cluster import ZONES
from tests.support.nodes import caught_up, ended, kill, node, until, zones
from tests.support.pairs import Pairs
from tests.support.server import Server, daybreak

COMMITS = 10
PROCESSES = ("A", *ZONES)


def make_directory(data: Path) -> None:
    """Make a data directory."""
    first = Server(data, "--processes", "single", unchecked="nothing of it is used but who the cluster is")
    with first:
        assert first.stop() == 0


def free_addresses() -> dict[str, str]:
    """An address for each process."""
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in PROCESSES}
    found = {name: f"127.0.0.1:{one.getsockname()[1]}" for name, one in sockets.items()}
    for one in sockets.values():
        one.close()
    return found


def options(me: str, addresses: dict[str, str]) -> list[str]:
    """What to tell a process of itself and of the others."""
    others = [f"--peer={name}={address}" for name, address in addresses.items() if name != me]
    return ["--listen", addresses[me], *others]


def machine(server: Server, zone: str) -> Path:
    """The data directory of a machine that runs one zone: what an operator copies there."""
    directory = server.data.with_name(f"machine-{zone}")
    directory.mkdir()
    shutil.copy(server.data / "format.json", directory)
    shutil.copy(server.data / "secret", directory)
    return directory


def test_a_cluster_over_tcp_commits_and_goes_on_without_a_machine(tmp_path: Path) -> None:
    make_directory(tmp_path / "data")
    addresses = free_addresses()
    shutil.rmtree(tmp_path / "data" / "zones")
    server = Server(tmp_path / "data", "--processes", "apart", *options("A", addresses))
    machines = {zone: machine(server, zone) for zone in ZONES}
    nodes = {zone: node(server, zone, *options(zone, addresses), data=machines[zone]) for zone in ZONES}
    load = Pairs()
    try:
        with server:
            load.create(server)
            load.start(server)
            load.wait_for(COMMITS)
            kill(nodes["A1"])
            load.wait_for(COMMITS)
            assert zones(server)["A1"]["state"] == "down"
            nodes["A1"] = node(server, "A1", *options("A1", addresses), data=machines["A1"])
            until(server, caught_up("A1"))
            load.stop()
            assert load.ends == []
            load.check(server)
            assert server.stop() == 0
    finally:
        for process in nodes.values():
            process.terminate()
    assert [ended(process) for process in nodes.values()] == [(0, "")] * 3
    assert not list((server.data / "zones").glob("*/journal-*")), "the server's machine keeps no journal"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (("serve", "--listen", "127.0.0.1:7000"), 1, "--listen and --peer are for zones that are run by daybreak node"),
        (("node", "--zone", "A2", "--listen", "nowhere"), 2, "'nowhere' is no address of the form HOST:PORT"),
        (("node", "--zone", "A2", "--peer", "B7=h:1"), 2, "'B7=h:1' names none of the processes A, A1, A2, A3"),
        (("node", "--zone", "A2", "--peer", "A1=h:0"), 2, "'h:0' is no address of the form HOST:PORT"),
        (("node", "--zone", "A2", "--peer", "A2=h:1"), 1, "--peer A2: that is this process"),
        (("node", "--zone", "A2", "--listen", "192.0.2.1:7000"), 1, "192.0.2.1:7000: A2 cannot listen there: "),
    ],
)
def test_an_address_that_is_of_no_use_is_told_in_one_line(
    command: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    if code == 1:
        make_directory(tmp_path / "data")
    done = daybreak(*command, "--data", str(tmp_path / "data"), timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done.stderr
    assert said in done.stderr
