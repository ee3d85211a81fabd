"""Following logs that grow, until told to stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.tracefiles import ADJUDICATOR, Event, Trace, write
from tests.unit.tracecheck.synthetic import World
from tracecheck import CONFORMS, INCONCLUSIVE, VIOLATES, Monitor, Plan, UsageError

SPECS = Path(__file__).parents[3] / "specs"


def in_order(trace: Trace) -> list[Event]:
    """The events as they were written, all nodes together."""
    return sorted((e for events in trace.values() for e in events), key=lambda e: (e["at"], e["node"], e["n"]))


def append(event: Event, directory: Path, upto: int | None = None) -> None:
    """Writes an event, or the first `upto` bytes of it."""
    line = (json.dumps(event) + "\n").encode()
    with (directory / f"{event['node'].replace('/', '_')}.ndjson").open("ab") as log:
        log.write(line[:upto])


def test_a_trace_that_grows_is_checked_while_it_grows(
    trace: Trace, isolation: Plan, adjudication: Plan, tmp_path: Path
) -> None:
    monitor = Monitor([isolation, adjudication], tmp_path, hold_back_ms=1)
    events = in_order(trace)
    for i, event in enumerate(events):
        append(event, tmp_path)
        if i % 10 == 0:
            monitor.poll()
    before = monitor.status()
    monitor.drain()
    after = monitor.status()

    assert 0 < before["events"] < len(events)
    assert before["lag_ms"] > 0
    assert (after["events"], after["lag_ms"], after["waiting"]) == (len(events), 0, 0)
    assert (before["running"], after["running"]) == (True, False)
    assert monitor.verdict == CONFORMS
    assert [spec["verdict"] for spec in after["specs"]] == [CONFORMS, CONFORMS]


def test_what_is_new_is_held_back_for_slower_writers(trace: Trace, isolation: Plan, tmp_path: Path) -> None:
    monitor = Monitor([isolation], tmp_path, hold_back_ms=60_000)
    for event in trace[ADJUDICATOR]:
        append(event | {"cause": []}, tmp_path)
    monitor.poll()
    assert (monitor.status()["events"], monitor.status()["waiting"]) == (0, len(trace[ADJUDICATOR]))
    write({node: events for node, events in trace.items() if node != ADJUDICATOR}, tmp_path)
    monitor.drain()
    assert monitor.verdict == CONFORMS, monitor.results()[0].reason


def test_what_comes_too_late_is_reported(trace: Trace, isolation: Plan, tmp_path: Path) -> None:
    append(trace["A/qp-0"][0], tmp_path)
    monitor = Monitor([isolation], tmp_path, hold_back_ms=0)
    for event in trace[ADJUDICATOR]:
        append(event | {"cause": []}, tmp_path)
    monitor.poll()
    append(trace["A/qp-0"][1] | {"cause": []}, tmp_path)
    monitor.poll()
    (spec,) = monitor.status()["specs"]
    assert spec["verdict"] in (INCONCLUSIVE, VIOLATES)
    assert [problem["kind"] for problem in spec["problems"]] == ["late"]


def test_a_large_backlog_is_read_in_order(isolation: Plan, tmp_path: Path) -> None:
    trace = World(7, keys=40).run(1_500)
    write(trace, tmp_path)
    assert max(path.stat().st_size for path in tmp_path.iterdir()) > 4 * (1 << 16)
    monitor = Monitor([isolation], tmp_path)
    monitor.drain()
    assert monitor.verdict == CONFORMS, monitor.results()[0].reason
    assert monitor.status()["events"] == sum(map(len, trace.values()))


def test_a_violation_is_seen_at_once_and_stays(
    trace: Trace, isolation: Plan, adjudication: Plan, tmp_path: Path
) -> None:
    heartbeats = [e for e in trace[ADJUDICATOR] if e["act"].endswith("!Heartbeat")]
    heartbeats[5]["args"]["upto"] = heartbeats[4]["args"]["upto"]
    monitor = Monitor([isolation, adjudication], tmp_path, hold_back_ms=0)
    for event in in_order(trace):
        append(event, tmp_path)
        monitor.poll()
        if monitor.verdict == VIOLATES:
            break
    assert event["node"] == ADJUDICATOR
    assert event["n"] <= heartbeats[5]["n"] + 1, "the next event shows that nothing earlier can come"
    monitor.drain()
    good, bad = monitor.status()["specs"]
    assert (good["verdict"], bad["verdict"]) == (CONFORMS, VIOLATES)
    assert bad["rejection"]["n"] == heartbeats[5]["n"]


def test_a_line_that_is_being_written_is_waited_for(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    events = [e | {"cause": []} for e in trace[ADJUDICATOR]]
    monitor = Monitor([adjudication], tmp_path)
    for event in events[:10]:
        append(event, tmp_path)
    append(events[10], tmp_path, upto=30)
    monitor.poll()
    monitor.drain()
    assert (monitor.verdict, monitor.status()["events"]) == (CONFORMS, 10)
    assert monitor.status()["torn"] == [str(tmp_path / "A1_adj-0.ndjson")]


def test_a_gap_is_inconclusive(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    events = [e | {"cause": []} for e in trace[ADJUDICATOR]]
    for event in events[:10] + events[11:20]:
        append(event, tmp_path)
    monitor = Monitor([adjudication], tmp_path)
    monitor.drain()
    (spec,) = monitor.status()["specs"]
    assert (spec["verdict"], spec["problems"][0]["kind"], spec["events"]) == (INCONCLUSIVE, "gap", 10)


def test_a_cause_that_never_comes_is_reported(trace: Trace, isolation: Plan, tmp_path: Path) -> None:
    for event in trace["A/qp-0"]:
        append(event, tmp_path)
    monitor = Monitor([isolation], tmp_path)
    monitor.drain()
    (spec,) = monitor.status()["specs"]
    assert (spec["verdict"], spec["problems"][0]["kind"]) == (INCONCLUSIVE, "missing-cause")


def test_time_to_end_is_bounded(trace: Trace, isolation: Plan, tmp_path: Path) -> None:
    write(trace, tmp_path)
    monitor = Monitor([isolation], tmp_path, interval_s=0)
    monitor.drain(within_s=-1)
    (spec,) = monitor.status()["specs"]
    assert (spec["verdict"], spec["problems"][0]["kind"]) == (INCONCLUSIVE, "unfinished")


def test_run_ends_when_told_and_leaves_its_status(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    logs = write({ADJUDICATOR: [e | {"cause": []} for e in trace[ADJUDICATOR]]}, tmp_path / "logs")
    stop = threading.Event()
    stop.set()
    monitor = Monitor([adjudication], logs, tmp_path / "status.json")
    assert monitor.run(stop) == CONFORMS
    status = json.loads((tmp_path / "status.json").read_text())
    assert (status["verdict"], status["pid"], status["running"]) == (CONFORMS, os.getpid(), False)
    assert status["specs"][0]["consumed"]["Commit"] > 0


def test_nothing_to_follow_is_wrong_usage(adjudication: Plan, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such directory to follow"):
        Monitor([adjudication], tmp_path / "none")
    with pytest.raises(UsageError, match="at least one spec"):
        Monitor([], tmp_path)


def test_the_command_follows_until_sigterm(trace: Trace, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    status = tmp_path / "status.json"
    command = [sys.executable, "-m", "tracecheck", "monitor", "--follow", str(logs), "--status", str(status)]
    for folder, module in (("isolation", "SnapshotIsolation"), ("adjudication", "Adjudication")):
        command += ["--spec", str(SPECS / folder / f"{module}.tla"), "--mapping", str(SPECS / folder / "mapping.toml")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        write(trace, logs)
        wanted = sum(map(len, trace.values()))
        while not (status.exists() and json.loads(status.read_text())["events"] == wanted):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.1)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert output.count(": CONFORMS: ") == 2
    assert json.loads(status.read_text())["running"] is False
