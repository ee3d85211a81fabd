"""What a monitor keeps in files, and what it reports as missing: with checkers that accept everything."""

from __future__ import annotations

import json
import os
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.growing import PLAN, Log, Witness
from tracecheck import CONFORMS, INCONCLUSIVE, Monitor
from tracecheck.persist import SupersededError


@pytest.fixture(autouse=True)
def witnesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracecheck.monitor.Checker", Witness)
    monkeypatch.setattr("tracecheck.persist.fingerprint", lambda plans: "the same")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    directory = tmp_path / "logs"
    directory.mkdir()
    return directory


def follow(logs: Path, **options: Any) -> Monitor:
    return Monitor([PLAN], logs, hold_back_ms=0, **options)


def problems(monitor: Monitor) -> list[str]:
    (result,) = monitor.results()
    return [problem.kind for problem in result.problems]


class Clock:
    """Time that passes when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


# -- across restarts ---------------------------------------------------------------------------------------


def test_a_monitor_goes_on_where_the_last_one_stopped(logs: Path, tmp_path: Path) -> None:
    log, state = Log(logs, "a"), tmp_path / "state.json"
    log.write(3)
    first = follow(logs, state=state)
    assert first.status()["began_anew"] == "there was no saved state"
    first.drain()
    log.write(2)
    log.rotate()
    log.write(1)
    second = follow(logs, state=state)
    assert (second.status()["began_anew"], second.status()["events"]) == (None, 3)
    second.drain()
    assert (second.verdict, second.status()["events"]) == (CONFORMS, 6)
    assert second.checkers[0].seen == [("a", n) for n in range(1, 7)]  # type: ignore[attr-defined]


def test_the_state_is_saved_every_so_often(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, state, clock = Log(logs, "a"), tmp_path / "state.json", Clock(monkeypatch)
    monitor = follow(logs, state=state, save_s=10)
    stop, seen = threading.Event(), []

    def poll() -> int:
        clock.now += 4
        log.write(1)
        seen.append(json.loads(state.read_text()).get("events"))
        if len(seen) == 9:
            stop.set()
        return Monitor.poll(monitor)

    monkeypatch.setattr(monitor, "poll", poll)
    monitor.run(stop)
    assert seen == [None, None, None, 3, 3, 3, 6, 6, 6]
    assert json.loads(state.read_text())["events"] == 9


def test_a_state_that_takes_long_to_save_is_saved_seldom(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checking stands still meanwhile."""
    clock = Clock(monkeypatch)
    monitor = follow(logs, state=tmp_path / "state.json", save_s=10)
    saved_at = []

    def save(*parts: object) -> None:
        saved_at.append(clock.now)
        clock.now += 1

    assert monitor._state is not None
    monkeypatch.setattr(monitor._state, "save", save)
    for _ in range(50):
        clock.now += 10
        monitor._tell()
    assert [later - earlier for earlier, later in pairwise(saved_at)] == [pytest.approx(201, abs=10)] * 2


def test_a_log_that_is_gone_is_missed_unless_another_goes_on_from_there(logs: Path, tmp_path: Path) -> None:
    log, state = Log(logs, "a"), tmp_path / "state.json"
    log.write(3)
    follow(logs, state=state).drain()
    log.path.unlink()
    second = follow(logs, state=state)
    second.drain()
    assert (second.verdict, problems(second)) == (INCONCLUSIVE, ["gone"])
    (result,) = second.results()
    assert "the log is gone of which 3 lines were checked" in result.problems[0].message
    log.write(1)
    third = follow(logs, state=state)
    third.drain()
    assert (third.verdict, third.status()["events"]) == (CONFORMS, 4)
    log.write(1)
    log.path.unlink()
    log.write(1)
    fourth = follow(logs, state=state)
    fourth.drain()
    assert (fourth.verdict, problems(fourth)) == (INCONCLUSIVE, ["gap"])


def test_a_log_that_was_cut_short_meanwhile_is_no_log_that_was_checked(logs: Path, tmp_path: Path) -> None:
    log, state = Log(logs, "a"), tmp_path / "state.json"
    log.write(3)
    follow(logs, state=state).drain()
    log.path.write_bytes(b"")
    log.n = 4
    log.write(1)
    second = follow(logs, state=state)
    second.drain()
    assert (second.verdict, problems(second)) == (INCONCLUSIVE, ["gap"])


def test_a_state_that_a_checker_does_not_read_is_not_used(logs: Path, tmp_path: Path) -> None:
    log, state = Log(logs, "a"), tmp_path / "state.json"
    log.write(3)
    follow(logs, state=state).drain()
    content = json.loads(state.read_text())
    state.write_text(json.dumps(content | {"checkers": [{}]}))
    second = follow(logs, state=state)
    second.drain()
    assert second.status()["began_anew"] == "this is no saved witness"
    assert (second.verdict, second.status()["events"]) == (CONFORMS, 3)


def test_lines_are_counted_on_after_a_restart(logs: Path, tmp_path: Path) -> None:
    """Also those that were read, but waited for their cause, when the state was saved."""
    log, other, state = Log(logs, "a"), Log(logs, "b", start=15), tmp_path / "state.json"
    log.write(2)
    log.write(3, cause=[("b", 1)])
    first = follow(logs, state=state)
    first.poll()
    assert (first.status()["events"], first.status()["waiting"]) == (2, 3)
    first.save()
    other.write(1)
    with log.path.open("ab") as stream:
        stream.write(b"no event\n")
    second = follow(logs, state=state)
    second.drain()
    assert (second.status()["events"], problems(second)) == (6, ["unparsable"])
    assert second.results()[0].problems[0].line == 6


def test_a_log_that_lost_its_end_meanwhile_is_reported(logs: Path, tmp_path: Path) -> None:
    log, state = Log(logs, "a"), tmp_path / "state.json"
    log.write(40)
    follow(logs, state=state).drain()
    os.truncate(log.path, log.path.stat().st_size // 2)
    second = follow(logs, state=state)
    second.drain()
    assert problems(second) == ["shrunk"]


def test_a_finding_outlives_a_restart(logs: Path, tmp_path: Path) -> None:
    log, state = Log(logs, "a"), tmp_path / "state.json"
    log.write(3)
    log.n = 4
    log.write(1)
    follow(logs, state=state).drain()
    second = follow(logs, state=state)
    second.drain()
    assert (second.verdict, problems(second)) == (INCONCLUSIVE, ["gap"])


def test_what_was_left_unfinished_is_checked_by_the_next_run(logs: Path, tmp_path: Path) -> None:
    log, state = Log(logs, "a"), tmp_path / "state.json"
    log.write(3)
    first = follow(logs, state=state)
    first.drain(within_s=-1)
    assert problems(first) == ["unfinished"]
    second = follow(logs, state=state)
    second.drain()
    assert (second.verdict, second.status()["events"]) == (CONFORMS, 3)


# -- one monitor after another -----------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["status", "state"])
def test_an_old_monitor_never_overwrites_its_successors_files(file: str, logs: Path, tmp_path: Path) -> None:
    Log(logs, "a").write(1)
    options = {file: tmp_path / f"{file}.json"}
    old = follow(logs, **options)
    new = follow(logs, **options)
    stop = threading.Event()
    stop.set()
    new.run(stop)
    with pytest.raises(SupersededError, match=f"{file}.json: another monitor has taken over"):
        old.run(stop)
    assert json.loads((tmp_path / f"{file}.json").read_text())["run"] == new.run_id


def test_the_status_says_who_it_is_and_when(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_790_000_000.5)
    monitor = follow(logs, status=tmp_path / "status.json", run="me")
    said = json.loads((tmp_path / "status.json").read_text())
    assert (said["run"], said["running"], said["time"]) == ("me", True, 1_790_000_000.5)
    monitor.drain()
    said = json.loads((tmp_path / "status.json").read_text())
    assert (said["run"], said["running"], said["started"]) == ("me", False, 1_790_000_000.5)


# -- what is missing in a system that goes on --------------------------------------------------------------


def busy(log: Log, monitor: Monitor, clock: Clock, seconds: int) -> None:
    """Another node goes on writing while time passes."""
    for _ in range(seconds):
        clock.now += 1
        log.write(1)
        monitor.poll()


def test_a_cause_that_never_comes_is_reported_while_others_go_on(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, other = Clock(monkeypatch), Log(logs, "busy", start=10_000)
    Log(logs, "a").write(1, cause=[("lost", 7)])
    monitor = follow(logs, patience_s=10)
    busy(other, monitor, clock, 8)
    assert (monitor.verdict, problems(monitor), monitor.status()["events"]) == (CONFORMS, [], 8)
    busy(other, monitor, clock, 8)
    assert (monitor.verdict, problems(monitor)) == (INCONCLUSIVE, ["missing-cause"])


def test_a_cause_that_is_only_slow_is_waited_for(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, other = Clock(monkeypatch), Log(logs, "busy", start=10_000)
    slow = Log(logs, "slow", start=20_000)
    Log(logs, "a", start=9_000).write(1, cause=[("slow", 1)])
    monitor = follow(logs, patience_s=10)
    busy(other, monitor, clock, 8)
    slow.write(1)
    monitor.poll()
    monitor.poll()
    assert (monitor.verdict, problems(monitor), monitor.status()["events"]) == (CONFORMS, [], 10)


def test_a_gap_between_two_files_is_reported_when_nobody_has_filled_it(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, other = Clock(monkeypatch), Log(logs, "busy", start=10_000)
    log = Log(logs, "a")
    log.write(2)
    monitor = follow(logs, patience_s=10)
    monitor.poll()
    log.rotate()
    log.n = 3
    log.write(1)
    busy(other, monitor, clock, 8)
    assert (monitor.verdict, monitor.status()["events"]) == (CONFORMS, 2)
    busy(other, monitor, clock, 8)
    assert (monitor.verdict, problems(monitor), monitor.status()["events"]) == (INCONCLUSIVE, ["gap"], 2)


def test_a_log_that_was_gone_at_the_start_is_reported_after_a_while(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, other = Clock(monkeypatch), Log(logs, "busy", start=10_000)
    log, state = Log(logs, "a"), tmp_path / "state.json"
    log.write(3)
    first = follow(logs, state=state)
    first.poll()
    first.save()
    log.path.unlink()
    monitor = follow(logs, state=state, patience_s=10)
    busy(other, monitor, clock, 16)
    assert (monitor.verdict, problems(monitor)) == (INCONCLUSIVE, ["gone"])
