"""The monitor's figures as Prometheus reads them."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.tracefiles import ADJUDICATOR, Trace, write
from tracecheck import Monitor, Plan, UsageError
from tracecheck.metrics import Metrics

SPEC = ("spec", "Adjudication")


@pytest.fixture
def monitor(trace: Trace, adjudication: Plan, tmp_path: Path) -> Monitor:
    """A monitor that has checked the adjudicator's log, one heartbeat of which repeats the one before it."""
    events = [e | {"cause": []} for e in trace[ADJUDICATOR]]
    heartbeats = [e for e in events if e["act"].endswith("!Heartbeat")]
    heartbeats[5]["args"]["upto"] = heartbeats[4]["args"]["upto"]
    made = Monitor([adjudication], write({ADJUDICATOR: events}, tmp_path / "logs"))
    made.drain()
    return made


@pytest.fixture
def metrics(monitor: Monitor) -> Iterator[Metrics]:
    made = Metrics(monitor)
    yield made
    made.close()


def samples(text: str) -> dict[tuple[object, ...], float]:
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def fetched(url: str) -> dict[tuple[object, ...], float]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return samples(answer.read().decode())


def test_they_say_what_the_status_says(monitor: Monitor, metrics: Metrics) -> None:
    status = monitor.snapshot
    (spec,) = status["specs"]
    found = fetched(metrics.serve(0))
    assert found["tracecheck_events_total",] == status["events"] > 0
    assert found["tracecheck_lag_seconds",] == status["lag_ms"] / 1000
    assert found["tracecheck_heartbeat_seconds",] == status["time"]
    assert found["tracecheck_running",] == 0
    assert found["tracecheck_logs",] == 1
    assert found["tracecheck_resident_memory_bytes",] == status["resident_bytes"] > 1 << 20
    assert found["tracecheck_run_info", ("run", monitor.run_id)] == 1
    assert found["tracecheck_verdict", SPEC, ("verdict", "VIOLATES")] == 1
    assert found["tracecheck_verdict", SPEC, ("verdict", "CONFORMS")] == 0
    assert found["tracecheck_slices", SPEC, ("verdict", "VIOLATES")] == 1
    assert found["tracecheck_rejections_total", SPEC] == 1
    assert found["tracecheck_candidates", SPEC] == spec["candidates"]
    assert found["tracecheck_steps_total", ("action", "Commit"), SPEC] == spec["consumed"]["Commit"] > 0
    assert found["process_resident_memory_bytes",] > 1 << 20


def test_lags_are_a_histogram(monitor: Monitor, metrics: Metrics) -> None:
    found = fetched(metrics.serve(0))
    name = "tracecheck_event_lag_seconds"
    assert found[f"{name}_bucket", ("le", "+Inf")] == found[f"{name}_count",] == monitor.snapshot["events"]
    assert found[f"{name}_bucket", ("le", "1.0")] <= found[f"{name}_bucket", ("le", "60.0")]
    assert found[f"{name}_sum",] == pytest.approx(monitor.lags.sum_us / 1e6)


def test_findings_are_counted_by_kind(adjudication: Plan, trace: Trace, tmp_path: Path) -> None:
    events = [e | {"cause": []} for e in trace[ADJUDICATOR]]
    monitor = Monitor([adjudication], write({ADJUDICATOR: events[:5] + events[6:]}, tmp_path / "logs"))
    monitor.drain()
    path = tmp_path / "metrics.prom"
    Metrics(monitor).write(path)
    found = samples(path.read_text())
    assert found["tracecheck_findings", ("kind", "gap"), SPEC] == 1
    assert found["tracecheck_verdict", SPEC, ("verdict", "INCONCLUSIVE")] == 1


def test_they_are_as_new_as_the_last_status(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    monitor = Monitor([adjudication], logs)
    metrics = Metrics(monitor)
    try:
        url = metrics.serve(0)
        assert fetched(url)["tracecheck_events_total",] == 0
        write({ADJUDICATOR: [e | {"cause": []} for e in trace[ADJUDICATOR]]}, logs)
        monitor.drain()
        assert fetched(url)["tracecheck_events_total",] == len(trace[ADJUDICATOR])
    finally:
        metrics.close()


def test_they_are_served_to_this_machine_only_and_no_longer_than_asked(metrics: Metrics) -> None:
    url = metrics.serve(0)
    assert url.startswith("http://127.0.0.1:")
    metrics.close()
    with pytest.raises(OSError):
        fetched(url)


def test_a_port_that_is_taken_is_wrong_usage(metrics: Metrics) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} cannot be used for metrics: Address already in use"):
            metrics.serve(port)


def test_a_file_that_cannot_be_written_is_wrong_usage(metrics: Metrics, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        metrics.write(tmp_path / "none" / "metrics.prom")
