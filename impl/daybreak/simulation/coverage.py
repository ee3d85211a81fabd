"""What a simulated run has exercised of the specs, found while its trace is checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from daybreak.base.places import rungs
from tracecheck import CONFORMS, Plan, Result, check_all
from tracecheck.checker import Checker
from tracecheck.feed import ordered
from tracecheck.mapping import common_format, load_mapping
from tracecheck.read import Entry, Finding, LogFile, log_files
from tracecheck.search import Limits
from tracecheck.shapes import Shapes
from tracecheck.tlc.jvm import on_deep_stack

QUICK = Limits(steps=2_000)
"""A trace is checked with these first, and only if that does not settle it with the usual ones. Where many steps have
overlapping times, to look at all their orders takes a minute, and one that the spec allows is found in a second."""


class Coverage(NamedTuple):
    """What became of a trace, spec by spec, and where it came."""

    results: list[Result]
    actions: Counter[str]
    """How often each action of a spec was taken: ``commit/Vote``."""
    pairs: Counter[str]
    """How often one event followed another in a slice: ``Commit!Vote Commit!Resolve``."""
    states: frozenset[str]
    """The abstract states of the specs' variables: ``commit/holds=(n{0})``; see `tracecheck.shapes`."""


def follow(plans: Mapping[str, Plan], trace: Path, *, states: bool = True) -> Coverage:
    """Check the logs in `trace` against the specs `plans`, by the names of their rungs; without `states` these are
    not looked at, which is quicker.

    Raises UsageError, and MappingError when the mappings read the logs in different ways.
    """
    files = log_files([trace], common_format(plan.mapping for plan in plans.values()))
    followers = [_Follower(name, plan) for name, plan in plans.items()]
    pairs: Counter[str] = Counter()
    on_deep_stack(lambda: _feed(files, followers, pairs, states=states))
    results = [follower.checker.result() for follower in followers]
    for number, (plan, result) in enumerate(zip(plans.values(), results, strict=True)):
        if result.verdict != CONFORMS:
            (results[number],) = check_all([plan], [trace])
    actions: Counter[str] = Counter()
    for name, result in zip(plans, results, strict=True):
        actions.update({f"{name}/{action}": count for action, count in result.consumed.items()})
    return Coverage(results, actions, pairs, frozenset(state for follower in followers for state in follower.states))


def known_actions() -> set[str]:
    """All that `Coverage.actions` could count: what the mappings make of events."""
    return {
        f"{rung.name}/{case.action}"
        for rung in rungs()
        for rule in load_mapping(rung.mapping).rules.values()
        for case in rule.cases
        if case.ignored is None
    }


class _Follower:
    """One spec's checker, and the states that it came through."""

    def __init__(self, name: str, plan: Plan) -> None:
        self.name = name
        self.checker = Checker(plan, limits=QUICK)
        self.states: set[str] = set()
        self._shapes = Shapes(plan.engine)
        self._checked: dict[str | None, int] = {}

    def look(self) -> None:
        """Note the state of each slice in which something has happened."""
        for part in self.checker.slices:
            if not part.ended and self._checked.get(part.name) != part.checked:
                self._checked[part.name] = part.checked
                self.states.update(f"{self.name}/{shape}" for shape in self._shapes.of(part.window.state))


def _feed(files: Sequence[LogFile], followers: Sequence[_Follower], pairs: Counter[str], *, states: bool) -> None:
    before: dict[str, str] = {}
    for item in ordered(files):
        if isinstance(item, Entry):
            act, name = item.event.act, item.event.slice or ""
            if name in before:
                pairs[f"{before[name]} {act}"] += 1
            before[name] = act
        for follower in followers:
            if isinstance(item, Finding):
                follower.checker.halt(item)
                continue
            follower.checker.feed(item)
            if states:
                follower.look()
    for follower in followers:
        follower.checker.finish()
