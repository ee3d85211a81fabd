"""Following logs that are not Daybreak's: several nodes in a file, numbers and times that the lines do not say."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.support.growing import PLAN, Witness
from tests.unit.tracecheck.test_follow import Reader
from tracecheck import CONFORMS, INCONCLUSIVE, Monitor, Plan
from tracecheck.mapping import load_mapping
from tracecheck.read import LineFormat

TIMED = 'event = "what"\nnode = "who"\ntime = "when"\nunit = "ms"\n'
CAUSES = 'event = "what"\nnode = "who"\nsequence = "n"\ncauses = "after"\n'


def form(text: str, directory: Path) -> LineFormat:
    path = directory / "mapping.toml"
    path.write_text(f'[log]\n{text}\n[events]\n"step" = "Step"\n')
    found = load_mapping(path).log
    assert found is not None
    return found


def append(path: Path, *lines: dict[str, Any]) -> None:
    with path.open("a") as stream:
        for line in lines:
            stream.write(json.dumps({"what": "step"} | line) + "\n")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    directory = tmp_path / "logs"
    directory.mkdir()
    return directory


def test_one_file_may_hold_many_nodes(logs: Path, tmp_path: Path) -> None:
    reader = Reader(logs, form(TIMED, tmp_path))
    append(logs / "all.ndjson", {"who": "a", "when": 1}, {"who": "b", "when": 2}, {"who": "a", "when": 3})
    assert reader.take() == ["a1", "b1", "a2"]
    append(logs / "all.ndjson", {"who": "c", "when": 4})
    assert reader.take() == ["c1"]
    assert reader.follower.logs == 1


def test_causes_order_events_that_have_no_time(logs: Path, tmp_path: Path) -> None:
    reader = Reader(logs, form(CAUSES, tmp_path))
    append(logs / "a.ndjson", {"who": "a", "n": 1, "after": [["b", 2]]})
    append(logs / "b.ndjson", {"who": "b", "n": 1, "after": []}, {"who": "b", "n": 2, "after": []})
    assert reader.take() == ["b1", "b2", "a1"]


def test_a_line_that_is_no_event_ends_the_order(logs: Path, tmp_path: Path) -> None:
    reader = Reader(logs, form(TIMED, tmp_path))
    append(logs / "all.ndjson", {"who": "a"})
    assert reader.take() == []
    assert reader.finding == "malformed"


# -- monitors ----------------------------------------------------------------------------------------------


@pytest.fixture
def witnesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracecheck.monitor.Checker", Witness)
    monkeypatch.setattr("tracecheck.persist.fingerprint", lambda plans: "the same")


def started(logs: Path, text: str, **options: Any) -> Monitor:
    plan = cast(Plan, SimpleNamespace(mapping=SimpleNamespace(log=form(text, logs.parent)), engine=PLAN.engine))
    return Monitor([plan], logs, **options)


def seen(monitor: Monitor) -> list[str]:
    (checker,) = monitor.checkers
    assert isinstance(checker, Witness)
    return [f"{node}{n}" for node, n in checker.seen]


@pytest.mark.usefixtures("witnesses")
def test_without_times_nothing_is_held_back_and_no_lag_is_told(logs: Path) -> None:
    monitor = started(logs, CAUSES, hold_back_ms=60_000)
    append(logs / "a.ndjson", {"who": "a", "n": 1, "after": []})
    monitor.poll()
    assert seen(monitor) == ["a1"]
    assert (monitor.status()["lag_ms"], monitor.status()["lag_p99_ms"]) == (None, None)


@pytest.mark.usefixtures("witnesses")
def test_a_resumed_monitor_counts_on(logs: Path, tmp_path: Path) -> None:
    """The lines have no numbers: the second `a` is number 2 only for who has seen the first."""
    state, path = tmp_path / "state.json", logs / "all.ndjson"
    append(path, {"who": "a", "when": 1}, {"who": "b", "when": 2}, {"who": "a", "when": 3}, {"who": "a", "when": 900})
    first = started(logs, TIMED, state=state)
    first.poll()
    assert seen(first) == ["a1", "b1", "a2"], "the last one is held back"
    first.save()
    append(path, {"who": "b", "when": 901}, {"who": "c", "when": 902})
    second = started(logs, TIMED, state=state)
    second.drain()
    assert seen(second) == ["a1", "b1", "a2", "a3", "b2", "c1"]
    assert (second.verdict, second.status()["events"]) == (CONFORMS, 6)
    path.unlink()
    third = started(logs, TIMED, state=state)
    third.drain()
    assert third.verdict == INCONCLUSIVE
    assert [problem.kind for problem in third.results()[0].problems] == ["gone"]
