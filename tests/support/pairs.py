"""Clients that insert a pair of rows per transaction and remember what was acknowledged."""

from __future__ import annotations

import threading

import psycopg

from tests.support.server import Server

CLIENTS = 4


def rows(server: Server, query: str) -> set[tuple[object, ...]]:
    """The result of a query as a set."""
    with server.connect() as connection:
        return set(connection.execute(query).fetchall())


class Pairs:
    """A load on a server, life after life of it; each client counts on."""

    def __init__(self, first: int = 0) -> None:
        """Clients count from `first` on: two loads on one cluster must not insert the same pairs."""
        self.acknowledged: set[tuple[int, int]] = set()
        self.ends: list[psycopg.Error] = []
        """What ended clients."""
        self.retried = 0
        """How many transactions were told to try again (40001), and were not repeated."""
        self._enough = threading.Condition()
        self._counts = [first] * CLIENTS
        self._running = False
        self._threads: list[threading.Thread] = []

    def create(self, server: Server) -> None:
        """Make the tables."""
        with server.connect() as connection:
            connection.execute("CREATE TABLE debit (client int, n int, PRIMARY KEY (client, n))")
            connection.execute("CREATE TABLE credit (client int, n int, PRIMARY KEY (client, n))")
            connection.execute("CREATE TABLE total (client int PRIMARY KEY, pairs int NOT NULL)")
            for number in range(CLIENTS):
                connection.execute("INSERT INTO total VALUES (%s, 0)", (number,))

    def start(self, server: Server) -> None:
        """Let the clients begin; they end with `stop`, or with the server."""
        self._running = True
        self._threads = [threading.Thread(target=self._client, args=(server, n)) for n in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each client end its transaction, and wait for it."""
        self._running = False
        for thread in self._threads:
            thread.join()

    def _client(self, server: Server, number: int) -> None:
        try:
            with server.connect(autocommit=False) as connection:
                while self._running:
                    self._counts[number] += 1
                    self._insert(connection, (number, self._counts[number]))
        except psycopg.Error as error:
            self.ends.append(error)

    def _insert(self, connection: psycopg.Connection[tuple[object, ...]], pair: tuple[int, int]) -> None:
        """Commit a pair, or learn that it has to be tried again: the client goes on with the next one."""
        try:
            connection.execute("INSERT INTO debit VALUES (%s, %s)", pair)
            connection.execute("INSERT INTO credit VALUES (%s, %s)", pair)
            connection.execute("UPDATE total SET pairs = pairs + 1 WHERE client = %s", pair[:1])
            connection.commit()
        except psycopg.errors.SerializationFailure:
            self.retried += 1
            connection.rollback()
            return
        with self._enough:
            self.acknowledged.add(pair)
            self._enough.notify()

    def wait_for(self, commits: int) -> None:
        """Return once `commits` more have been acknowledged."""
        with self._enough:
            goal = len(self.acknowledged) + commits
            assert self._enough.wait_for(lambda: len(self.acknowledged) >= goal, timeout=60), (
                f"no progress: {self.ends}"
            )

    def check(self, server: Server) -> None:
        """Nothing acknowledged is lost, and nothing is there by half."""
        debits, credits = rows(server, "SELECT * FROM debit"), rows(server, "SELECT * FROM credit")
        assert self.acknowledged <= debits, f"lost: {sorted(self.acknowledged - debits)}"
        assert debits == credits, f"half applied: {debits ^ credits}"
        totals = rows(server, "SELECT * FROM total")
        assert totals == {(n, sum(1 for client, _ in debits if client == n)) for n in range(CLIENTS)}
