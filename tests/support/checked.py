"""Every cluster that a test starts is recorded, and compared with every spec when the test has run.

Tests start servers with `tests.support.server.Server`, and simulated clusters with `simulate`; both see to it. A test
that plants a bug, or judges the trace itself, says so: `unchecked="why"`.
"""

from __future__ import annotations

from pathlib import Path

from daybreak.base.places import rungs
from daybreak.simulation.run import Options, Outcome, Simulation
from daybreak.simulation.strong import StrongReads
from tracecheck.pytest_plugin import check_at_end


def check_against_specs(trace: Path, adjudicators: int) -> None:
    """Compare the logs in `trace` with every spec that applies to a cluster of so many adjudicators, when the test has
    run, or the fixture ended."""
    for rung in rungs(adjudicators):
        check_at_end(trace, rung.spec, rung.mapping)


def simulate(seed: int, trace: Path, options: Options | None = None) -> Outcome:
    """Run a seed, with its trace in the new directory `trace`."""
    trace.mkdir()
    check_against_specs(trace, (options or Options()).adjudicators)
    return Simulation(seed, options, trace=trace).run()


def simulation(seed: int, options: Options | None = None, *, trace: Path | None = None, unchecked: str) -> Simulation:
    """A cluster that is ready to run, and recorded in the directory `trace`, if given; `unchecked` says why nobody
    compares it with the specs, or who does."""
    assert unchecked, "why is it not checked?"
    return Simulation(seed, options, trace=trace)


def strong_reads(seed: int, options: Options, *, trace: Path | None = None, unchecked: str) -> StrongReads:
    """As `simulation`, with clients who tell each other what they have committed."""
    assert unchecked, "why is it not checked?"
    return StrongReads(seed, options, trace=trace)
