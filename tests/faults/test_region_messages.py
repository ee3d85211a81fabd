"""What crosses between two regions, counted by the processes that send it, message by message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from daybreak.base.topology import TWO_REGIONS, region_of
from daybreak.control.api import ask
from daybreak.control.datadir import announced
from tests.support.regions import Client, TwoRegions, persist

pytestmark = pytest.mark.timeout(240)
ROUNDS = 5
TABLES = "tuvw"
JOURNAL = {"Append", "Appended", "Behind", "Fetch", "Fetched", "Probe", "Probed", "Trim", "NoRoom"}
"""What keeps journals alike, and candidates informed, whoever does what."""
ALWAYS = JOURNAL | {"Deliver", "Lag", "Checkpointed", "CheckpointWanted", "CheckpointPart", "OwnedRanges"}
ASKED = {"StatusWanted", "StatusTold", "ReadOutcome", "OutcomeRead"}
"""What counting causes, and connecting: an endpoint looks now and then whether there is a majority."""


class Way(NamedTuple):
    """From one process to another."""

    source: str
    to: str


Sent = Counter[tuple[Way, str]]
"""How often a kind of message went a way."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoRegions]:
    with TwoRegions(tmp_path_factory.mktemp("regions") / "data") as server:
        with server.at("A") as client:
            for table in TABLES:
                client.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, v int)")
                persist(client, f"INSERT INTO {table} SELECT n, 0 FROM generate_series(1, 20) n")
        server.order("latency A-B 60ms")
        server.order("latency A-W 20ms")
        server.order("latency B-W 20ms")
        yield server
        assert server.stop() == 0


def crossed(server: TwoRegions) -> Sent:
    """What has gone from region to region so far."""
    found: Sent = Counter()
    for region in TWO_REGIONS.regions:
        process = announced(server.data, region)
        assert process is not None, "it runs"
        zones: Any = ask(process.control)["zones"]
        for zone, said in zones.items():
            found.update({(Way(region, zone), kind): count for kind, count in said["connection"]["kinds"].items()})
            sent = said["sent"] if region == TWO_REGIONS.regions[0] else {}
            for to, kinds in sent.items():
                found.update({(Way(zone, to), kind): count for kind, count in kinds.items()})
    far = {key: count for key, count in found.items() if region_of(key[0].source) != region_of(key[0].to)}
    return Counter({key: count for key, count in far.items() if key[1] not in ASKED})


def special(before: Sent, after: Sent) -> Sent:
    """What has crossed since, besides what always does."""
    return Counter({key: count for key, count in (after - before).items() if key[1] not in ALWAYS})


def commits(client: Client, table: str) -> None:
    for number in range(1, ROUNDS + 1):
        persist(client, f"UPDATE {table} SET v = v + 1 WHERE id = {number}")


def test_a_transaction_that_only_reads_crosses_nowhere_nor_do_its_waits(server: TwoRegions) -> None:
    with server.at("A", autocommit=False) as a, server.at("B", autocommit=False) as b:
        before = crossed(server)
        for client in (a, b):
            for table in TABLES:
                client.execute(f"SELECT sum(v) FROM {table}")
                client.execute(f"SELECT v FROM {table} WHERE id = 1")
                client.commit()
        after = crossed(server)
    assert special(before, after) == {}
    assert after[Way("A1", "B1"), "Deliver"] > before[Way("A1", "B1"), "Deliver"], "promises come by themselves"


def test_nothing_crosses_before_commit(server: TwoRegions) -> None:
    with server.at("A", autocommit=False) as client:
        before = crossed(server)
        for table in TABLES:
            client.execute(f"UPDATE {table} SET v = v + 1 WHERE id = 20")
        assert special(before, crossed(server)) == {}
        client.rollback()
    assert special(before, crossed(server)) == {}


def test_commit_asks_a_leader_elsewhere_once_and_one_here_needs_the_journal_alone(server: TwoRegions) -> None:
    kinds = set()
    with server.at("A") as client:
        persist(client, "UPDATE t SET v = 0")
        for table in TABLES:
            before = crossed(server)
            commits(client, table)
            found = special(before, crossed(server))
            there_and_back = {(Way("A", "B1"), "CommitRequest"): ROUNDS, (Way("B1", "A"), "Committed"): ROUNDS}
            assert found in ({}, there_and_back)
            kinds.add(len(found))
    assert kinds == {0, 2}, "some tables are led in A, some in B"


def test_nobody_ever_asks_another_region_for_a_promise(server: TwoRegions) -> None:
    assert not {kind for _, kind in crossed(server)} & {"HeartbeatRequest", "ReadKeys", "ReadRange", "Stream"}
