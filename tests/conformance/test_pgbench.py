"""Stock pgbench on a real server: no transaction fails, nothing is lost, and every event of the run is a step of the
specs; and of that very trace no copy passes with a step that the adjudicator's spec forbids."""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest

from daybreak.base.places import rungs
from tests.support.pgbench import Report, pgbench
from tests.support.server import Server, daybreak
from tests.support.spoil import assert_refused
from tests.support.spoil_adjudication import ADJUDICATION_SPOILS
from tests.support.tracefiles import ADJUDICATOR, Trace, cut, file_name, is_act, read, write
from tracecheck import CONFORMS, Result, check

REFUSALS = 60
"""So many refusals a trace has that is cut short to be spoilt."""

(RUNG,) = (rung for rung in rungs() if rung.name == "adjudication")
STEPS = {
    "adjudication": {"Recover", "Renew", "Heartbeat", "Forget", "Commit", "Durable", "Refuse"},
    "commit": {
        "Takeover",
        "Renew",
        "Heartbeat",
        "Forget",
        "Begin",
        "Read",
        "Write",
        "Ask",
        "Decide",
        "Durable",
        "Refuse",
        "Acknowledge",
        "CommitReadOnly",
        "Abort",
    },
    "crossregion": {
        "Promise",
        "Adopt",
        "Write",
        "Sync",
        "Acknowledge",
        "Durable",
        "Heartbeat",
        "Commit",
        "Grant",
    },
    "isolation": {
        "Recover",
        "Forget",
        "Begin",
        "Read",
        "Write",
        "Commit",
        "Acknowledge",
        "CommitReadOnly",
        "Abort",
    },
    "placement": {"Seal", "Renew", "Heartbeat", "Forget", "Commit", "Durable", "Refuse"},
}
"""The actions that such a run takes."""

SUMS = """
SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers),
       (SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(delta) FROM pgbench_history),
       (SELECT count(*) FROM pgbench_history)
"""


@dataclass(frozen=True)
class Run:
    """What is left of a run: the trace's directory, what pgbench said, and what it left in the tables."""

    logs: Path
    report: Report
    prepared: int
    """How many transactions had committed before pgbench came."""
    sums: tuple[object, ...]
    code: int
    """How the server ended."""


@pytest.mark.timeout(600)
def test_pgbench_loses_nothing_and_its_trace_conforms_but_no_spoilt_copy_does(tmp_path: Path) -> None:
    """One test, so that the one long run is not repeated in every process that runs tests."""
    run = recorded(tmp_path)
    assert_nothing_failed(run)
    assert_balances_agree(run)
    assert_every_event_conforms(run)
    assert_spoilt_copies_are_refused(run, tmp_path / "spoilt")


def recorded(directory: Path) -> Run:
    """Serve, prepare the tables, run pgbench, stop."""
    logs = directory / "trace"
    judged = "the command judges its trace, and its figures are looked at"
    with Server(directory / "data", "--adjudicators", "1", "--trace", str(logs), unchecked=judged) as server:
        prepared = daybreak("bench", "init", "--port", str(server.port))
        assert prepared.returncode == 0, prepared.stderr
        before = (logs / file_name(ADJUDICATOR)).read_text().count('"Adjudication!Durable"')
        report = pgbench(server, "-n", "-c", "8", "-j", "2", "-T", "20", "--max-tries=0")
        with server.connect() as client:
            sums = client.execute(SUMS).fetchone()
        assert sums is not None, "an aggregate has a row"
        return Run(logs, report, before, sums, server.stop())


def assert_nothing_failed(run: Run) -> None:
    assert run.report.code == 0, run.report.output
    assert run.report.number("number of failed transactions") == 0
    assert "ERROR" not in run.report.output.upper()
    assert run.report.number("total number of retries") > 0, "conflicts are the normal case"
    assert run.code == 0


def assert_balances_agree(run: Run) -> None:
    accounts, tellers, branches, history, rows = run.sums
    assert accounts == tellers == branches == history
    assert rows == run.report.number("number of transactions actually processed")


# --- the whole trace ----------------------------------------------------------------------------------------------


def counted(output: str, what: str) -> dict[str, Counter[str]]:
    """Per spec the numbers that `daybreak check` printed after `what`."""
    found: dict[str, Counter[str]] = {}
    for line in output.splitlines():
        if head := re.match(r"(\w+): .*: CONFORMS: ", line):
            found[head[1]] = Counter()
        elif line.startswith(f"  {what}: "):
            pairs = re.findall(r"([\w!]+) (\d+)(?:, |\)|$)", line)
            found[list(found)[-1]].update({name: int(number) for name, number in pairs})
    return found


def assert_every_event_conforms(run: Run) -> None:
    """`daybreak check` says so, and its figures agree with pgbench's and with one another."""
    said = daybreak("check", str(run.logs))
    assert said.returncode == 0, said.stdout + said.stderr
    steps, ignored = counted(said.stdout, "checked"), counted(said.stdout, "ignored")
    assert steps.keys() == STEPS.keys()
    assert all(STEPS[name] <= counts.keys() for name, counts in steps.items()), steps

    lines = sum(len(log.read_bytes().splitlines()) for log in run.logs.glob("*.ndjson"))
    assert {name: steps[name].total() + ignored[name].total() for name in steps} == dict.fromkeys(STEPS, lines)

    judged, seen = steps["adjudication"], steps["isolation"]
    done = run.report.number("number of transactions actually processed")
    assert judged["Commit"] == judged["Durable"] == seen["Commit"] == seen["Acknowledge"] == run.prepared + done
    assert judged["Refuse"] >= run.report.number("total number of retries"), "each retry had been refused"
    assert seen["Abort"] >= judged["Refuse"]
    assert seen["Begin"] == seen["Acknowledge"] + seen["CommitReadOnly"] + seen["Abort"]


# --- its beginning, spoilt ----------------------------------------------------------------------------------------


def beginning(run: Run) -> Trace:
    """The trace from the server's start until clients have met some conflicts."""
    whole = read(run.logs)
    refusals = [event for event in whole[ADJUDICATOR] if is_act(event, "Refuse")]
    return cut(whole, refusals[REFUSALS - 1])


def checked(trace: Trace, directory: Path) -> Result:
    return check(RUNG.spec, RUNG.mapping, [write(trace, directory)])


def assert_spoilt_copies_are_refused(run: Run, directory: Path) -> None:
    good = beginning(run)
    result = checked(good, directory / "unspoilt")
    assert (result.verdict, result.consumed["Refuse"]) == (CONFORMS, REFUSALS), result.reason
    for spoil in ADJUDICATION_SPOILS:
        trace, place = deepcopy(good), directory / spoil.__name__
        try:
            spoilt = spoil(trace)
            assert_refused(spoilt, trace, place, checked(trace, place))
        except AssertionError as error:
            error.add_note(spoil.__name__)
            raise
