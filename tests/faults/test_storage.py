"""Storage of a real server: a start replays what follows the checkpoint, and a replica that is lost comes back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.nodes import status
from tests.support.server import Server

COMMITS = 150
WAIT_SECONDS = 60.0


def wait(server: Server, what: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The server's status once something is so."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds(found := status(server)):
        assert time.monotonic() < deadline, f"not within {WAIT_SECONDS} s: {what}; {found['storage']}"
    return found


def durable(found: dict[str, Any], zone: str) -> int:
    """How much of the journal a replica has in its last checkpoint."""
    return int(sum(found["storage"][zone]["checkpoint"]["positions"].values()))


def last(found: dict[str, Any]) -> int:
    """How many entries the journals have."""
    return sum(role.get("last_index", 0) for role in found["zones"]["A1"]["roles"].values())


def complete(found: dict[str, Any]) -> bool:
    """Whether both replicas are as far as each other, and have served since they started."""
    replicas = [replica or {"keys": 0, "positions": {}} for replica in found["storage"].values()]
    return len({replica["keys"] for replica in replicas}) == 1 and all(
        sum(replica["positions"].values()) > 0 for replica in replicas
    )


def check(server: Server) -> None:
    """Every row is there, whichever replica a session reads from."""
    for _ in range(4):
        with server.connect() as one, server.connect() as two:
            for connection in (one, two):
                row = connection.execute("SELECT count(*), sum(n) FROM t").fetchone()
                assert row == (COMMITS, COMMITS * (COMMITS - 1) // 2)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data of a server that was killed when all it had was in checkpoints, but the last commits."""
    data = tmp_path_factory.mktemp("filled") / "data"
    server = Server(data)
    with server:
        with server.connect() as connection:
            connection.execute("CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)")
            for number in range(COMMITS - 1):
                connection.execute("INSERT INTO t VALUES (%s, %s)", (number, number))
            goal = last(status(server))
            wait(server, "checkpoints", lambda found: min(durable(found, zone) for zone in ("A1", "A2")) >= goal)
            connection.execute("INSERT INTO t VALUES (%s, %s)", (COMMITS - 1, COMMITS - 1))
        server.kill()
    yield data


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, and of its trace, which goes on there."""
    shutil.copytree(filled.with_name("data.trace"), tmp_path / "data.trace")
    left_out = shutil.ignore_patterns("control.sock", "engine", "run")
    return Path(shutil.copytree(filled, tmp_path / "data", ignore=left_out))


def test_after_sigkill_only_what_follows_the_checkpoint_is_replayed(data: Path) -> None:
    with Server(data) as server:
        check(server)
        found = status(server)
        for zone in ("A1", "A2"):
            assert 0 < found["storage"][zone]["replayed"] < COMMITS / 2 < last(found)
        assert server.stop() == 0
    assert server.log() == ""


@pytest.mark.parametrize("zone", ["A1", "A2"])
def test_a_replica_whose_directory_is_lost_comes_back(data: Path, zone: str) -> None:
    shutil.rmtree(data / "zones" / zone / "storage")
    with Server(data) as server:
        check(server)
        found = wait(server, "the replica is complete", complete)
        assert found["storage"][zone]["replayed"] > COMMITS, "the journal has not been trimmed yet"
        goal = last(found)
        wait(server, "a checkpoint of its own", lambda found: durable(found, zone) >= goal)
        assert server.stop() == 0


def test_a_spoilt_checkpoint_is_told_in_one_line_and_not_used(data: Path) -> None:
    file = max((data / "zones" / "A2" / "storage").glob("*.checkpoint"))
    content = bytearray(file.read_bytes())
    content[40] ^= 0xFF
    file.write_bytes(content)
    with Server(data) as server:
        check(server)
        wait(server, "the replica is complete", complete)
        assert server.stop() == 0
    (line,) = server.log().splitlines()
    assert f"A2/storage-0: {file}: torn or damaged at offset " in line
