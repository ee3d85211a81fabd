"""A short trace of a real server conforms to every spec; no spoilt copy of it does, and the spoilt event is named."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import psycopg
import pytest

from daybreak.base.places import Rung, rungs
from tests.support.pgbench import pgbench
from tests.support.server import Server, daybreak
from tests.support.spoil import Spoilt, assert_refused
from tests.support.spoil_adjudication import ADJUDICATION_SPOILS
from tests.support.spoil_crossregion import CROSSREGION_SPOILS
from tests.support.spoil_isolation import ISOLATION_SPOILS
from tests.support.tracefiles import ADJUDICATOR, Trace, file_name, is_act, places, read, write
from tracecheck import CONFORMS, INCONCLUSIVE, Result, check

RUNGS: dict[str, Rung] = {rung.name: rung for rung in rungs()}

TABLES = """
CREATE TABLE branch (id int PRIMARY KEY, balance int);
CREATE TABLE account (id int PRIMARY KEY, balance int);
CREATE TABLE history (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account int, delta int);
INSERT INTO branch VALUES (1, 0);
INSERT INTO account SELECT i, 0 FROM generate_series(1, 10) i;
"""

TRANSFER = r"""
\set account random(1, 10)
\set delta random(-50, 50)
BEGIN;
UPDATE account SET balance = balance + :delta WHERE id = :account;
SELECT balance FROM account WHERE id = :account;
UPDATE branch SET balance = balance + :delta WHERE id = 1;
INSERT INTO history (account, delta) VALUES (:account, :delta);
END;
"""


def checked(name: str, logs: Path) -> Result:
    return check(RUNGS[name].spec, RUNGS[name].mapping, [logs])


# --- the recording ------------------------------------------------------------------------------------------------


def quarrel(server: Server) -> None:
    """Two sessions that meet, step by step: a lost update that is refused, a row lock that is in the way of a delete,
    and snapshots that are older than what others have committed since."""
    with server.connect(autocommit=False) as ada, server.connect(autocommit=False) as bob:
        for _ in range(3):
            ada.execute("UPDATE branch SET balance = balance + 1 WHERE id = 1")
            bob.execute("UPDATE branch SET balance = balance + 1 WHERE id = 1")
            bob.commit()
            assert ada.execute("SELECT count(*) FROM account").fetchall() == [(10,)]
            with pytest.raises(psycopg.errors.SerializationFailure):
                ada.commit()
        bob.execute("SELECT balance FROM account WHERE id = 1 FOR KEY SHARE")
        bob.execute("INSERT INTO history (account, delta) VALUES (1, 0)")
        ada.execute("DELETE FROM account WHERE id = 1")
        bob.commit()
        with pytest.raises(psycopg.errors.SerializationFailure):
            ada.commit()
        bob.execute("SELECT balance FROM branch")
        bob.rollback()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    directory = tmp_path_factory.mktemp("short")
    script = directory / "transfer.sql"
    script.write_text(TRANSFER)
    judged = "the first test judges it"
    with Server(
        directory / "data", "--adjudicators", "1", "--trace", str(directory / "trace"), unchecked=judged
    ) as server:
        with server.connect() as admin:
            for statement in filter(str.strip, TABLES.split(";")):
                admin.execute(statement.encode())
        quarrel(server)
        report = pgbench(server, "-n", "-c", "4", "-j", "2", "-t", "5", "--max-tries=1000", "-f", str(script))
        assert (report.code, report.number("number of failed transactions")) == (0, 0), report.output
        assert server.stop() == 0
    return read(directory / "trace")


def test_the_recording_conforms_and_has_something_of_everything(recording: Trace, tmp_path: Path) -> None:
    adjudication, isolation = (checked(name, write(recording, tmp_path)) for name in ("adjudication", "isolation"))
    assert (adjudication.verdict, isolation.verdict) == (CONFORMS, CONFORMS), (adjudication.reason, isolation.reason)
    assert adjudication.consumed.keys() >= {"Recover", "Renew", "Heartbeat", "Commit", "Durable", "Refuse"}
    assert isolation.consumed.keys() >= {"Forget", "Begin", "Read", "Write", "Commit", "Acknowledge", "Abort"}
    commits = [event["args"]["keys"] for event in recording[ADJUDICATOR] if is_act(event, "Commit")]
    assert {access for keys in commits for access in keys.values()} == {"W", "N", "S", "R"}


# --- spoilt steps -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil", [*ADJUDICATION_SPOILS, *CROSSREGION_SPOILS, *ISOLATION_SPOILS], ids=lambda spoil: str(spoil.__name__)
)
def test_spoilt_trace_is_refused_at_the_event(
    spoil: Callable[[Trace], Spoilt], recording: Trace, tmp_path: Path
) -> None:
    trace = deepcopy(recording)
    spoilt = spoil(trace)
    assert_refused(spoilt, trace, tmp_path, checked(spoilt.spec, write(trace, tmp_path)))


# --- spoilt logs --------------------------------------------------------------------------------------------------


def without(lines: list[str]) -> None:
    del lines[19]


def twice(lines: list[str]) -> None:
    lines.insert(19, lines[18])


def exchanged(lines: list[str]) -> None:
    lines[19], lines[20] = lines[20], lines[19]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(("change", "kind"), [(without, "gap"), (twice, "duplicate"), (exchanged, "gap")])
def test_a_defect_of_a_log_leaves_no_verdict_and_is_named(
    change: Callable[[list[str]], None], kind: str, rung: str, recording: Trace, tmp_path: Path
) -> None:
    log = write(recording, tmp_path) / file_name(ADJUDICATOR)
    lines = log.read_text().splitlines(keepends=True)
    change(lines)
    log.write_text("".join(lines))
    result = checked(rung, tmp_path)
    assert result.verdict == INCONCLUSIVE
    assert [(problem.kind, problem.file, problem.line) for problem in result.problems] == [(kind, str(log), 20)]


def test_a_log_that_ends_within_a_line_leaves_no_verdict(recording: Trace, tmp_path: Path) -> None:
    log = write(recording, tmp_path) / file_name(ADJUDICATOR)
    log.write_bytes(log.read_bytes()[:-20])
    result = checked("adjudication", tmp_path)
    assert result.verdict == INCONCLUSIVE
    assert [(problem.kind, problem.line) for problem in result.problems] == [("truncated", len(recording[ADJUDICATOR]))]


@pytest.mark.parametrize("rung", RUNGS)
def test_the_log_of_the_adjudicator_must_be_there(rung: str, recording: Trace, tmp_path: Path) -> None:
    others = {node: events for node, events in recording.items() if node != ADJUDICATOR}
    assert checked(rung, write(others, tmp_path)).verdict == INCONCLUSIVE


# --- nothing to check ---------------------------------------------------------------------------------------------


def test_an_empty_trace_does_not_conform(tmp_path: Path) -> None:
    (tmp_path / file_name(ADJUDICATOR)).touch()
    done = daybreak("check", str(tmp_path))
    assert done.returncode == 2
    assert done.stdout.count("INCONCLUSIVE: nothing was checked") == len(RUNGS)
    assert CONFORMS not in done.stdout


IGNORED = {"adjudication": ("Begin", "Read", "Write", "Abort"), "isolation": ("Heartbeat", "Renew", "Refuse")}
"""Rung 3 ignores no event."""


@pytest.mark.parametrize("rung", IGNORED)
def test_a_trace_of_ignored_events_does_not_conform(rung: str, recording: Trace, tmp_path: Path) -> None:
    trace: Trace = {}
    for place, event in places(recording, *IGNORED[rung]):
        events = trace.setdefault(place.node, [])
        events.append(event | {"n": len(events) + 1, "cause": []})
    result = checked(rung, write(trace, tmp_path))
    assert (result.verdict, result.events) == (INCONCLUSIVE, 0)
    assert sum(result.ignored.values()) == sum(map(len, trace.values())) > 0
