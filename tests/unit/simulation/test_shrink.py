"""A failing case becomes as small as what it needs; whether a case fails is decided here by what is in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from daybreak.control.chaos.words import Command, Due
from daybreak.runtime.sim.strikes import Hit
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.case import Case
from daybreak.simulation.run import Options
from daybreak.simulation.shrink import Bounds, Tried, gist, names_of_turns, shrink
from daybreak.simulation.verdict import Finding

STRIKES = tuple(f"{kind}#{number}" for kind in ("crash", "cut", "reshape") for number in range(1, 21))
LOST = Finding("durability", "A/storage-0 lacks the version of 40000000/00000001 of time 17")
BIG = Options(clients=6, transactions=30, adjudicators=4, wiped=0.5, faults=Faults(loss=0.1, spike=0.1))
Needs = Callable[[Options], bool]


class Runs:
    """Stands for the simulation: a run fails if `needs` says so of its options."""

    def __init__(self, needs: Needs, finding: Finding = LOST) -> None:
        self.cases: list[Case] = []
        self._needs = needs
        self._finding = finding

    def attempt(self, case: Case) -> Tried:
        """What comes of a case."""
        self.cases.append(case)
        only = case.options.only
        hits = [Hit(name, 0, "A1") for name in STRIKES if only is None or name in only]
        return Tried([self._finding] if self._needs(case.options) else [], hits)

    def shrunk(self, options: Options = BIG, bounds: Bounds | None = None) -> Options:
        """The smallest options found."""
        return shrink(Case(1, options), LOST, self.attempt, bounds).case.options


def strikes(*names: str) -> Needs:
    return lambda options: options.only is None or set(names) <= set(options.only)


def test_only_the_strikes_that_are_needed_are_left() -> None:
    small = Runs(strikes("crash#3", "crash#17", "cut#2")).shrunk()
    assert small.only == ("crash#3", "crash#17", "cut#2")


def test_where_no_strike_is_needed_none_is_left() -> None:
    runs = Runs(lambda options: True)
    assert runs.shrunk().only == ()
    assert len(runs.cases) < 30


def test_sizes_and_transactions() -> None:
    def needs(options: Options) -> bool:
        return {"1.2", "3.5"} <= set(names_of_turns(options)) and options.adjudicators >= 2

    small = Runs(needs).shrunk()
    assert (small.turns, small.clients, small.transactions, small.adjudicators) == (("1.2", "3.5"), 3, 6, 2)
    assert (small.accounts, small.regions) == (2, 1)


def test_rates_become_zero_unless_they_are_needed() -> None:
    small = Runs(lambda options: options.faults.loss > 0).shrunk()
    assert (small.wiped, small.faults.spike, small.faults.crash_every_us, small.faults.loss) == (0.0, 0.0, 0, 0.1)


def test_the_orders_of_a_timeline() -> None:
    orders = tuple(Due(float(number), Command("A1", "kill")) for number in range(9))
    small = Runs(lambda options: orders[4] in options.timeline).shrunk(replace(BIG, timeline=orders))
    assert small.timeline == (orders[4],)


def test_what_fails_in_another_interleaving_only_is_found_in_the_end() -> None:
    def needs(options: Options) -> bool:
        return options.only is None or len(options.only) >= 4 or ("delay", "1") in options.salts

    small = Runs(needs).shrunk()
    assert (small.only, small.salts) == ((), (("delay", "1"),))
    assert len(Runs(needs).shrunk(bounds=Bounds(salts=1)).only or ()) == 4


def test_another_finding_does_not_count() -> None:
    other = Finding("liveness", LOST.sentence)
    runs = Runs(lambda options: True, other)
    assert shrink(Case(1, BIG), LOST, runs.attempt) == (Case(1, BIG), LOST, 1, False)


def test_the_search_ends_with_the_runs_and_with_the_time() -> None:
    needs = strikes("crash#3", "cut#2")
    whole = Runs(needs)
    assert shrink(Case(1, BIG), LOST, whole.attempt).smallest
    few = Runs(needs)
    assert not shrink(Case(1, BIG), LOST, few.attempt, Bounds(runs=10)).smallest
    assert len(few.cases) == 10 and few.cases == whole.cases[:10], "it is the same search, cut short"
    timed = Runs(needs)
    shrink(Case(1, BIG), LOST, timed.attempt, Bounds(enough=lambda: len(timed.cases) == 7))
    assert len(timed.cases) == 7


def test_nothing_is_tried_twice() -> None:
    runs = Runs(strikes("crash#3", "cut#2"))
    runs.shrunk()
    assert all(case not in runs.cases[:number] for number, case in enumerate(runs.cases))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("acknowledged but lost: ['1.2', '3.4']", "acknowledged but lost: ['2.2']"),
        (LOST.sentence, "B/storage-1 lacks the version of 50000000/00000002 of time 4711"),
        ("A1_adj-1.ndjson:132: Vote(txn |-> 1) by A1/adj-1", "B2_adj-0.ndjson:7: Vote(txn |-> 9) by B2/adj-0"),
        ("client 3 and client 4 differ", "client 5 and client 6 differ"),
    ],
)
def test_the_gist_is_the_same_with_other_names_and_numbers(one: str, other: str) -> None:
    assert gist(Finding("durability", one)) == gist(Finding("durability", other))
    assert gist(Finding("durability", one)) != gist(Finding("liveness", one))


def test_the_gist_keeps_what_was_found() -> None:
    assert gist(LOST) == "durability: # lacks the version of # of time #"
