"""Who looks at what is left of a run, and says what is wrong with it; nothing, if all is well.

Who looks at the cluster itself is in `simulation.durability`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from pathlib import Path

from daybreak.base.keys import Key, key_text
from daybreak.base.places import Rung, rungs
from daybreak.base.writes import Access
from daybreak.simulation.coverage import Coverage, follow
from daybreak.simulation.verdict import Finding
from daybreak.simulation.witness import Attempt, committed
from historycheck.check import check
from historycheck.model import History
from tracecheck import CONFORMS, Plan

# --- conformance --------------------------------------------------------------------------------------------------


def plans(adjudicators: int) -> dict[str, Plan]:
    """The specs that runs of a cluster with so many adjudicators are compared with, by the names of their rungs."""
    return {rung.name: _plan(rung) for rung in rungs(adjudicators)}


@cache
def _plan(rung: Rung) -> Plan:
    """A spec, which takes a second to load: once per process."""
    return Plan(rung.spec, rung.mapping)


def conformance(trace: Path, adjudicators: int, *, states: bool = True) -> tuple[list[Finding], Coverage]:
    """Compare a run's trace with the specs: what is wrong, and where it came; see `coverage.follow`."""
    coverage = follow(plans(adjudicators), trace, states=states)
    wrong = [result for result in coverage.results if result.verdict != CONFORMS]
    said = [f"{Path(result.spec).stem}: {result.reason}".replace(f"{trace}/", "") for result in wrong]
    return [Finding("conformance", sentence) for sentence in said], coverage


# --- history ------------------------------------------------------------------------------------------------------


def history(seen: History) -> list[Finding]:
    """Whether what clients saw is strong snapshot isolation; see `historycheck`."""
    report = check(seen)
    undecided = [f"undecided: {report.undecided}"] if report.undecided else []
    return [
        Finding("history", sentence)
        for sentence in (*(f"{anomaly.name}: {anomaly.sentence}" for anomaly in report.anomalies), *undecided)
    ]


SUITS = {
    (Access.SHARE, Access.UPDATE),
    (Access.UPDATE, Access.SHARE),
    (Access.SHARE, Access.SHARE),
    (Access.SHARE, Access.VALIDATE),
}
"""Accesses of two transactions at once that may both commit. What the adjudicators have for it is on trial here."""


def overlaps(attempts: Sequence[Attempt]) -> list[Finding]:
    """First committer wins (P10): no two transactions have committed that overlap and whose accesses conflict, not
    those either of which no history tells: FOR UPDATE, FOR KEY SHARE, and the catalog (P21)."""
    times: dict[Key, list[tuple[int, Access, Attempt]]] = {}
    ended = sorted(committed(attempts), key=lambda attempt: attempt.commit or 0)
    findings = []
    for attempt in ended:
        assert attempt.commit is not None, "it has committed"
        for key, access in attempt.accesses.items():
            earlier = times.setdefault(key, [])
            begin = bisect_right(earlier, attempt.start, key=itemgetter(0))
            for _, first, other in earlier[begin:]:
                if (first, access) not in SUITS:
                    findings.append(_overlap(key, other, attempt))
            if access is not Access.VALIDATE:
                earlier.append((attempt.commit, access, attempt))
    return findings


def _overlap(key: Key, first: Attempt, second: Attempt) -> Finding:
    sentence = (
        f"transaction {second.txn} of client {second.client} has started before {first.txn} of client {first.client} "
        f"committed, and committed after it, and {key_text(key)} may not be had by both"
    )
    return Finding("history", sentence)
