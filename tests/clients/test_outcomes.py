"""What operators see of a running cluster, and what a client learns of a transaction whose answer it missed."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from daybreak.query.programs import Programs
from daybreak.query.sysviews import VIEWS
from tests.support.server import Server

Connection = psycopg.Connection[tuple[object, ...]]

NAME = "SELECT sys.daybreak_current_transaction()"
OUTCOME = "SELECT outcome, committed_at FROM sys.daybreak_transaction_outcome(%s)"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("outcomes") / "data") as running:
        with running.connect() as admin:
            admin.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
            admin.execute("INSERT INTO t SELECT g, 0 FROM generate_series(1, 9) g")
        yield running


@pytest.fixture
def client(cluster: Server) -> Iterator[Connection]:
    with cluster.connect() as connection:
        yield connection


def begun(connection: Connection, row: int) -> str:
    """Open a transaction that has written; its name."""
    connection.execute("BEGIN")
    connection.execute(f"UPDATE t SET v = v + 1 WHERE id = {row}")
    (name,) = connection.execute(NAME).fetchone() or ()
    return str(name)


def outcome(connection: Connection, name: str) -> object:
    (fate, _) = connection.execute(OUTCOME, (name,)).fetchone() or (None, None)
    return fate


def test_every_view_shows_the_cluster(client: Connection) -> None:
    for view in VIEWS:
        assert client.execute(f"SELECT * FROM sys.{view}").fetchall() != []
    owners = """SELECT count(*) FROM sys.daybreak_ranges JOIN sys.daybreak_adjudicators USING (adjudicator)
        WHERE stage = 'serving' AND lease_until > promise AND last_commit <= promise"""
    assert client.execute(owners).fetchone() == client.execute("SELECT count(*) FROM sys.daybreak_ranges").fetchone()
    zones = "SELECT zone FROM sys.daybreak_journals WHERE failure IS NULL AND durable <= synced ORDER BY zone"
    assert {zone for (zone,) in client.execute(zones)} == {"A1", "A2", "A3"}
    assert client.execute("SELECT min(keys) > 9 FROM sys.daybreak_replicas").fetchone() == (True,)


def test_open_transactions_are_shown_with_what_they_have_written(cluster: Server, client: Connection) -> None:
    with cluster.connect() as other:
        name = begun(other, 1)
        mine = "SELECT modified_rows, phase, age >= '0' FROM sys.daybreak_transactions WHERE transaction_id = %s"
        assert client.execute(mine, (name,)).fetchall() == [(1, "running", True)]
        other.execute("ROLLBACK")
        assert client.execute(mine, (name,)).fetchall() == []
        own = f"SELECT count(*) FROM sys.daybreak_transactions WHERE transaction_id = ({NAME})"
        assert client.execute(own).fetchone() == (1,)


def test_the_outcome_is_told_as_soon_as_it_is_certain(cluster: Server, client: Connection) -> None:
    with cluster.connect() as other:
        name = begun(other, 2)
        assert outcome(client, name) == "in progress"
        other.execute("COMMIT")
        fate, at = client.execute(OUTCOME, (name,)).fetchone() or (None, None)
        assert fate == "committed"
        assert isinstance(at, datetime.datetime)
        assert at <= datetime.datetime.now(datetime.UTC)
        name = begun(other, 2)
        other.execute("ROLLBACK")
        assert outcome(client, name) == "aborted"
        name = begun(other, 2)
        client.execute("UPDATE t SET v = 100 WHERE id = 2")
        with pytest.raises(psycopg.errors.SerializationFailure):
            other.execute("COMMIT")
        assert outcome(client, name) == "aborted"


def test_a_client_that_has_gone_before_commit_has_aborted(cluster: Server, client: Connection) -> None:
    other = cluster.connect()
    name = begun(other, 3)
    other.close()
    while (fate := outcome(client, name)) == "in progress":
        pass  # the server has not noticed yet; each question is a round trip
    assert fate == "aborted"


def test_nobody_knows_of_a_transaction_that_may_still_come(client: Connection) -> None:
    assert outcome(client, f"{2**52:x}.0") == "unknown"
    with pytest.raises(psycopg.errors.InvalidParameterValue, match='invalid transaction identifier: "x"'):
        outcome(client, "x")


def test_psql_describes_the_views(cluster: Server) -> None:
    async def ask() -> str:
        psql = await Programs.find()
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(cluster.port), "PGUSER": "admin", "PGDATABASE": "postgres"}
        return await psql.run("psql", "-X", "-c", r"\d+ sys.daybreak_journals", env=where)

    said = asyncio.run(ask())
    for column in VIEWS["daybreak_journals"].columns:
        assert column.name in said
        assert column.meaning in said


def test_after_a_crash_every_outcome_is_certain(tmp_path: Path) -> None:
    server = Server(tmp_path / "data").start()
    try:
        with server.connect() as admin:
            admin.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
            admin.execute("INSERT INTO t VALUES (1, 0), (2, 0)")
        one, two = server.connect(), server.connect()
        done = begun(one, 1)
        one.execute("COMMIT")
        lost = begun(two, 2)
        server.kill()
        one.close()
        two.close()
        server.start()
        with server.connect() as client:
            assert (outcome(client, done), outcome(client, lost)) == ("committed", "aborted")
            assert client.execute("SELECT v FROM t ORDER BY id").fetchall() == [(1,), (0,)]
    finally:
        server.stop()
