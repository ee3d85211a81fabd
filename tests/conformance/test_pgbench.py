"""Stock pgbench on a real server: no transaction fails, nothing is lost, and every event of the run is a step of the
specs; and of that very trace no copy passes with a step that the adjudicator's spec forbids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest

from daybreak.base.places import Rung, rungs
from tests.support.pgbench import Report, pgbench
from tests.support.server import Server, daybreak
from tests.support.spoil import Spoilt, assert_refused
from tests.support.spoil_adjudication import ADJUDICATION_SPOILS
from tests.support.tracefiles import ADJUDICATOR, Trace, cut, file_name, is_act, read, write
from tracecheck import CONFORMS, check

# One run serves all tests here.
pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("pgbench")]

REFUSALS = 60
"""So many refusals a trace has that is cut short to be spoilt."""

RUNGS: dict[str, Rung] = {rung.name: rung for rung in rungs()}
STEPS = {
    "adjudication": {"Recover", "Renew", "Heartbeat", "Forget", "Commit", "Durable", "Refuse"},
    "isolation": {
        *("Recover", "Forget", "Begin", "Read", "Write"),
        *("Commit", "Acknowledge", "CommitReadOnly", "Abort"),
    },
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


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("pgbench")
    logs = directory / "trace"
    with Server(directory / "data", "--trace", str(logs)) as server:
        prepared = daybreak("bench", "init", "--port", str(server.port))
        assert prepared.returncode == 0, prepared.stderr
        before = (logs / file_name(ADJUDICATOR)).read_text().count('"Adjudication!Durable"')
        report = pgbench(server, "-n", "-c", "8", "-j", "2", "-T", "20", "--max-tries=0")
        with server.connect() as client:
            sums = client.execute(SUMS).fetchone()
        assert sums is not None, "an aggregate has a row"
        return Run(logs, report, before, sums, server.stop())


def test_pgbench_ends_without_an_error_or_a_failed_transaction(run: Run) -> None:
    assert run.report.code == 0, run.report.output
    assert run.report.number("number of failed transactions") == 0
    assert "ERROR" not in run.report.output.upper()
    assert run.report.number("total number of retries") > 0, "conflicts are the normal case"
    assert run.code == 0


def test_all_balances_agree_with_the_history(run: Run) -> None:
    accounts, tellers, branches, history, rows = run.sums
    assert accounts == tellers == branches == history
    assert rows == run.report.number("number of transactions actually processed")


# --- the whole trace ----------------------------------------------------------------------------------------------


def counted(output: str, what: str) -> dict[str, Counter[str]]:
    """Per spec the numbers that `daybreak check` printed after `what`."""
    found: dict[str, Counter[str]] = {}
    for line in output.splitlines():
        if head := re.match(r"(\w+): \S+: CONFORMS: ", line):
            found[head[1]] = Counter()
        elif line.startswith(f"  {what}: "):
            pairs = re.findall(r"([\w!]+) (\d+)(?:, |\)|$)", line)
            found[list(found)[-1]].update({name: int(number) for name, number in pairs})
    return found


def test_the_trace_conforms_and_every_event_is_accounted_for(run: Run) -> None:
    checked = daybreak("check", str(run.logs))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    steps, ignored = counted(checked.stdout, "checked"), counted(checked.stdout, "ignored")
    assert {name: set(counts) for name, counts in steps.items()} == STEPS

    lines = sum(len(log.read_bytes().splitlines()) for log in run.logs.glob("*.ndjson"))
    assert {name: steps[name].total() + ignored[name].total() for name in steps} == dict.fromkeys(STEPS, lines)

    judged, seen = steps["adjudication"], steps["isolation"]
    done = run.report.number("number of transactions actually processed")
    assert judged["Commit"] == judged["Durable"] == seen["Commit"] == seen["Acknowledge"] == run.prepared + done
    assert judged["Refuse"] >= run.report.number("total number of retries"), "each retry had been refused"
    assert seen["Abort"] >= judged["Refuse"]
    assert seen["Begin"] == seen["Acknowledge"] + seen["CommitReadOnly"] + seen["Abort"]


# --- its beginning, spoilt ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def beginning(run: Run) -> Trace:
    """The trace from the server's start until clients have met some conflicts."""
    whole = read(run.logs)
    refusals = [event for event in whole[ADJUDICATOR] if is_act(event, "Refuse")]
    return cut(whole, refusals[REFUSALS - 1])


def test_the_beginning_conforms(beginning: Trace, tmp_path: Path) -> None:
    result = check(RUNGS["adjudication"].spec, RUNGS["adjudication"].mapping, [write(beginning, tmp_path)])
    assert result.verdict == CONFORMS, result.reason
    assert result.consumed["Refuse"] == REFUSALS


@pytest.mark.parametrize("spoil", ADJUDICATION_SPOILS, ids=lambda spoil: str(spoil.__name__))
def test_spoilt_beginning_is_refused_at_the_event(
    spoil: Callable[[Trace], Spoilt], beginning: Trace, tmp_path: Path
) -> None:
    trace = deepcopy(beginning)
    spoilt = spoil(trace)
    rung = RUNGS[spoilt.spec]
    assert_refused(spoilt, trace, tmp_path, check(rung.spec, rung.mapping, [write(trace, tmp_path)]))
