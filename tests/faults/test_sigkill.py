"""SIGKILL during load, again and again: what was acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from tests.support.server import Server

KILLS = 20
CLIENTS = 4
COMMITS_BEFORE_KILL = 25
"""Acknowledged commits, over all clients, after which the server is killed."""


class Load:
    """Clients that insert a pair of rows per transaction and remember what was acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: set[tuple[int, int]] = set()
        self._lock = threading.Lock()
        self._enough = threading.Condition(self._lock)
        self._counts = [0] * CLIENTS

    def client(self, server: Server, number: int) -> None:
        """Insert until the server is gone."""
        try:
            with server.connect(autocommit=False) as connection:
                while True:
                    self._counts[number] += 1
                    pair = (number, self._counts[number])
                    connection.execute("INSERT INTO debit VALUES (%s, %s)", pair)
                    connection.execute("INSERT INTO credit VALUES (%s, %s)", pair)
                    connection.execute("UPDATE total SET pairs = pairs + 1 WHERE client = %s", (number,))
                    connection.commit()
                    with self._enough:
                        self.acknowledged.add(pair)
                        self._enough.notify()
        except psycopg.OperationalError:
            pass  # killed

    def wait_for(self, commits: int) -> None:
        """Return once `commits` more have been acknowledged."""
        with self._enough:
            goal = len(self.acknowledged) + commits
            assert self._enough.wait_for(lambda: len(self.acknowledged) >= goal, timeout=60), "no progress"


def rows(server: Server, query: str) -> set[tuple[object, ...]]:
    """The result of a query as a set."""
    with server.connect() as connection:
        return set(connection.execute(query).fetchall())


@pytest.mark.timeout(600)
def test_twenty_kills_lose_nothing_acknowledged(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    load = Load()
    with server:
        with server.connect() as connection:
            connection.execute("CREATE TABLE debit (client int, n int, PRIMARY KEY (client, n))")
            connection.execute("CREATE TABLE credit (client int, n int, PRIMARY KEY (client, n))")
            connection.execute("CREATE TABLE total (client int PRIMARY KEY, pairs int NOT NULL)")
            for number in range(CLIENTS):
                connection.execute("INSERT INTO total VALUES (%s, 0)", (number,))
        for _ in range(KILLS):
            clients = [threading.Thread(target=load.client, args=(server, n)) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            load.wait_for(COMMITS_BEFORE_KILL)
            server.kill()
            for client in clients:
                client.join()
            server.start()
            debits, credits = rows(server, "SELECT * FROM debit"), rows(server, "SELECT * FROM credit")
            assert load.acknowledged <= debits, f"lost: {sorted(load.acknowledged - debits)}"
            assert debits == credits, f"half applied: {debits ^ credits}"
            totals = rows(server, "SELECT * FROM total")
            assert totals == {(n, sum(1 for client, _ in debits if client == n)) for n in range(CLIENTS)}
        assert server.stop() == 0
