"""A campaign that is steered: runs that came where none was before are kept, and more like them are tried.

What a run reaches are the abstract states of the specs' variables and the pairs of steps that followed each other
(`simulation.coverage`). A run that reaches something new is worth more of the same: with another seed, with some faults
at other moments, with a rate that is higher or lower, or crossed with another one that was kept.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from daybreak.simulation.case import Case, read_case, write_case
from daybreak.simulation.run import Options
from daybreak.simulation.verdict import Verdict

T = TypeVar("T")

FRESH = 0.4
"""Share of the cases that are drawn as if nothing were known, once something is."""
KEPT = 400
"""More than these are not kept: those that new ones came from least are dropped."""
RATES = "_every_us"
"""The fields of `Faults` and `Options` whose names end so are mean times between faults."""


@dataclass
class Entry:
    """A case that was kept."""

    case: Case
    new: int
    """How much it reached that none had before."""
    kinds: tuple[str, ...]
    """The kinds of faults that happened in it."""
    tried: int = 0
    """How often another was made of it."""

    @property
    def worth(self) -> float:
        """How much it is worth to try more of it: what it has shown, by how often that was tried."""
        return math.sqrt(1 + self.new) / (1 + self.tried)


class Corpus:
    """Chooses cases. `draw` makes the options of a seed from nothing; all chance comes from `seed`, and from the order
    in which verdicts come."""

    def __init__(self, seed: int, draw: Callable[[int], Options], kept: Iterable[Case] = ()) -> None:
        """`kept` are cases of an earlier campaign: they are run first, as they are."""
        self._seed = seed
        self._draw = draw
        self._first = list(kept)[::-1]
        self._asked = 0
        self.entries: list[Entry] = []
        self.pairs: set[str] = set()
        """All pairs of steps that were seen, …"""
        self.states: set[str] = set()
        """… and all abstract states."""

    def next_case(self) -> Case:
        """What to run next."""
        if self._first:
            return self._first.pop()
        rng = Random(f"{self._seed}/corpus/{self._asked}")
        self._asked += 1
        if not self.entries or rng.random() < FRESH:
            seed = self._seed + self._asked - 1
            return Case(seed, self._draw(seed))
        (parent,) = rng.choices(self.entries, [entry.worth for entry in self.entries])
        parent.tried += 1
        return self._mutated(parent, rng)

    def learn(self, case: Case, verdict: Verdict) -> None:
        """Keep a case if it came where none was before; not one that failed, for that has its own report."""
        pairs, states = verdict.pairs.keys() - self.pairs, verdict.states - self.states
        self.pairs |= pairs
        self.states |= states
        new = len(pairs) + len(states)
        if new and verdict.clean:
            self.entries.append(Entry(case, new, tuple(sorted(verdict.faults))))
            if len(self.entries) > KEPT:
                self.entries.remove(min(self.entries, key=lambda entry: (entry.worth, entry.case.seed)))

    # --- mutations ----------------------------------------------------------------------------------------------

    def _mutated(self, parent: Entry, rng: Random) -> Case:
        options = parent.case.options
        chance = rng.random()
        if chance < 0.25:
            return Case(rng.getrandbits(32), options)
        if chance < 0.5 and parent.kinds:
            salts = dict(options.salts) | {rng.choice(parent.kinds): f"{rng.getrandbits(32):x}"}
            return Case(parent.case.seed, dataclasses.replace(options, salts=tuple(sorted(salts.items()))))
        if chance < 0.75:
            return Case(parent.case.seed, with_another_rate(options, rng))
        return Case(rng.getrandbits(32), crossed(options, rng.choice(self.entries).case.options, rng))


def crossed(one: T, other: T, rng: Random) -> T:
    """Each field from the one or the other; of records within too, where both have one."""
    if type(one) is not type(other) or not dataclasses.is_dataclass(one) or isinstance(one, type):
        return rng.choice((one, other))
    fields = {f.name: crossed(getattr(one, f.name), getattr(other, f.name), rng) for f in dataclasses.fields(one)}
    return dataclasses.replace(one, **fields)


def with_another_rate(options: Options, rng: Random) -> Options:
    """One of the faults or changes that there are happens half as often, or twice."""
    rates: list[tuple[Any, str]] = [
        (record, field.name)
        for record in (options, options.faults)
        for field in dataclasses.fields(record)
        if field.name.endswith(RATES) and getattr(record, field.name)
    ]
    if not rates:
        return dataclasses.replace(options, transactions=options.transactions + rng.randint(1, 10))
    record, name = rng.choice(rates)
    change: dict[str, Any] = {name: int(getattr(record, name) * rng.choice((0.5, 2)))}
    if record is options.faults:
        change = {"faults": dataclasses.replace(options.faults, **change)}
    return dataclasses.replace(options, **change)


# --- files ------------------------------------------------------------------------------------------------------


def save(corpus: Corpus, directory: Path) -> None:
    """Write each case that was kept to a file of its own; files of earlier campaigns stay as they are."""
    directory.mkdir(parents=True, exist_ok=True)
    for number, entry in enumerate(corpus.entries):
        write_case(entry.case, directory / f"{number:03d}-{entry.case.seed}.json")


def load(directory: Path) -> list[Case]:
    """The cases of a directory; none if there is none. OperatorError or RequestError name a file that is no case."""
    return [read_case(file) for file in sorted(directory.glob("*.json"))]
