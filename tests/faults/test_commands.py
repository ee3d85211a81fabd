"""The commands as an operator uses them, and a real server as its clients see it."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from daybreak.base.places import rungs
from daybreak.query.binaries import find_binaries
from tests.support.server import Server, daybreak

CLIENTS = 4
COMMITS_UNDER_LOAD = 50
MONITOR_SECONDS = 60.0
LEAD_US = 100_000
"""An adjudicator that gives its lease back keeps none of it but what it has promised: far less than this."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without a trace, on a directory where a monitor of an earlier one has left its verdict."""
    data = tmp_path_factory.mktemp("served") / "data"
    data.mkdir()
    (data / "monitor.json").write_text('{"verdict":"CONFORMS","running":true}')
    with Server(data, unchecked="its status says that it has no trace") as running:
        yield running
        assert running.stop() == 0
    assert running.log() == ""


@pytest.fixture
def table(server: Server) -> Iterator[None]:
    """Table t with two rows."""
    with server.connect() as connection:
        connection.execute("CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL)")
        connection.execute("INSERT INTO t VALUES (1, 0), (2, 0)")
        yield
        connection.execute("DROP TABLE t")


def status(server: Server) -> dict[str, Any]:
    """What `daybreak status --json` says of a running server."""
    done = daybreak("status", "--data", str(server.data), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# --- status and check -----------------------------------------------------------------------------------------------


def test_status_of_a_running_server(server: Server) -> None:
    assert server.process is not None
    with server.connect(), server.connect():
        said = status(server)
    assert (said["pid"], said["port"]) == (server.process.pid, server.port)
    assert said["sessions"] >= 2, "those of another test may still be on their way out"
    assert {said["adjudicators"][name]["stage"] for name in ("adj-0", "adj-1")} == {"serving"}
    assert (said["trace"], said["monitor"]) == (None, None)
    shown = daybreak("status", "--data", str(server.data))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert re.search(rf"port\W+{server.port}\b", shown.stdout)
    assert re.search(r"adjudicators\.adj-1\.stage\W+serving\b", shown.stdout)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_status_without_a_server(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = daybreak("status", "--data", str(tmp_path), *options)
    assert (done.returncode, done.stdout) == (1, "")
    advice = "start one, or name another directory with --data"
    assert done.stderr == f"daybreak: {tmp_path}: no server is running on this data directory; {advice}\n"


def test_check_of_nothing_is_inconclusive(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    done = daybreak("check", str(missing))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"daybreak: {missing}: no such trace directory\n"
    done = daybreak("check", str(tmp_path))
    assert (done.returncode, done.stderr) == (2, "")
    assert "INCONCLUSIVE: nothing was checked" in done.stdout
    assert "CONFORMS" not in done.stdout


# --- the end of a server --------------------------------------------------------------------------------------------


class Load:
    """Clients that insert pairs until the server sends them away."""

    def __init__(self, server: Server) -> None:
        self.acknowledged: set[tuple[object, ...]] = set()
        self.ends: list[psycopg.Error] = []
        self._news = threading.Condition()
        self._server = server
        self._clients = [threading.Thread(target=self._client, args=(n,)) for n in range(CLIENTS)]

    def __enter__(self) -> Load:
        for client in self._clients:
            client.start()
        with self._news:
            assert self._news.wait_for(lambda: len(self.acknowledged) >= COMMITS_UNDER_LOAD, 60), "no progress"
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.join()

    def _client(self, number: int) -> None:
        try:
            with self._server.connect(autocommit=False) as connection:
                for n in range(1_000_000):
                    connection.execute("INSERT INTO debit VALUES (%s, %s)", (number, n))
                    connection.execute("INSERT INTO credit VALUES (%s, %s)", (number, n))
                    connection.commit()
                    with self._news:
                        self.acknowledged.add((number, n))
                        self._news.notify()
        except psycopg.OperationalError as error:
            self.ends.append(error)


ADJUDICATORS = ("adj-0", "adj-1")


def events(trace: Path, adjudicator: str) -> list[dict[str, Any]]:
    """One adjudicator's events, of whichever candidate."""
    lines = [line for file in trace.glob(f"*_{adjudicator}.ndjson") for line in file.read_text().splitlines()]
    return sorted(map(json.loads, lines), key=lambda event: event["at"])


def test_an_orderly_stop_under_load(tmp_path: Path) -> None:
    """Exit code 0 and no word; the lock and the lease are free; what was acknowledged is there, and conforms."""
    trace = tmp_path / "trace"
    server = Server(tmp_path / "data", "--trace", str(trace), unchecked="the command judges its trace")
    with server:
        with server.connect() as connection:
            connection.execute("CREATE TABLE debit (client int, n int, PRIMARY KEY (client, n))")
            connection.execute("CREATE TABLE credit (client int, n int, PRIMARY KEY (client, n))")
        with Load(server) as load:
            assert server.stop() == 0
        assert {end.sqlstate for end in load.ends} <= {"57P01", "08007", None}, load.ends
        assert len(load.ends) == CLIENTS
        assert "no server is running" in daybreak("status", "--data", str(server.data)).stderr
        first_lives = {name: events(trace, name) for name in ADJUDICATORS}

        server.start()
        for name, first_life in first_lives.items():
            second_life = events(trace, name)[len(first_life) :]
            recovery = next(e for e in second_life if e["act"] == "Adjudication!Recover")
            assert recovery["args"]["at"] <= first_life[-1]["at"][1] + LEAD_US, "a lease is left over"
        with server.connect() as connection:
            debits = set(connection.execute("SELECT * FROM debit").fetchall())
            credits = set(connection.execute("SELECT * FROM credit").fetchall())
        assert load.acknowledged <= debits, f"lost: {sorted(load.acknowledged - debits)}"
        assert debits == credits, f"half applied: {debits ^ credits}"
        assert server.stop() == 0
    assert server.log() == ""
    checked = daybreak("check", str(trace))
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    counts = dict(re.findall(r"(\w+) (\d+)", "".join(re.findall(r"checked: .*\((.*)\)", checked.stdout))))
    acts = [event["act"] for name in ADJUDICATORS for event in events(trace, name)]
    assert int(counts["Commit"]) == acts.count("Adjudication!Durable") > COMMITS_UNDER_LOAD
    assert int(counts["Recover"]) == acts.count("Adjudication!Recover") >= 2 * len(ADJUDICATORS)
    assert checked.stdout.count(": CONFORMS: all ") == len(rungs(len(ADJUDICATORS)))


def test_the_monitor_reports_and_ends_with_a_killed_server(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--monitor") as server:
        with server.connect() as connection:
            connection.execute("CREATE TABLE t (id int PRIMARY KEY)")
            connection.execute("INSERT INTO t VALUES (1)")
        said = monitored(server)
        assert said["running"] is True
        assert said["events"] > 0
        assert 0 <= said["lag_ms"] < MONITOR_SECONDS * 1000
        watch = os.pidfd_open(said["pid"])
        try:
            server.kill()
            waiter = select.poll()
            waiter.register(watch, select.POLLIN)
            assert waiter.poll(MONITOR_SECONDS * 1000), "the monitor goes on without its server"
        finally:
            os.close(watch)
        last = json.loads((server.data / "monitor.json").read_text())
        assert (last["running"], last["verdict"]) == (False, "CONFORMS")


def monitored(server: Server) -> dict[str, Any]:
    """The monitor's status once every spec has accepted both commits."""
    deadline = time.monotonic() + MONITOR_SECONDS
    said = None
    while time.monotonic() < deadline:
        said = status(server)["monitor"]
        if said is not None:
            assert said["verdict"] != "VIOLATES", said
            if said["verdict"] == "CONFORMS" and all(
                spec["consumed"].get("Commit", spec["consumed"].get("Durable")) == 2 for spec in said["specs"]
            ):
                return dict(said)
    raise AssertionError(f"no verdict within {MONITOR_SECONDS:g} s: {said}")


# --- clients --------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(60)
@pytest.mark.parametrize("first_writer_commits_first", [True, False])
def test_the_second_to_commit_loses_and_nobody_waits(
    server: Server, table: None, first_writer_commits_first: bool
) -> None:
    with server.connect(autocommit=False) as a, server.connect(autocommit=False) as b:
        a.execute("UPDATE t SET v = v + 1 WHERE id = 1")
        b.execute("UPDATE t SET v = v + 10 WHERE id = 1")
        winner, loser, v = (a, b, 1) if first_writer_commits_first else (b, a, 10)
        winner.commit()
        with pytest.raises(psycopg.errors.SerializationFailure) as lost:
            loser.commit()
        assert lost.value.sqlstate == "40001"
        assert lost.value.diag.message_primary == "change conflicts with another transaction (OC000)"
        assert loser.execute("SELECT v FROM t WHERE id = 1").fetchone() == (v,)


def test_a_schema_change_refuses_the_writers_that_began_before_it(server: Server, table: None) -> None:
    with server.connect(autocommit=False) as writer, server.connect(autocommit=False) as reader:
        writer.execute("UPDATE t SET v = 5 WHERE id = 1")
        reader.execute("SELECT v FROM t")
        with server.connect() as other:
            other.execute("CREATE TABLE u (id int PRIMARY KEY)")
            other.execute("DROP TABLE u")
        with pytest.raises(psycopg.errors.SerializationFailure) as lost:
            writer.commit()
        assert lost.value.sqlstate == "40001"
        assert lost.value.diag.message_primary == "schema has been updated by another transaction (OC001)"
        reader.commit()
        assert writer.execute("SELECT v FROM t WHERE id = 1").fetchone() == (0,)


def program(server: Server, name: str, *arguments: str) -> str:
    """What one of PostgreSQL's programs says; it must not complain."""
    to = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "admin"]
    command = [str(find_binaries().program(name)), *to, *arguments, "postgres"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_psql(server: Server, table: None) -> None:
    assert program(server, "psql", "-X", "-At", "-c", "UPDATE t SET v = id RETURNING id, v") == "1|1\n2|2\nUPDATE 2\n"
    assert "public | t    | table | admin" in program(server, "psql", "-X", "-c", r"\dt")


def test_pgbench(server: Server, table: None, tmp_path: Path) -> None:
    script = tmp_path / "hot.sql"
    script.write_text("BEGIN;\nUPDATE t SET v = v + 1 WHERE id = 1;\nEND;\n")
    said = program(server, "pgbench", "-n", "-c", "3", "-t", "20", "--max-tries", "1000", "-f", str(script))
    assert "number of transactions actually processed: 60/60" in said
    assert "number of failed transactions: 0 " in said
    with server.connect() as connection:
        assert connection.execute("SELECT v FROM t WHERE id = 1").fetchone() == (60,)
