"""One database with an endpoint in each of two regions, and what crosses between them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from daybreak.control.api import ask
from daybreak.control.datadir import announced
from tests.support.regions import TwoRegions, persist

pytestmark = pytest.mark.timeout(240)
ROUNDS = 10
ADD = "UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v"
READ = "SELECT v FROM t WHERE id = 1"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoRegions]:
    with TwoRegions(tmp_path_factory.mktemp("regions") / "data") as server:
        with server.at("A") as client:
            client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
            client.execute("INSERT INTO t SELECT n, 0 FROM generate_series(1, 20) n")
        yield server
        assert server.stop() == 0


@pytest.fixture
def server(cluster: TwoRegions) -> TwoRegions:
    """The cluster as it was in the beginning."""
    with cluster.at("A") as client:
        persist(client, "UPDATE t SET v = 0")
    return cluster


def test_what_one_region_has_committed_the_other_reads(server: TwoRegions) -> None:
    with server.at("A") as a, server.at("B") as b:
        count = 0
        for _ in range(ROUNDS):
            for writer, reader in ((a, b), (b, a)):
                count += 1
                assert persist(writer, ADD) == count
                assert reader.execute(READ).fetchone() == (count,)
        a.execute("CREATE TABLE u (id int PRIMARY KEY)")
        assert persist(b, "SELECT count(*) FROM u") == 0, "the catalog is data like any other"


def test_of_two_regions_that_change_one_row_the_first_to_commit_wins(server: TwoRegions) -> None:
    with server.at("A", autocommit=False) as a, server.at("B", autocommit=False) as b:
        for first, second in ((a, b), (b, a)):
            for client in (first, second):
                client.execute(ADD)
            first.commit()
            with pytest.raises(psycopg.errors.SerializationFailure, match="OC000"):
                second.commit()
    with server.at("B") as b:
        assert b.execute(READ).fetchone() == (2,)


def test_transactions_have_other_names_in_each_region(server: TwoRegions) -> None:
    with server.at("A") as a, server.at("B") as b:
        names = [c.execute("SELECT sys.daybreak_current_transaction()").fetchone() for c in (a, b)]
        sessions = [str(row[0]).partition(".")[2] for row in names if row is not None]
        assert [int(session) % 2 for session in sessions] == [0, 1]


def test_what_became_of_a_transaction_of_one_region_the_other_tells(server: TwoRegions) -> None:
    with server.at("A", autocommit=False) as a, server.at("B") as b:
        name = a.execute("SELECT sys.daybreak_current_transaction()").fetchone()
        a.execute(ADD)
        a.commit()
        assert name is not None
        outcome = b.execute("SELECT * FROM sys.daybreak_transaction_outcome(%s)", name).fetchone()
        assert outcome is not None
        assert outcome[0] == "committed"


def test_a_process_that_is_killed_comes_back_and_takes_no_other_along(server: TwoRegions) -> None:
    before = {name: said["pid"] for name, said in server.status()["processes"].items()}
    os.kill(before["A"], signal.SIGKILL)
    with server.at("B") as b:
        assert persist(b, ADD) == 1
    with server.again("A") as a:
        assert persist(a, ADD) == 2
    after = {name: said["pid"] for name, said in server.status()["processes"].items()}
    assert {name for name in before if before[name] != after[name]} == {"A"}


def test_a_killed_supervisor_takes_all_processes_along_and_starts_again_at_once(server: TwoRegions) -> None:
    with server.at("B") as client:
        assert persist(client, ADD) == 1
    before = {said["pid"] for said in server.status()["processes"].values()}
    server.kill()
    server.start()
    assert not before & {said["pid"] for said in server.status()["processes"].values()}
    with server.at("A") as client:
        assert persist(client, ADD) == 2


# --- what crosses between regions ---------------------------------------------------------------------------------


def sent(server: TwoRegions, region: str) -> dict[str, int]:
    """How many messages the region's process has sent to each zone, with those that ask for this."""
    found = announced(server.data, region)
    assert found is not None, "it runs"
    zones: Any = ask(found.control)["zones"]
    return {zone: int(said["connection"]["sent"]) for zone, said in zones.items()}


def test_nothing_leaves_a_region_before_commit_nor_for_a_transaction_that_only_reads(server: TwoRegions) -> None:
    with server.at("A", autocommit=False) as a:
        a.execute(READ)
        a.commit()

        def news(before: dict[str, int]) -> dict[str, int]:
            return {zone: count - before[zone] - asking[zone] for zone, count in sent(server, "A").items()}

        first = sent(server, "A")
        asking = {zone: count - first[zone] for zone, count in sent(server, "A").items()}
        base = sent(server, "A")
        for _ in range(ROUNDS):
            a.execute("SELECT sum(v) FROM t")
            a.execute(READ)
            a.commit()
        reads = news(base)
        assert reads["A1"] > 0
        assert (reads["B1"], reads["W1"]) == (0, 0)
        base = sent(server, "A")
        for number in range(1, 21):
            a.execute("UPDATE t SET v = v + 1 WHERE id = %s", (number,))
        written = news(base)
        assert (written["B1"], written["W1"]) == (0, 0)
        base = sent(server, "A")
        a.commit()
        assert sum(news(base)[zone] for zone in ("A1", "B1", "W1")) >= 1
