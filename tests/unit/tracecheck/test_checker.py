"""Slices, and what a checker says while a trace goes on: with specs that are Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec
import pytest

from tests.support.toyspec import State, ToyEngine, ToyMapping, ToyPlan
from tracecheck import CONFORMS, INCONCLUSIVE, VIOLATES, Plan
from tracecheck.checker import Checker
from tracecheck.read import Entry, Event, Finding
from tracecheck.search import Limits
from tracecheck.tally import SHOWN

FAR = 1_000_000


def count_up(state: State, event: Event) -> Iterable[State]:
    """Open, any number of Add, Close: and then nothing."""
    if event.act == "Open" and state == (0,):
        yield (1,)
    if event.act == "Add" and state[0] >= 1:
        yield (state[0] + 1,)
    if event.act == "Close" and state[0] >= 1:
        yield (-1,)


def plan(*, retire: bool = True) -> Plan:
    mapping = ToyMapping(slice_by="slice", retire=frozenset(["Close"] if retire else []))
    return cast(Plan, ToyPlan(ToyEngine(("x",), [(0,)]), ("Open", "Add", "Close"), count_up, mapping))


class Feeder:
    """Feeds one node's events, each a while after the one before."""

    def __init__(self, checker: Checker) -> None:
        self.checker = checker
        self.n = 0

    def feed(self, act: str, name: str, at: tuple[int, int] | None = None, node: str = "n") -> None:
        self.n += 1
        now = 10 * self.n
        event = Event(1, self.n, node, at or (now, now + 1), act, {}, slice=name)
        self.checker.feed(Entry(event, "log", self.n, b"{}"))


def test_a_slice_that_is_over_keeps_a_count_only() -> None:
    checker = Checker(plan())
    feeder = Feeder(checker)
    for i in range(20_000):
        for act in ("Open", "Add", "Close"):
            feeder.feed(act, f"s{i}")
        assert len(checker.slices) <= 3
    checker.finish()
    result = checker.result()
    assert (result.verdict, result.events) == (CONFORMS, 60_000)
    assert result.slice_counts == {CONFORMS: 20_000}
    assert len(result.slices) <= SHOWN
    assert len(checker.tally.kept) <= SHOWN


def test_of_many_slices_the_first_that_do_not_conform_are_shown() -> None:
    checker = Checker(plan())
    feeder = Feeder(checker)
    for i in range(3_000):
        feeder.feed("Add" if i % 3 == 0 else "Open", f"s{i}")
    checker.finish()
    result = checker.result()
    assert (result.verdict, result.slice_counts) == (VIOLATES, {VIOLATES: 1_000, CONFORMS: 2_000})
    assert [part.name for part in result.slices] == [f"s{3 * i}" for i in range(SHOWN)]
    assert result.rejection is not None
    assert result.rejection.slice == "s0"


@pytest.mark.parametrize("at", [None, (100, 900)])
def test_a_name_may_be_used_again_when_its_slice_is_over(at: tuple[int, int] | None) -> None:
    checker = Checker(plan())
    feeder = Feeder(checker)
    for act in ("Open", "Close", "Open", "Close"):
        feeder.feed(act, "s", at)
    checker.finish()
    assert checker.result().verdict == CONFORMS
    assert checker.result().slice_counts == {CONFORMS: 2}


def test_without_an_end_the_name_goes_on_meaning_the_same_slice() -> None:
    checker = Checker(plan(retire=False))
    feeder = Feeder(checker)
    for act in ("Open", "Close", "Open"):
        feeder.feed(act, "s")
    checker.finish()
    assert checker.result().verdict == VIOLATES


def test_an_event_that_may_be_let_in_by_a_coming_one_is_not_judged_yet() -> None:
    checker = Checker(plan())
    feeder = Feeder(checker)
    feeder.feed("Add", "s", (100, 200), "a")
    assert checker.result().verdict == INCONCLUSIVE
    assert checker.result().problems[0].kind == "undecided"
    assert checker.first_rejection is None
    feeder.feed("Open", "s", (150, 160), "b")
    assert (checker.result().verdict, checker.result().events) == (CONFORMS, 2)


@pytest.mark.parametrize("how", ["later event", "end"])
def test_it_is_refused_when_none_can_come_any_more(how: str) -> None:
    checker = Checker(plan())
    feeder = Feeder(checker)
    feeder.feed("Add", "s", (100, 200), "a")
    if how == "end":
        checker.finish()
    else:
        feeder.feed("Open", "other", (FAR, FAR), "b")
    assert checker.first_rejection is not None
    assert checker.first_rejection.act == "Add"


def test_where_the_check_was_halted_nothing_is_held_against_what_waits() -> None:
    checker = Checker(plan())
    Feeder(checker).feed("Add", "s", (100, 200), "a")
    checker.halt(Finding("gap", "an event is missing", "log", 2))
    checker.finish()
    assert checker.result().verdict == INCONCLUSIVE


def test_an_event_later_than_its_clock_can_have_been_makes_refusals_doubtful() -> None:
    checker = Checker(plan(retire=False))
    feeder = Feeder(checker)
    feeder.feed("Open", "s", (100, 101), "a")
    feeder.feed("Add", "s", (FAR, FAR + 1), "a")
    feeder.feed("Add", "s", (50, 60), "b")
    again = Checker(plan(retire=False))
    again.restore(checker.save())
    for one in (checker, again):
        feeder.checker = one
        feeder.feed("Open", "s", (2 * FAR, 2 * FAR), "a")
        one.finish()
        result = one.result()
        assert (result.verdict, result.problems[0].kind) == (INCONCLUSIVE, "budget")
        assert "log:3 may have come before" in result.reason


def guess(state: State, event: Event) -> Iterable[State]:
    """Guess doubles the possible states; Is says which it was."""
    if event.act == "Guess":
        yield from ((2 * state[0],), (2 * state[0] + 1,))
    elif event.args["x"] == state[0]:
        yield state


def guessing(limits: Limits, answer: int) -> Checker:
    toy = ToyPlan(ToyEngine(("x",), [(0,)]), ("Guess", "Is"), guess)
    checker = Checker(cast(Plan, toy), limits=limits)
    for n in range(1, 12):
        args = {} if n < 11 else {"x": answer}
        event = Event(1, n, "a", (n, n), "Guess" if n < 11 else "Is", args)
        checker.feed(Entry(event, "log", n, b"{}"))
    checker.finish()
    return checker


@pytest.mark.parametrize(("answer", "verdict"), [(0, CONFORMS), (777, CONFORMS), (1_024, VIOLATES)])
def test_alternatives_are_kept_until_an_event_decides(answer: int, verdict: str) -> None:
    assert guessing(Limits(), answer).result().verdict == verdict


def test_what_agrees_with_the_witness_costs_one_step_an_event() -> None:
    checker = guessing(Limits(), 0)
    assert checker.plan.engine.steps == 11  # type: ignore[attr-defined]


@pytest.mark.parametrize("limits", [Limits(candidates=100), Limits(steps=100)])
def test_a_search_that_is_given_up_is_inconclusive_and_says_what_would_help(limits: Limits) -> None:
    result = guessing(limits, 1_024).result()
    assert (result.verdict, result.problems[0].kind) == (INCONCLUSIVE, "budget")
    assert "log more" in result.reason


def test_an_invariant_is_held_against_states_that_survive() -> None:
    engine = ToyEngine(("x",), [(0,)], forbidden=frozenset([(1,)]))
    checker = Checker(cast(Plan, ToyPlan(engine, ("Guess", "Is"), guess)))
    checker.feed(Entry(Event(1, 1, "a", (1, 1), "Guess", {}), "log", 1, b"{}"))
    checker.feed(Entry(Event(1, 2, "a", (2, 2), "Is", {"x": 1}), "log", 2, b"{}"))
    checker.finish()
    assert checker.result().verdict == VIOLATES
    assert checker.first_rejection is not None
    assert checker.first_rejection.n == 2


# -- orders ----------------------------------------------------------------------------------------------------


def register(state: State, event: Event) -> Iterable[State]:
    """Write sets the value, Read says what it is."""
    if event.act == "Write":
        yield (event.args["x"],)
    elif event.args["x"] == state[0]:
        yield state


def registered(*events: Event) -> str:
    checker = Checker(cast(Plan, ToyPlan(ToyEngine(("x",), [(0,)]), ("Write", "Read"), register)))
    for event in events:
        checker.feed(Entry(event, event.node, event.n, b"{}"))
    checker.finish()
    return checker.result().verdict


def write(node: str, n: int, at: tuple[int, int], x: int, *cause: tuple[str, int]) -> Event:
    return Event(1, n, node, at, "Write", {"x": x}, list(cause))


def read(x: int) -> Event:
    return Event(1, 1, "reader", (FAR, FAR), "Read", {"x": x})


@pytest.mark.parametrize(("seen", "verdict"), [(1, CONFORMS), (2, CONFORMS), (3, VIOLATES)])
def test_of_two_writes_at_one_time_either_may_be_the_last_however_late_it_is_seen(seen: int, verdict: str) -> None:
    other = Event(1, 2, "reader", (FAR - 9, FAR - 9), "Read", {"x": seen})
    events = [write("a", 1, (100, 200), 1), write("b", 1, (150, 250), 2)]
    assert registered(*events, read(seen)) == verdict
    assert registered(*events, msgspec.structs.replace(other, n=1), msgspec.structs.replace(read(seen), n=2)) == verdict


@pytest.mark.parametrize(("seen", "verdict"), [(1, VIOLATES), (2, CONFORMS), (3, CONFORMS)])
def test_what_a_node_wrote_later_is_later(seen: int, verdict: str) -> None:
    events = [write("a", 1, (100, 200), 1), write("a", 2, (110, 200), 2), write("b", 1, (150, 250), 3)]
    assert registered(*events, read(seen)) == verdict


@pytest.mark.parametrize(("seen", "verdict"), [(1, VIOLATES), (2, CONFORMS)])
def test_knowledge_is_passed_on_by_events_of_other_specs(seen: int, verdict: str) -> None:
    between = Event(1, 1, "b", (100, 900), "ignored", {}, [("a", 1)])
    assert (
        registered(write("a", 1, (100, 900), 1), between, write("c", 1, (100, 900), 2, ("b", 1)), read(seen)) == verdict
    )


@pytest.mark.parametrize(("seen", "verdict"), [(1, VIOLATES), (2, CONFORMS)])
def test_what_knew_of_something_later_is_later_whatever_its_clock_says(seen: int, verdict: str) -> None:
    between = Event(1, 1, "b", (300, 900), "ignored", {})
    assert (
        registered(write("a", 1, (100, 200), 1), between, write("c", 1, (90, 900), 2, ("b", 1)), read(seen)) == verdict
    )


def helped(state: State, event: Event) -> Iterable[State]:
    """Y and X exclude each other, unless Help comes after X and before Y."""
    moves = {(0, "Y"): 1, (0, "X"): 2, (2, "Help"): 3, (3, "Y"): 4}
    found = moves.get((state[0], event.act))
    if found is not None:
        yield (found,)


def test_what_may_still_help_an_earlier_one_keeps_a_later_one_open() -> None:
    checker = Checker(cast(Plan, ToyPlan(ToyEngine(("x",), [(0,)]), ("X", "Y", "Help"), helped)))
    for node, at, act in (
        ("a", (100, 1_000), "Y"),
        ("b", (110, 120), "X"),
        ("c", (300, 310), "ignored"),
        ("d", (500, 510), "Help"),
    ):
        checker.feed(Entry(Event(1, 1, node, at, act, {}), node, 1, b"{}"))
        assert checker.first_rejection is None
    checker.finish()
    assert (checker.result().verdict, checker.result().events) == (CONFORMS, 3)
