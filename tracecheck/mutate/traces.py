"""Mutates traces that conform and asks whether the checker refuses what is no behaviour any more."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracecheck.errors import UsageError
from tracecheck.mutate.corpus import Corpus
from tracecheck.mutate.equivalence import Mutant, Oracle, Rule, load_rules, why_equivalent
from tracecheck.mutate.events import EVENT_KINDS
from tracecheck.mutate.kind import Kind, Site, Subject
from tracecheck.mutate.lines import LINE_KINDS
from tracecheck.mutate.logs import Judged, Logs, Place, event_at, judge, read_logs
from tracecheck.mutate.tally import Miss, Tally
from tracecheck.mutate.values import VALUE_KINDS
from tracecheck.plan import Plan
from tracecheck.read import Entry
from tracecheck.report import CONFORMS, INCONCLUSIVE, VIOLATES

KINDS: tuple[Kind, ...] = (*LINE_KINDS, *EVENT_KINDS, *VALUE_KINDS)
"""All kinds of mutation of a trace."""

DEFAULT_COUNT = 5
_TRIES = 4


@dataclass
class Traces:
    """Good traces with the mapping that explains them, and what has been made of them."""

    plan: Plan
    subjects: list[Subject]
    good: list[Judged]
    tallies: dict[str, Tally] = field(default_factory=dict)
    bad: list[list[Entry]] = field(default_factory=list)
    """Events that are no behaviour, though all but the last are one."""

    def corpus(self) -> Corpus:
        """What is known to be a behaviour and what is not, for judging other specs by."""
        corpus = Corpus()
        for judged in self.good:
            corpus.add(judged.entries)
        for entries in self.bad:
            corpus.add(entries, refused=True)
        return corpus


def read_good(plan: Plan, runs: Sequence[Sequence[str | Path]]) -> Traces:
    """The logs of each run. Raises UsageError for a run that does not conform: its mutants would say nothing."""
    found = Traces(plan, [], [])
    for paths in runs:
        logs = read_logs(paths, plan.mapping.log)
        judged = judge(plan, logs)
        if judged.verdict != CONFORMS:
            raise UsageError(f"{paths[0]}: only a run that conforms can be mutated; this one: {judged.reason}")
        found.good.append(judged)
        found.subjects.append(Subject(logs, _order(logs, judged), plan.mapping))
    return found


def _order(logs: Logs, judged: Judged) -> list[Place]:
    first = {node: event_at(logs, Place(node, 0))["n"] for node in logs}
    return [Place(entry.event.node, entry.event.n - first[entry.event.node]) for entry in judged.entries]


def mutate_traces(
    traces: Traces,
    *,
    seed: int,
    count: int = DEFAULT_COUNT,
    rules: Sequence[Rule] | None = None,
    oracle: Oracle | None = None,
    kinds: Sequence[Kind] = KINDS,
) -> list[Tally]:
    """Makes up to `count` mutants of each kind that are no behaviours, and judges each.

    `oracle` is asked about every mutant where it is given: one that the checker refuses and the oracle takes for a
    behaviour is a miss as well, a false refusal.
    """
    known = load_rules() if rules is None else list(rules)
    for kind in kinds:
        tally = traces.tallies.setdefault(kind.name, Tally(kind.name, breaks=kind.breaks))
        for site, which in _sample(kind, traces, seed, count * _TRIES):
            if tally.killed + len(tally.misses) >= count:
                break
            _try(traces, kind, site, which, known, oracle, tally)
    return list(traces.tallies.values())


def _sample(kind: Kind, traces: Traces, seed: int, count: int) -> Iterator[tuple[Site, int]]:
    """Some of the ways to apply a kind, in an order that follows from the seed."""
    ways = [(site, i) for i, subject in enumerate(traces.subjects) for site in kind.generate(subject)]
    rng = random.Random(f"{seed}/{kind.name}")
    yield from rng.sample(ways, min(count, len(ways)))


def _try(
    traces: Traces, kind: Kind, site: Site, which: int, rules: Sequence[Rule], oracle: Oracle | None, tally: Tally
) -> None:
    judged = judge(traces.plan, site.edit())
    tally.made += 1
    if kind.breaks:
        if judged.verdict == INCONCLUSIVE:
            tally.killed += 1
        else:
            tally.misses.append(Miss(site.note, f"the log is broken, and the verdict {judged.verdict}"))
        return
    if judged.verdict == VIOLATES:
        if oracle is not None and oracle(judged.entries) is True:
            tally.misses.append(Miss(site.note, f"refused, and a behaviour: {judged.reason}"))
            return
        tally.killed += 1
        traces.bad.append(judged.entries)
        return
    mutant = Mutant(kind, site, traces.subjects[which], traces.good[which].entries, judged.entries)
    rule = why_equivalent(mutant, rules, oracle) if judged.verdict == CONFORMS else None
    if rule is not None:
        tally.equivalent[rule.why] = tally.equivalent.get(rule.why, 0) + 1
    elif judged.verdict == CONFORMS:
        tally.misses.append(Miss(site.note, "accepted, and nothing shows it to be a behaviour"))
    else:
        tally.misses.append(Miss(site.note, f"no verdict: {judged.reason}"))
