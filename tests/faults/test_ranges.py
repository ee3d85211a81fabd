"""`daybreak ranges` on a real server: ranges move under pgbench and nobody's transaction fails; bad input is named."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from tests.support.pgbench import Report, pgbench
from tests.support.server import Server, daybreak

BRANCHES = "SELECT (SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(delta) FROM pgbench_history)"
MOST_COMMITS = 5_000
FLOWS = (["move", "pgbench_accounts", "60000", "adj-0"], ["move", "pgbench_accounts", "60000", "adj-2"])


def order(server: Server, *words: str) -> str:
    """What the command says, which must succeed."""
    done = daybreak("ranges", *words, "--data", str(server.data))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def listed(server: Server) -> list[dict[str, object]]:
    """The ranges as the command lists them."""
    return msgspec.json.decode(order(server, "list", "--json"), type=list[dict[str, object]])


def filled(server: Server) -> Server:
    """With pgbench's tables."""
    assert daybreak("bench", "init", "--data", str(server.data)).returncode == 0
    return server


def load(server: Server) -> Report:
    """Transfers that are tried until they commit."""
    return pgbench(server, "-n", "-c", "3", "-T", "6", "--max-tries=0", "-b", "tpcb-like")


def test_ranges_that_move_under_load_fail_no_transaction(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--adjudicators", "3", "--split-above", "0") as server, ThreadPoolExecutor() as pool:
        filled(server)
        running = pool.submit(load, server)
        order(server, "split", "pgbench_accounts", "50000")
        for moves, words in enumerate(itertools.cycle(FLOWS), 1):
            order(server, *words)
            if running.done() and moves >= len(FLOWS):
                break
        report = running.result()
        assert report.code == 0, report.output
        assert report.number("number of transactions actually processed") > 0
        assert report.number("number of failed transactions") == 0
        with server.connect() as client:
            (balance, delta) = client.execute(BRANCHES).fetchone() or (None, None)
            assert balance == delta


def test_a_restart_finds_the_ranges_where_they_were(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", "--adjudicators", "2", "--split-above", "0")
    with server:
        order(server, "split", "20")
        order(server, "split", "30")
        assert order(server, "move", "20", "adj-1") == "adj-1 has the range from 20 to 30 now, adj-0 no more\n"
        before = [(row["low_key"], row["adjudicator"]) for row in listed(server)]
        assert before == [("", "adj-0"), ("20", "adj-1"), ("30", "adj-0"), ("8000", "adj-1")]
        server.kill()
        server.start()
        with server.connect() as client:
            client.execute("CREATE TABLE t (id int PRIMARY KEY)")
            client.execute("INSERT INTO t VALUES (1)")
            rows = client.execute("SELECT low_key, adjudicator FROM sys.daybreak_ranges").fetchall()
        assert rows == before


def test_a_busy_range_is_split_without_anybody_asking_and_the_split_of_an_operator_is_marked(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--split-above", "3") as server, server.connect() as client:
        client.execute("CREATE TABLE t (id int PRIMARY KEY)")
        order(server, "split", "20")
        begin = len(listed(server))
        for number in range(MOST_COMMITS):
            client.execute("INSERT INTO t VALUES (%s)", (number,))
            found = client.execute("SELECT low_key, kept FROM sys.daybreak_ranges").fetchall()
            if len(found) > begin:
                break
        assert len(found) > begin, "none was split"
        assert {low for low, kept in found if kept} == {"20"}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a table of pgbench's."""
    with Server(tmp_path_factory.mktemp("ranges") / "data") as server:
        with server.connect() as client:
            client.execute("CREATE TABLE pgbench_accounts (aid int PRIMARY KEY)")
        yield server


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["split", "accounts", "7"], "'accounts' is neither a table nor a key in hexadecimal digits"),
        (["split", "pgbench_accounts", "x"], "'x' cannot be read as integer, the type of pgbench_accounts.aid"),
        (["split", "8000"], "adj-1 at 8000: a range begins there already"),
        (["merge", "8000"], "adj-1 at 8000: no two ranges of this adjudicator meet there"),
        (["move", "9000", "adj-7"], "there is no adjudicator 'adj-7'; there are adj-0, adj-1"),
        (["move", "9000", "adj-1"], "adj-1 at 8000: it has the range already"),
        (["move", "adj-1"], "move what, where to?"),
    ],
)
def test_bad_input_gets_one_line(quiet: Server, words: list[str], said: str) -> None:
    done = daybreak("ranges", *words, "--data", str(quiet.data))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"daybreak: {said}") and done.stderr.count("\n") == 1


def test_without_a_server_nothing_is_ordered(tmp_path: Path) -> None:
    done = daybreak("ranges", "split", "40", "--data", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and str(tmp_path) in done.stderr
