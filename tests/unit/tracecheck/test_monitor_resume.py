"""Real checkers that are stopped, killed and started again; and what the command leaves behind."""

from __future__ import annotations

import html
import json
import random
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.tracefiles import ADJUDICATOR, Trace
from tests.unit.tracecheck.test_monitor import SPECS, append, in_order
from tracecheck import CONFORMS, VIOLATES, Monitor, Plan, Result


def outcome(results: list[Result]) -> list[tuple[object, ...]]:
    """What must not depend on how often the monitor was started."""
    return [
        (r.verdict, sorted(r.consumed.items()), sorted(r.ignored.items()), r.slice_counts, r.rejection) for r in results
    ]


def lives(trace: Trace, plans: list[Plan], directory: Path, seed: int) -> list[Result]:
    """The results when the monitor is now and then killed or stopped, after it has saved its state or not."""
    chance, logs, state = random.Random(seed), directory / "logs", directory / "state.json"
    logs.mkdir(parents=True)
    monitor = Monitor(plans, logs, hold_back_ms=0, state=state)
    for event in in_order(trace):
        append(event, logs)
        match chance.choices(("go on", "poll", "save", "kill", "stop"), weights=(60, 20, 10, 5, 2))[0]:
            case "poll":
                monitor.poll()
            case "save":
                monitor.save()
            case "kill":
                monitor = Monitor(plans, logs, hold_back_ms=0, state=state)
            case "stop":
                monitor.drain()
                monitor = Monitor(plans, logs, hold_back_ms=0, state=state)
    monitor.drain()
    assert monitor.status()["events"] == sum(map(len, trace.values()))
    return monitor.results()


@pytest.mark.parametrize("seed", range(4))
def test_a_resumed_monitor_accepts_what_an_unbroken_one_does(
    seed: int, trace: Trace, isolation: Plan, adjudication: Plan, tmp_path: Path
) -> None:
    plans = [isolation, adjudication]
    whole = Monitor(plans, written(trace, tmp_path / "whole"))
    whole.drain()
    assert whole.verdict == CONFORMS
    assert outcome(lives(trace, plans, tmp_path, seed)) == outcome(whole.results())


@pytest.mark.parametrize("seed", range(4))
def test_a_resumed_monitor_refuses_what_an_unbroken_one_does(
    seed: int, trace: Trace, isolation: Plan, adjudication: Plan, tmp_path: Path
) -> None:
    """A floor that is forgotten when the state is saved would let this heartbeat pass."""
    heartbeats = [e for e in trace[ADJUDICATOR] if e["act"].endswith("!Heartbeat")]
    late = heartbeats[len(heartbeats) // 2]
    late["args"]["upto"] = heartbeats[0]["args"]["upto"]
    _, bad = lives(trace, [isolation, adjudication], tmp_path, seed)
    assert bad.verdict == VIOLATES
    assert bad.rejection is not None
    assert (bad.rejection.node, bad.rejection.n) == (ADJUDICATOR, late["n"])


def written(trace: Trace, directory: Path) -> Path:
    directory.mkdir(parents=True)
    for event in in_order(trace):
        append(event, directory)
    return directory


def spoilt(trace: Trace) -> Trace:
    heartbeats = [e for e in trace[ADJUDICATOR] if e["act"].endswith("!Heartbeat")]
    heartbeats[5]["args"]["upto"] = heartbeats[4]["args"]["upto"]
    return trace


def test_each_violation_is_reported_once_and_other_specs_go_on(
    trace: Trace, isolation: Plan, adjudication: Plan, tmp_path: Path
) -> None:
    logs, reports = written(spoilt(trace), tmp_path / "logs"), tmp_path / "reports"
    monitor = Monitor([isolation, adjudication], logs, reports=reports)
    monitor.drain()
    (file,) = reports.glob("*.json")
    assert file.name.startswith("Adjudication-adj_0-A1_adj_0-")
    said = json.loads(file.read_text())
    assert (said["verdict"], said["rejection"]["act"]) == (VIOLATES, "Adjudication!Heartbeat")
    assert [part["verdict"] for part in said["slices"]] == [VIOLATES]
    good, _ = monitor.results()
    assert (good.verdict, good.consumed["Commit"] > 0) == (CONFORMS, True)
    before = file.stat().st_mtime_ns
    monitor._tell(always=True)
    assert file.stat().st_mtime_ns == before
    assert sorted(path.name for path in reports.iterdir()) == [f"{file.stem}.html", file.name]
    assert said["reason"] in html.unescape(file.with_suffix(".html").read_text())


# -- the command -------------------------------------------------------------------------------------------


@contextmanager
def command(logs: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "tracecheck", "monitor", "--follow", str(logs), *options]
    argv += ["--spec", str(SPECS / "adjudication/Adjudication.tla")]
    argv += ["--mapping", str(SPECS / "adjudication/mapping.toml")]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], status: Path, events: int) -> dict[str, Any]:
    """The status once so many events were checked."""
    while True:
        said: dict[str, Any] = json.loads(status.read_text()) if status.exists() else {}
        if said.get("events") == events and said["specs"]:
            return said
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)


@pytest.mark.timeout(120)
def test_a_killed_monitor_is_followed_by_one_that_goes_on(trace: Trace, tmp_path: Path) -> None:
    events = [e | {"cause": []} for e in spoilt(trace)[ADJUDICATOR]]
    bad = next(i for i, e in enumerate(events) if e["args"] == events[i - 1]["args"])
    logs, status, state, reports = (tmp_path / name for name in ("logs", "status.json", "state.json", "reports"))
    metrics = tmp_path / "metrics.prom"
    logs.mkdir()
    options = ("--status", str(status), "--state", str(state), "--save-s", "0", "--reports", str(reports))
    for event in events[: bad - 1]:
        append(event, logs)
    with command(logs, *options, "--metrics", "0") as process:
        first = until(process, status, bad - 1)
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("metrics: ").strip()
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert f"tracecheck_events_total {bad - 1}.0" in answer.read().decode()
        while json.loads(state.read_text())["events"] < bad - 1:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.05)
        process.send_signal(signal.SIGKILL)
    for event in events[bad - 1 :]:
        append(event, logs)
    with command(logs, *options, "--metrics-file", str(metrics)) as process:
        second = until(process, status, len(events))
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, ": VIOLATES: " in output, "began" in output) == (1, True, False)
    assert (first["verdict"], first["running"], second["began_anew"]) == (CONFORMS, True, None)
    assert first["run"] != second["run"]
    assert len(list(reports.glob("*.json"))) == 1
    assert 'tracecheck_verdict{spec="Adjudication",verdict="VIOLATES"} 1.0' in metrics.read_text()
