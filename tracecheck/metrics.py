"""The monitor's figures in the format that Prometheus reads, over HTTP and in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server, write_to_textfile
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from tracecheck.errors import UsageError
from tracecheck.lag import BOUNDS_MS
from tracecheck.report import CONFORMS, INCONCLUSIVE, VIOLATES

if TYPE_CHECKING:
    from tracecheck.monitor import Monitor

LOCAL = "127.0.0.1"
_GAUGES = {
    "waiting_events": ("waiting", "Events that were read and are held back."),
    "heartbeat_seconds": ("time", "When the monitor last told these figures, in seconds since 1970."),
    "running": ("running", "1 while the monitor checks."),
    "logs": ("logs", "Logs that are followed."),
    "resident_memory_bytes": ("resident_bytes", "Memory of the monitor's process, Java included."),
}


class MonitorCollector(Collector):
    """The figures of the monitor's last status."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    def collect(self) -> Iterator[Metric]:
        """The figures; called by the thread that serves them."""
        status = self._monitor.snapshot
        yield CounterMetricFamily("tracecheck_events", "Events that were checked.", value=status["events"])
        if status["lag_ms"] is not None:
            text = "Time between the newest event that is written and the newest that was checked."
            yield GaugeMetricFamily("tracecheck_lag_seconds", text, value=status["lag_ms"] / 1000)
        for name, (field, text) in _GAUGES.items():
            yield GaugeMetricFamily(f"tracecheck_{name}", text, value=float(status[field]))
        yield self._lags()
        yield InfoMetricFamily("tracecheck_run", "The run of the monitor.", value={"run": status["run"]})
        yield from _of_specs(status["specs"])

    def _lags(self) -> Metric:
        lags = self._monitor.lags
        text = "Time from an event to its check, by this machine's clock."
        family = HistogramMetricFamily("tracecheck_event_lag_seconds", text)
        total, buckets = 0, []
        for bound, count in zip((*BOUNDS_MS, None), lags.counts, strict=True):
            total += count
            buckets.append((str(bound / 1000) if bound is not None else "+Inf", float(total)))
        family.add_metric([], buckets, lags.sum_us / 1e6)
        return family


def _of_specs(specs: list[dict[str, Any]]) -> Iterator[Metric]:
    steps = CounterMetricFamily("tracecheck_steps", "Events that were steps of the spec.", labels=["spec", "action"])
    ignored = CounterMetricFamily("tracecheck_ignored_events", "Events that are no step of it.", labels=["spec", "act"])
    verdict = GaugeMetricFamily("tracecheck_verdict", "1 for the verdict so far.", labels=["spec", "verdict"])
    slices = GaugeMetricFamily("tracecheck_slices", "Independent behaviours.", labels=["spec", "verdict"])
    rejected = CounterMetricFamily("tracecheck_rejections", "Slices with a rejected event.", labels=["spec"])
    findings = GaugeMetricFamily("tracecheck_findings", "What keeps from a verdict.", labels=["spec", "kind"])
    candidates = GaugeMetricFamily("tracecheck_candidates", "States in which the spec may be.", labels=["spec"])
    for spec in specs:
        name = Path(spec["spec"]).stem
        for action, count in spec["consumed"].items():
            steps.add_metric([name, action], count)
        for act, count in spec["ignored"].items():
            ignored.add_metric([name, act], count)
        for word in (CONFORMS, VIOLATES, INCONCLUSIVE):
            verdict.add_metric([name, word], float(spec["verdict"] == word))
            slices.add_metric([name, word], spec["slice_counts"].get(word, 0))
        rejected.add_metric([name], spec["slice_counts"].get(VIOLATES, 0))
        kinds = [problem["kind"] for problem in spec["problems"]]
        for kind in sorted(set(kinds)):
            findings.add_metric([name, kind], kinds.count(kind))
        candidates.add_metric([name], spec["candidates"])
    yield from (steps, ignored, verdict, slices, rejected, findings, candidates)


class Metrics:
    """The figures of one monitor: served at `url` once `serve` was called, written to a file by `write`."""

    def __init__(self, monitor: Monitor) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(MonitorCollector(monitor))
        ProcessCollector(registry=self.registry)
        self.url: str | None = None
        self._stop: Any = None

    def serve(self, port: int) -> str:
        """Serves them to this machine only, at a free port if `port` is 0; returns the address. Raises UsageError."""
        try:
            server, thread = start_http_server(port, addr=LOCAL, registry=self.registry)
        except OSError as error:
            raise UsageError(f"port {port} cannot be used for metrics: {error.strerror}") from None
        self.url = f"http://{LOCAL}:{server.server_port}/metrics"

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self._stop = stop
        return self.url

    def write(self, path: Path) -> None:
        """Replaces the file `path` by the figures of now. Raises UsageError."""
        try:
            write_to_textfile(str(path), self.registry)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Serves them no more."""
        if self._stop is not None:
            self._stop()
            self._stop = None
