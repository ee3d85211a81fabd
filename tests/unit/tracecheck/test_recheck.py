"""The fast engine is held against the exact one: by sample, and at every refusal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from immutables import Map

from tests.support.toyspec import State, Successors, ToyEngine, ToyPlan
from tracecheck import CONFORMS, INCONCLUSIVE, VIOLATES, Plan
from tracecheck.checker import Checker
from tracecheck.read import Entry, Event


def add(state: State, event: Event) -> Iterable[State]:
    if event.args["by"] > 0:
        yield (state[0] + event.args["by"],)


def adds_one_too_many_after_hundred(state: State, event: Event) -> Iterable[State]:
    yield (state[0] + event.args["by"] + (state[0] > 100),)


def takes_nothing(state: State, event: Event) -> Iterable[State]:
    return ()


def run(fast: Successors, exact: Successors, last: int = 1, count: int = 300, every: int = 97) -> Checker:
    engine, slow = ToyEngine(("x",), [(0,)]), ToyEngine(("x",), [(0,)])
    toy = ToyPlan(engine, ("Add",), fast, exact=slow, exact_next=exact)
    checker = Checker(cast(Plan, toy), recheck=every)
    for n in range(1, count + 1):
        event = Event(1, n, "a", (n, n), "Add", {"by": last if n == count else 1})
        checker.feed(Entry(event, "log", n, b"{}"))
    checker.finish()
    return checker


def test_a_sample_of_the_steps_is_taken_again() -> None:
    checker = run(add, add)
    assert checker.result().verdict == CONFORMS
    assert checker.shared.recheck.checked == 3
    assert checker.plan.exact.steps == 3  # type: ignore[attr-defined]


def test_a_step_that_the_exact_engine_does_not_know_is_no_step() -> None:
    result = run(adds_one_too_many_after_hundred, add).result()
    assert (result.verdict, result.problems[0].kind) == (INCONCLUSIVE, "engines-disagree")
    assert "the engine toy allows it" in result.reason


def test_a_refusal_that_the_exact_engine_does_not_share_is_none() -> None:
    result = run(takes_nothing, add, count=5).result()
    assert (result.verdict, result.problems[0].kind) == (INCONCLUSIVE, "engines-disagree")
    assert "the engine toy refuses it, the engine tlc allows it" in result.reason


def test_a_refusal_that_it_shares_is_a_violation() -> None:
    result = run(add, add, last=0).result()
    assert result.verdict == VIOLATES
    assert result.rejection is not None
    assert result.rejection.n == 300


def test_the_larger_the_states_the_fewer_are_exported() -> None:
    def grow(state: State, event: Event) -> Iterable[State]:
        yield (state[0].set(event.n, event.n),)

    def checked(size: int) -> int:
        start = [(Map((-i, i) for i in range(1, size)),)]
        toy = ToyPlan(ToyEngine(("x",), start), ("Add",), grow, exact=ToyEngine(("x",), start))
        checker = Checker(cast(Plan, toy), recheck=10)
        for n in range(1, 501):
            checker.feed(Entry(Event(1, n, "a", (n, n), "Add", {}), "log", n, b"{}"))
        checker.finish()
        assert checker.result().verdict == CONFORMS
        return checker.shared.recheck.checked

    assert 0 == checked(20_000) < checked(200) < checked(2) <= 50
