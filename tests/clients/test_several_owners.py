"""Commits that several adjudicators own, as clients of a real server see them."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.server import Server, daybreak

TABLES = ("one", "two", "three", "four")
"""Made one after the other, they lie at four adjudicators if there are as many."""
ROWS, OPENING = 4, 100
TRANSFERS, CLIENTS = 15, 3


def create(server: Server) -> None:
    """The tables, all accounts at their opening balance."""
    with server.connect() as client:
        for table in TABLES:
            client.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, v int NOT NULL)".encode())
            client.execute(f"INSERT INTO {table} SELECT i, {OPENING} FROM generate_series(1, {ROWS}) i".encode())


def total(client: psycopg.Connection[tuple[object, ...]]) -> int:
    """The sum over all tables, of one snapshot."""
    union = " UNION ALL ".join(f"SELECT v FROM {table}" for table in TABLES)
    ((found,),) = client.execute(f"SELECT sum(v)::int FROM ({union}) t".encode()).fetchall()
    assert isinstance(found, int)
    return found


def steps(server: Server) -> Counter[str]:
    """How often each action is in the trace so far."""
    lines = [line for file in server.trace.glob("*.ndjson") for line in file.read_text().splitlines()]
    return Counter(json.loads(line)["act"] for line in lines)


@pytest.fixture(scope="module", params=["2", "4"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of two adjudicators, then one of four."""
    options = () if request.param == "2" else ("--adjudicators", request.param)
    with Server(tmp_path_factory.mktemp("several") / "data", *options) as running:
        create(running)
        yield running


def test_a_transaction_over_all_tables_is_there_as_a_whole_and_after_restarts_too(server: Server) -> None:
    with server.connect(autocommit=False) as client:
        for number, table in enumerate(TABLES):
            client.execute(f"UPDATE {table} SET v = {number} WHERE id = 1".encode())
        client.commit()
    while (before := steps(server))["Commit!Resolve"] < before["Commit!Vote"]:
        pass  # voters learn the outcome after the client does
    assert before["Commit!Vote"] == before["Commit!Resolve"] > 0
    expected = [(0,), (1,), (2,), (3,)]
    for end in (server.stop, server.kill):
        end()
        server.start()
        with server.connect() as client:
            for table, row in zip(TABLES, expected, strict=True):
                assert client.execute(f"SELECT v FROM {table} WHERE id = 1".encode()).fetchall() == [row]


def test_the_first_to_commit_wins_wherever_they_meet(server: Server) -> None:
    for shared in TABLES:
        with server.connect(autocommit=False) as ada, server.connect(autocommit=False) as bob:
            for client, others in ((ada, TABLES[:2]), (bob, TABLES[2:])):
                for table in dict.fromkeys((shared, *others)):
                    client.execute(f"UPDATE {table} SET v = v + 1 WHERE id = 1".encode())
            bob.commit()
            with pytest.raises(psycopg.errors.SerializationFailure, match=r"\(OC000\)"):
                ada.commit()


def test_a_change_of_the_catalog_is_noticed_whoever_owns_what_was_written(server: Server) -> None:
    with server.connect(autocommit=False) as client, server.connect() as admin:
        for table in TABLES:
            client.execute(f"UPDATE {table} SET v = v + 1 WHERE id = 1".encode())
            admin.execute(f"CREATE TABLE beside_{table} (id int PRIMARY KEY)".encode())
            with pytest.raises(psycopg.errors.SerializationFailure, match=r"\(OC001\)"):
                client.commit()
            client.execute(f"UPDATE {table} SET v = v + 1 WHERE id = 1".encode())
            client.commit()


def test_readers_never_see_a_part_of_a_transfer(server: Server) -> None:
    done, failed = threading.Event(), []
    with server.connect() as client:
        expected = total(client)

    def transfer(number: int) -> None:
        with server.connect(autocommit=False) as client:
            for count in range(TRANSFERS):
                source, target = TABLES[(number + count) % 4], TABLES[(number + count + 1 + count % 3) % 4]
                row = (number + count) % ROWS + 1
                try:
                    client.execute(f"UPDATE {source} SET v = v - 7 WHERE id = {row}".encode())
                    client.execute(f"UPDATE {target} SET v = v + 7 WHERE id = {row}".encode())
                    client.commit()
                except psycopg.errors.SerializationFailure:
                    client.rollback()

    def audit() -> None:
        with server.connect() as client:
            while not done.is_set():
                if (found := total(client)) != expected:
                    failed.append(found)

    votes = steps(server)["Commit!Vote"]
    writers = [threading.Thread(target=transfer, args=(number,)) for number in range(CLIENTS)]
    auditor = threading.Thread(target=audit)
    for thread in (auditor, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    auditor.join()
    assert failed == []
    with server.connect() as client:
        assert total(client) == expected
    assert steps(server)["Commit!Vote"] > votes, "none had several owners"


def test_a_directory_that_was_made_for_another_number_is_refused(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--adjudicators", "3") as server:
        assert server.stop() == 0
        refused = daybreak("serve", "--port", "0", "--data", str(server.data), "--adjudicators", "2")
        assert refused.returncode == 1
        assert refused.stderr == (
            f"daybreak: {server.data}: was made for 3 adjudicators, not 2; leave --adjudicators out, or name another "
            "directory with --data\n"
        )
        server.start()
