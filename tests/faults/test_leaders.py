"""Adjudicators of a real cluster that move from region to region, by command and by where transactions come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from tests.support.pairs import Pairs
from tests.support.regions import TwoRegions, persist
from tests.support.server import daybreak

pytestmark = pytest.mark.timeout(240)
COMMITS = 20
MOST_COMMITS = 5_000
VIEW = "SELECT node, zone, region, kept_in FROM sys.daybreak_adjudicators WHERE stage = 'serving' ORDER BY adjudicator"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoRegions]:
    with TwoRegions(tmp_path_factory.mktemp("leaders") / "data") as server:
        yield server
        assert server.stop() == 0


def order(server: TwoRegions, *words: str) -> str:
    """What the command says, which must succeed."""
    done = daybreak("adjudicators", *words, "--data", str(server.data))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def homes(server: TwoRegions) -> dict[str, Any]:
    """Where each adjudicator runs, as the command lists it."""
    listed = msgspec.json.decode(order(server, "list", "--json"), type=list[dict[str, Any]])
    return {row["adjudicator"]: row["node"] for row in listed}


def leads(journal: str, node: str) -> Any:
    """Whether an adjudicator runs as a node."""

    def check(found: dict[str, Any]) -> bool:
        return bool(found["regions"]["A"]["adjudicators"][journal]["node"] == node)

    return check


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["move", "adj-7", "B"], "there is no adjudicator 'adj-7'; there are adj-0, adj-1"),
        (["move", "adj-0", "W"], "adj-0 cannot run in 'W'; its candidates are A1/adj-0, B1/adj-0"),
        (["free", "B1"], "there is no adjudicator 'B1'"),
    ],
)
def test_bad_input_gets_one_line(server: TwoRegions, words: list[str], said: str) -> None:
    done = daybreak("adjudicators", *words, "--data", str(server.data))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"daybreak: {said}") and done.stderr.count("\n") == 1


def test_adjudicators_move_to_where_transactions_come_from_and_under_load_by_command(server: TwoRegions) -> None:
    assert homes(server) == {"adj-0": "A1/adj-0", "adj-1": "B1/adj-1"}
    with server.at("A") as a, server.at("B") as b:
        a.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
        a.execute("INSERT INTO t VALUES (1, 0)")
        commits = 0
        while not leads("adj-1", "A1/adj-1")(server.status()):
            assert commits < MOST_COMMITS, "it does not come"
            commits += 1
            assert persist(a, "UPDATE t SET v = v + 1 WHERE id = 1 RETURNING v") == commits
        load = Pairs()
        load.create(server.endpoint("A"))
        load.start(server.endpoint("A"))
        load.wait_for(COMMITS)
        assert order(server, "move", "adj-1", "B") == "adj-1 runs as B1/adj-1 now, and stays in B\n"
        load.wait_for(COMMITS)
        assert order(server, "move", "adj-0", "B1") == "adj-0 runs as B1/adj-0 now, and stays in B1\n"
        load.wait_for(COMMITS)
        load.stop()
        assert load.ends == []
        told = [("B1/adj-0", "B1", "B", "B1"), ("B1/adj-1", "B1", "B", "B")]
        assert a.execute(VIEW).fetchall() == b.execute(VIEW).fetchall() == told
    load.check(server.endpoint("B"))
    assert order(server, "free", "adj-1") == "adj-1 runs as B1/adj-1 now, and may be moved by the server\n"


def test_a_zone_that_does_not_stand_by_is_given_nothing(server: TwoRegions) -> None:
    assert order(server, "move", "adj-0", "A") == "adj-0 runs as A1/adj-0 now, and stays in A\n"
    server.order("down B1")
    done = daybreak("adjudicators", "move", "adj-0", "B", "--data", str(server.data))
    assert done.returncode == 1
    assert done.stderr == "daybreak: adj-0: B1/adj-0 does not stand by, so who leads goes on\n"
    assert homes(server)["adj-0"] == "A1/adj-0"
    server.order("up B1")
