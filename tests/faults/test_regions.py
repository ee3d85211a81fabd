"""One database with an endpoint in each of two regions, which lose each other, or the witness, and go on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from daybreak.base.topology import TWO_REGIONS
from daybreak.control.api import ask
from daybreak.control.datadir import announced
from tests.support.pairs import Pairs, rows
from tests.support.regions import TwoRegions, persist

pytestmark = pytest.mark.timeout(240)
ROUNDS = 10
COMMITS = 20
JOURNALS = ("journal-0", "journal-1")
ADD = "UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v"
READ = "SELECT v FROM t WHERE id = 1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TwoRegions]:
    with TwoRegions(tmp_path / "data") as server:
        with server.at("A") as client:
            client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
            client.execute("INSERT INTO t SELECT n, 0 FROM generate_series(1, 20) n")
        yield server
        assert server.stop() == 0


def caught_up(zone: str) -> Any:
    """Whether a zone's replicas of the journals lack nothing that the others had when they were asked."""

    def check(found: dict[str, Any]) -> bool:
        said = next(region["zones"] for region in found["regions"].values() if region["state"] == "running")
        journals = {f"{name}/{journal}" for name in TWO_REGIONS.zones for journal in JOURNALS}
        told = {node: role for name in said for node, role in said[name]["roles"].items() if node in journals}
        if not journals <= told.keys():
            return False
        last = {node: role["last_index"] for node, role in told.items()}
        goal = [max(last[f"{name}/{journal}"] for name in TWO_REGIONS.zones) for journal in JOURNALS]
        return [last[f"{zone}/{journal}"] for journal in JOURNALS] == goal

    return check


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


@pytest.mark.parametrize(("lost", "left"), [("B", "A"), ("A", "B")])
def test_a_region_goes_on_without_the_other_which_catches_up(server: TwoRegions, lost: str, left: str) -> None:
    with server.at(lost) as there:
        assert persist(there, ADD) == 1
    server.order(f"down {lost}")
    with server.at(left) as here:
        assert persist(here, READ) == 1, "what the lost one has acknowledged"
        assert [persist(here, ADD) for _ in range(ROUNDS)] == list(range(2, ROUNDS + 2))
        with server.at(lost, left) as elsewhere:
            assert elsewhere.execute(READ).fetchone() == (ROUNDS + 1,), "a client that names both gets to the other"
        server.order(f"up {lost}")
        with server.again(lost) as there:
            assert there.execute(READ).fetchone() == (ROUNDS + 1,)
            assert persist(there, ADD) == ROUNDS + 2
            assert here.execute(READ).fetchone() == (ROUNDS + 2,)
        server.until(f"{lost} has all journals", caught_up(f"{lost}1"))


def test_both_regions_go_on_without_the_witness_which_catches_up(server: TwoRegions) -> None:
    server.order("down W")
    with server.at("A") as a, server.at("B") as b:
        assert [persist(client, ADD) for client in (a, b) * ROUNDS] == list(range(1, 2 * ROUNDS + 1))
        server.order("up W")
        assert persist(a, ADD) == 2 * ROUNDS + 1
        server.until("W1 has all journals", caught_up("W1"))


def test_a_region_that_is_cut_off_says_so_and_the_other_goes_on(server: TwoRegions) -> None:
    with server.at("A", autocommit=False) as committing, server.at("A") as reading:
        committing.execute("UPDATE t SET v = 100 WHERE id = 2")
        server.order("cut A")
        with pytest.raises(psycopg.Error) as uncertain:
            committing.commit()
        assert uncertain.value.sqlstate in ("40001", "08006", "08007")
        with pytest.raises(psycopg.OperationalError) as waiting:
            reading.execute(READ)
        assert waiting.value.sqlstate == "08006"
        assert reading.closed, "its client is to look for another endpoint"
    with pytest.raises(psycopg.OperationalError, match="is not accepting connections: it cannot reach a majority"):
        server.at("A")
    with server.at("A", "B") as elsewhere:
        assert [persist(elsewhere, ADD) for _ in range(ROUNDS)] == list(range(1, ROUNDS + 1))
        v = persist(elsewhere, "SELECT v FROM t WHERE id = 2")
        assert v == 0 or uncertain.value.sqlstate != "40001", "nothing of a transaction remains that is to be repeated"
        server.order("heal")
        with server.again("A") as back:
            assert back.execute(READ).fetchone() == (ROUNDS,)
            assert persist(back, ADD) == ROUNDS + 1
            assert back.execute("SELECT v FROM t WHERE id = 2").fetchone() == (v,)


def test_a_process_that_is_killed_comes_back_and_takes_no_other_along(server: TwoRegions) -> None:
    before = {name: said["pid"] for name, said in server.status()["processes"].items()}
    os.kill(before["A"], signal.SIGKILL)
    with server.at("B") as b:
        assert persist(b, ADD) == 1
    with server.again("A") as a:
        assert persist(a, ADD) == 2
    after = {name: said["pid"] for name, said in server.status()["processes"].items()}
    assert {name for name in before if before[name] != after[name]} == {"A"}


def test_a_region_is_lost_while_clients_write_in_both(server: TwoRegions) -> None:
    """Nothing acknowledged in either is lost, nothing is there by half; clients of one row meet from both sides."""
    here, there = server.endpoint("A"), server.endpoint("B")
    of_a, of_b = Pairs(), Pairs(first=1_000_000)
    of_a.create(here)
    of_a.start(here)
    of_b.start(there)
    for load in (of_a, of_b):
        load.wait_for(COMMITS)
    server.order("down B")
    of_b.stop()
    of_a.wait_for(COMMITS)
    assert of_b.acknowledged <= rows(here, "SELECT * FROM debit")
    server.order("up B")
    server.again("B").close()
    of_b.start(there)
    of_b.wait_for(COMMITS)
    for load in (of_a, of_b):
        load.stop()
    assert of_a.ends == []
    for load in (of_a, of_b):
        for endpoint in (here, there):
            load.check(endpoint)


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
