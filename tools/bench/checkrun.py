"""One run of the checker over a trace, in a process of its own and on one processor, measured tenth by tenth.

    python -m tools.bench.checkrun ENGINE TRACE EVENTS

Prints one line of JSON. Time is processor time of the whole process, Java's compiler and collector included.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from daybreak.base.places import rungs
from daybreak.errors import OperatorError
from tracecheck import Plan
from tracecheck.checker import Checker
from tracecheck.feed import ordered
from tracecheck.read import Entry, Finding, log_files
from tracecheck.status import resident_bytes
from tracecheck.tlc.jvm import on_deep_stack, start_jvm

WARM_UP = 20_000
"""So many events are checked before the measurement, by other checkers: Java compiles while it runs."""
HEAP_MB = 256
_BATCH = 1_000


class Tenth(msgspec.Struct, frozen=True):
    """A tenth of the trace. Seconds of processor time: `order_s` for reading and ordering, `specs_s` for each spec;
    `resident_bytes` when it was done."""

    events: int
    order_s: float
    specs_s: dict[str, float]
    resident_bytes: int

    @property
    def cost_us(self) -> float:
        """Processor time per event, all specs together, in microseconds."""
        return (self.order_s + sum(self.specs_s.values())) / self.events * 1e6


class CheckRun(msgspec.Struct, frozen=True):
    """What one run came to: the verdict on each spec, and the tenths."""

    engine: str
    verdicts: dict[str, str]
    tenths: list[Tenth]

    @property
    def events(self) -> int:
        return sum(tenth.events for tenth in self.tenths)

    def rate(self, spec: str | None = None) -> float:
        """Events per second of processor time, against one spec, or against all of them at once."""
        seconds = sum(t.order_s + (sum(t.specs_s.values()) if spec is None else t.specs_s[spec]) for t in self.tenths)
        return self.events / seconds


def run(engine: str, trace: Path, events: int) -> CheckRun:
    """Checks the first `events` events of `trace` against every spec that has a mapping."""
    plans = {rung.name: Plan(rung.spec, rung.mapping, engine=engine) for rung in rungs()}
    warm, early = {name: Checker(plan) for name, plan in plans.items()}, _entries(trace, min(WARM_UP, events))
    while batch := list(islice(early, _BATCH)):
        _feed(warm, batch)
    checkers = {name: Checker(plan) for name, plan in plans.items()}
    source, size = _entries(trace, events), max(1, events // 10)
    tenths = [_tenth(checkers, source, size) for _ in range(10)]
    for checker in checkers.values():
        checker.finish()
    return CheckRun(engine, {name: checker.result().verdict for name, checker in checkers.items()}, tenths)


def _tenth(checkers: dict[str, Checker], source: Iterator[Entry], size: int) -> Tenth:
    order_s, specs_s, done = 0.0, dict.fromkeys(checkers, 0.0), 0
    while done < size:
        begun = time.process_time()
        batch = list(islice(source, min(_BATCH, size - done)))
        order_s += time.process_time() - begun
        if not batch:
            raise OperatorError("the trace has fewer events than were asked for")
        for name, spent in _feed(checkers, batch).items():
            specs_s[name] += spent
        done += len(batch)
    return Tenth(done, order_s, specs_s, resident_bytes())


def _feed(checkers: dict[str, Checker], batch: list[Entry]) -> dict[str, float]:
    spent = {}
    for name, checker in checkers.items():
        begun = time.process_time()
        for entry in batch:
            checker.feed(entry)
        spent[name] = time.process_time() - begun
    return spent


def _entries(trace: Path, events: int) -> Iterator[Entry]:
    for item in islice(ordered(log_files([trace])), events):
        if isinstance(item, Finding):
            raise OperatorError(f"the trace cannot be read: {item}")
        yield item


def main() -> None:
    """Measures as the command line says."""
    engine, trace, events = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    start_jvm(heap_mb=HEAP_MB)
    print(msgspec.json.encode(on_deep_stack(lambda: run(engine, trace, events))).decode())


if __name__ == "__main__":
    main()
