"""SIGKILL during load, again and again: what was acknowledged is there, and nothing is there by half."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.support.pairs import Pairs
from tests.support.server import Server

KILLS = 20
COMMITS_BEFORE_KILL = 25
"""Acknowledged commits, over all clients, after which the server is killed."""


@pytest.mark.timeout(600)
def test_twenty_kills_lose_nothing_acknowledged(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    load = Pairs()
    with server:
        load.create(server)
        for _ in range(KILLS):
            load.start(server)
            load.wait_for(COMMITS_BEFORE_KILL)
            server.kill()
            load.stop()
            server.start()
            load.check(server)
        assert server.stop() == 0
    assert all(isinstance(end, psycopg.OperationalError) for end in load.ends), load.ends
