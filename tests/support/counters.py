"""Two counters in tables of two adjudicators, which every transaction counts up together."""

from __future__ import annotations

import time

import psycopg

from tests.support.regions import SECONDS, Client

TABLES = ("here", "there")
READ = "SELECT here.v, there.v FROM here, there WHERE here.id = 1 AND there.id = 1"


class Counters:
    """What several clients do; each call tries again for as long as it is told to."""

    def create(self, client: Client) -> None:
        """Both, at zero."""
        for table in TABLES:
            client.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, v int NOT NULL)".encode())
            client.execute(f"INSERT INTO {table} VALUES (1, 0)".encode())

    def begin(self, client: Client) -> None:
        """Count up, but do not commit."""
        for table in TABLES:
            client.execute(f"UPDATE {table} SET v = v + 1 WHERE id = 1".encode())

    def add(self, client: Client) -> int:
        """Count up and commit, with a client that does not commit by itself; how far it is."""
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                self.begin(client)
                count = self._look(client)
                client.commit()
            except psycopg.errors.SerializationFailure:
                client.rollback()
                assert time.monotonic() < deadline, f"refused for {SECONDS:g} s"
            else:
                return count

    def read(self, client: Client) -> int:
        """How far both are, with a client that commits by itself."""
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                return self._look(client)
            except psycopg.errors.SerializationFailure:
                assert time.monotonic() < deadline, f"refused for {SECONDS:g} s"

    @staticmethod
    def _look(client: Client) -> int:
        row = client.execute(READ).fetchone()
        assert row is not None and isinstance(row[0], int), "both are there"
        assert row[0] == row[1], "half a transaction"
        return row[0]
