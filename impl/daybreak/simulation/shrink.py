"""From a run that fails to a small one that fails in the same way.

All that a run consists of is data: strikes and transactions have names, sizes and rates are options. So parts are left
out, as long as the same judge still finds the same kind of thing. The result depends on the case alone, unless
`Bounds.enough` ends the search.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple, TypeVar

import msgspec

from daybreak.runtime.sim.strikes import Hit, kind_of
from daybreak.simulation.case import Case
from daybreak.simulation.run import Options
from daybreak.simulation.verdict import Finding

T = TypeVar("T")

LEAST = {"transactions": 1, "clients": 1, "adjudicators": 1, "regions": 1, "accounts": 2}
"""Sizes that are made smaller, and the least that makes sense; in the order in which that helps most."""
DELAYS = "delay"
"""The stream that decides how long messages take: another salt is another interleaving of the same strikes."""
SETTINGS = ("balancer",)
"""Records in the options that are a role's own."""
MEAN_TIME = "_every_us"
"""How the options of what happens now and then end."""


class Tried(NamedTuple):
    """What came of a case."""

    findings: Sequence[Finding]
    hits: Sequence[Hit]


class Bounds(NamedTuple):
    """Of a search."""

    runs: int = 400
    salts: int = 3
    """So many interleavings are tried of what is small already, before it is taken for too small."""
    enough: Callable[[], bool] = lambda: False
    """Asked before each run: whether the time is up."""


class Shrunk(NamedTuple):
    """A small case that fails."""

    case: Case
    finding: Finding
    runs: int
    """How many it took."""
    smallest: bool
    """Whether no part of it can be left out; False if the search was ended before that was known."""


def gist(finding: Finding) -> str:
    """What kind of thing was found: the judge and the sentence, without names, numbers, places and lists."""
    text = re.sub(r"\S*/\S*|\S*\.ndjson\S*", "#", finding.sentence)
    for opened, closed in (("(", ")"), ("[", "]"), ("{", "}")):
        text = re.sub(rf"\{opened}[^{opened}{closed}]*\{closed}", opened + closed, text)
    text = re.sub(r"\S*\d\S*", "#", text)
    return f"{finding.judge}: {re.sub(r'#( (and |, )?#)+', '#', text)}"


def names_of_turns(options: Options) -> tuple[str, ...]:
    """The transactions of a run, by name, unless a timeline lets clients go on for longer."""
    if options.turns is not None:
        return options.turns
    clients = range(1, options.clients + 1)
    return tuple(f"{client}.{number}" for client in clients for number in range(options.transactions))


def shrink(case: Case, finding: Finding, attempt: Callable[[Case], Tried], bounds: Bounds | None = None) -> Shrunk:
    """Make a case smaller that `finding` was found in; `attempt` runs one."""
    search = _Search(case, finding, attempt, bounds or Bounds())
    smallest = search.run()
    return Shrunk(search.case, search.finding, search.runs, smallest)


class _Search:
    """The smallest case so far, and what has been tried."""

    def __init__(self, case: Case, finding: Finding, attempt: Callable[[Case], Tried], bounds: Bounds) -> None:
        self.case = case
        self.finding = finding
        self.runs = 0
        self._attempt = attempt
        self._bounds = bounds
        self._gist = gist(finding)
        self._tried: set[bytes] = set()
        self._hits: Sequence[Hit] = ()
        self._salts = 1

    def run(self) -> bool:
        """Search until nothing more can be left out; whether that was reached."""
        if not self._fails(self.case.options):
            return False
        for salts in (1, self._bounds.salts):
            self._salts = salts
            while self._round():
                pass
        return not self._over()

    def _round(self) -> bool:
        """Try all once, the largest parts first; whether anything could be left out."""
        before = self.case
        self._without_kinds()
        self._smaller()
        self._thin(lambda: tuple(hit.name for hit in self._hits if not hit.name.startswith("chaos#")), "only")
        self._thin(lambda: names_of_turns(self.case.options), "turns")
        self._thin(lambda: self.case.options.timeline, "timeline")
        self._nothing_of()
        return self.case != before

    def _over(self) -> bool:
        return self.runs >= self._bounds.runs or self._bounds.enough()

    # --- one case -------------------------------------------------------------------------------------------------

    def _fails(self, options: Options) -> bool:
        """Whether a case fails as the first one did, in some interleaving; it is the smallest one then."""
        others = [pair for pair in options.salts if pair[0] != DELAYS]
        ways = [options.salts, *((*others, (DELAYS, str(n))) for n in range(1, self._salts))]
        return any(self._does(replace(options, salts=way)) for way in ways)

    def _does(self, options: Options) -> bool:
        case = Case(self.case.seed, options)
        known = msgspec.json.encode(case)
        if known in self._tried or self._over():
            return False
        self._tried.add(known)
        self.runs += 1
        findings, hits = self._attempt(case)
        same = next((finding for finding in findings if gist(finding) == self._gist), None)
        if same is None:
            return False
        self.case, self.finding, self._hits = case, same, hits
        return True

    # --- what may be left out -------------------------------------------------------------------------------------

    def _smaller(self) -> None:
        """Fewer clients, transactions, and so on."""
        for name, least in LEAST.items():
            for size in _sizes(least, getattr(self.case.options, name)):
                if self._fails(_resized(self.case.options, name, size)):
                    break

    def _without_kinds(self) -> None:
        """Leave out all strikes, or all of a kind, the most frequent first."""
        if self.case.options.only != ():
            self._fails(replace(self.case.options, only=()))
        kinds = Counter(kind_of(hit.name) for hit in self._hits)
        for kind, _ in kinds.most_common():
            names = tuple(hit.name for hit in self._hits if kind_of(hit.name) != kind)
            if len(names) < len(self._hits):
                self._fails(replace(self.case.options, only=names))

    def _thin(self, parts: Callable[[], tuple[Any, ...]], option: str) -> None:
        """Leave out some of the parts that an option lists: all, halves, quarters, and in the end each alone (delta
        debugging)."""
        size = len(parts())
        while parts() and not self._over():
            at = 0
            while at < len(parts()):
                rest = parts()[:at] + parts()[at + size :]
                if not self._fails(_with(self.case.options, (option,), rest)):
                    at += size
            if size == 1:
                return
            size = max(1, size // 2)

    def _nothing_of(self) -> None:
        """Let nothing of a kind happen whose rate is an option."""
        for path, none in list(_rates(self.case.options)):
            self._fails(_with(self.case.options, path, none))


def _sizes(least: int, size: int) -> Iterator[int]:
    """Smaller sizes, in ascending order, twice as far each time, and the next smaller one: the first that will do is
    the one."""
    if least >= size:
        return
    step, last = 1, size - 1
    while least < last:
        yield least
        least, step = least + step, step * 2
    yield last


def _resized(options: Options, name: str, size: int) -> Options:
    """The same with another size, without the transactions that there are no more then."""
    smaller = _with(options, (name,), size)
    if options.turns is None:
        return smaller
    left = set(names_of_turns(replace(smaller, turns=None)))
    return replace(smaller, turns=tuple(turn for turn in options.turns if turn in left))


def _rates(record: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    """Where options say how often something happens, and what says never: shares, and mean times between two."""
    for field in fields(record):
        value, place = getattr(record, field.name), (*path, field.name)
        if is_dataclass(value) and field.name not in SETTINGS:
            yield from _rates(value, place)
        elif isinstance(value, float) and value > 0.0:
            yield place, 0.0
        elif field.name.endswith(MEAN_TIME) and value:
            yield place, 0


def _with(record: T, path: Sequence[str], value: object) -> T:
    """A record with another value somewhere in it."""
    first, *rest = path
    inner: Any = _with(getattr(record, first), rest, value) if rest else value
    return replace(record, **{first: inner})  # type: ignore[type-var]
