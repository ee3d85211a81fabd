"""Makes a rejected trace small: leaves out events as long as the same event is rejected for the same reason.

What is left is a trace by itself: each of its events but the last is a step of the spec, from an initial state on. So
whoever reads it needs nothing that was left out to see why the last one is not allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracecheck.checker import Checker
from tracecheck.feed import ordered
from tracecheck.plan import Plan
from tracecheck.read import Entry, Finding, log_files
from tracecheck.report import Minimised, Rejection, Result, Step
from tracecheck.slice import slice_of

MOST_STEPS = 30_000
"""Steps of the spec that the search may take."""
MOST_EVENTS = 50_000
"""A slice with more events before the rejected one is not made smaller."""
MOST_SHOWN = 500
"""A minimised trace with more events explains nothing."""
_NEIGHBOURHOODS = 4
_READ = 200
"""Characters of a value that may name what the rejection is about; a longer one names everything."""
_QUOTED = re.compile(r'"([^"]*)"')


def part_of(plan: Plan, logs: Sequence[str | Path], rejection: Rejection) -> list[Entry]:
    """The events of the rejection's slice that are steps, up to the rejected one; empty when they are too many, or the
    logs no longer hold it. Raises UsageError."""
    found: list[Entry] = []
    for item in ordered(log_files(logs, plan.mapping.log)):
        if isinstance(item, Finding) or len(found) > MOST_EVENTS:
            break
        if item.event.act in plan.moves and slice_of(plan.mapping.slice_by, item)[0] == rejection.slice:
            found.append(item)
            if (item.event.node, item.event.n) == (rejection.node, rejection.n):
                return found
    return []


def minimise(
    plan: Plan, rejection: Rejection, entries: Sequence[Entry], *, most_steps: int = MOST_STEPS
) -> Minimised | None:
    """The smallest sub-trace of `entries` that was found: it ends with the last of them, the rejected event.

    None if `entries` are not rejected there for the reason of `rejection`, or nothing short enough was found.
    """
    if not entries:
        return None
    told = {name for value in rejection.nearest[0].where.values() for name in _QUOTED.findall(value[:_READ])}
    things = frozenset(_texts(entries[-1].event.args)) | told
    search = _Search(plan, _reason(rejection), entries[-1], things, most_steps)
    kept = list(entries[:-1])
    if not search.rejects(kept):
        return None
    kept, smallest = search.smallest(kept)
    if len(kept) >= MOST_SHOWN:
        return None
    steps = [
        Step(e.file, e.line, e.event.node, e.event.act, e.raw.decode(errors="replace")) for e in (*kept, entries[-1])
    ]
    return Minimised(steps, len(entries) - len(steps), smallest)


def explained(plan: Plan, result: Result, logs: Sequence[str | Path]) -> Result:
    """`result` with the minimised trace of its first rejection, if it has one and there is time for that."""
    rejection = result.rejection
    if rejection is None or rejection.minimised is not None:
        return result
    small = minimise(plan, rejection, part_of(plan, logs, rejection))
    whole = replace(rejection, minimised=small)
    parts = [replace(part, rejection=whole) if part.rejection == rejection else part for part in result.slices]
    return replace(result, rejection=whole, slices=parts)


def _reason(rejection: Rejection) -> tuple[str, ...]:
    """What must stay the same: the condition and where it stands, not the values in it."""
    first = rejection.nearest[0]
    return first.action, first.note, first.file, str(first.line), first.conjunct, first.inside, first.invariant


@dataclass
class _Search:
    plan: Plan
    reason: tuple[str, ...]
    last: Entry
    things: frozenset[str]
    """Names in the rejected event, and in what is said of it."""
    left: int
    """Steps that may still be taken."""

    def rejects(self, before: Sequence[Entry]) -> bool:
        """Whether all of `before` are steps and the last event is then rejected for the same reason."""
        checker = Checker(self.plan)
        for entry in (*before, self.last):
            self.left -= 1
            checker.feed(entry)
            if checker.first_rejection is not None:
                break
        checker.finish()
        rejected = checker.first_rejection
        if rejected is None or (rejected.node, rejected.n) != (self.last.event.node, self.last.event.n):
            return False
        return _reason(rejected) == self.reason

    def smallest(self, kept: list[Entry]) -> tuple[list[Entry], bool]:
        """What is left of `kept`, and whether no single event of it can go."""
        for guess in self._guesses(kept):
            if self._affordable(guess) and self.rejects(guess):
                kept = guess
                break
        kept = self._without_things(kept)
        size = max(1, len(kept) // 2)
        while kept:
            kept, changed, ended = self._pass(kept, size)
            if not ended:
                return kept, False
            if size == 1 and not changed:
                return kept, True
            size = max(1, size // 2)
        return kept, True

    def _guesses(self, kept: list[Entry]) -> Iterator[list[Entry]]:
        """Parts that are likely to do: nothing at all, and what speaks of the same things as the rejected event, of
        the things that are spoken of there, and so on."""
        yield []
        things = self.things
        for _ in range(_NEIGHBOURHOODS):
            guess = [entry for entry in kept if things.intersection(_texts(entry.event.args))]
            yield guess
            things = things.union(*(_texts(entry.event.args) for entry in guess))

    def _without_things(self, kept: list[Entry]) -> list[Entry]:
        """`kept` without those things, each with all events that have it for an argument, that can go: transactions."""
        named = [value for entry in kept for value in entry.event.args.values() if isinstance(value, str)]
        for thing in dict.fromkeys(reversed(named)):
            without = [entry for entry in kept if thing not in entry.event.args.values()]
            if len(without) < len(kept) and self._affordable(without) and self.rejects(without):
                kept = without
        return kept

    def _pass(self, kept: list[Entry], size: int) -> tuple[list[Entry], bool, bool]:
        """`kept` without those runs of `size` events that can go; whether any could, and whether all were tried."""
        changed = False
        at = len(kept)
        while at > 0:
            start = max(0, at - size)
            without = kept[:start] + kept[at:]
            if not self._affordable(without):
                return kept, changed, False
            if self.rejects(without):
                kept, changed = without, True
            at = start
        return kept, changed, True

    def _affordable(self, trace: Sequence[Entry]) -> bool:
        return len(trace) < self.left


def _texts(value: Any) -> Iterator[str]:
    """The strings in a logged value: what names things."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
