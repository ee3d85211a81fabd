"""The lazy search finds what brute force over all orders and all choices finds, and blames the same event."""

from __future__ import annotations

import random
from typing import cast

import pytest

from tests.support.toyspec import (
    State,
    Table,
    ToyEngine,
    ToyPlan,
    certainly_before,
    covered,
    merged,
    random_table,
    random_walk,
    scattered,
)
from tracecheck import CONFORMS, INCONCLUSIVE, VIOLATES, Plan
from tracecheck.checker import Checker
from tracecheck.precedence import Placed, Precedence, last_cut, predecessors, prefix
from tracecheck.read import Entry
from tracecheck.search import Limits

SPECS = 150


def plan_of(table: Table) -> Plan:
    engine = ToyEngine(("x",), [(state,) for state in table.start])
    return cast(Plan, ToyPlan(engine, "abcd", table.next_states))


def fed(checker: Checker, entries: list[Entry]) -> Checker:
    for entry in entries:
        checker.feed(entry)
    checker.finish()
    return checker


def random_case(seed: int, length: int, nodes: int, width_us: int) -> tuple[Table, list[Entry]]:
    """A spec and a trace of it, every second one spoilt in some places."""
    chance = random.Random(seed)
    table = random_table(chance)
    acts = random_walk(chance, table, length)
    while len(acts) < 3:
        table = random_table(chance)
        acts = random_walk(chance, table, length)
    if seed % 2:
        for _ in range(1 + len(acts) // 3):
            acts[chance.randrange(len(acts))] = chance.choice("abcd")
    return table, merged(scattered(chance, acts, nodes, width_us))


def expected(table: Table, entries: list[Entry]) -> int:
    return covered([e.event for e in entries], [(state,) for state in table.start], table.next_states)


@pytest.mark.parametrize(
    ("nodes", "width_us", "length"), [(1, 5, 25), (3, 15, 12), (3, 60, 9), (4, 1, 25), (2, 12, 60)]
)
def test_every_verdict_is_that_of_brute_force(nodes: int, width_us: int, length: int) -> None:
    seen = {CONFORMS: 0, VIOLATES: 0}
    for seed in range(SPECS):
        table, entries = random_case(seed, length, nodes, width_us)
        count = expected(table, entries)
        result = fed(Checker(plan_of(table)), entries).result()
        if count == len(entries):
            assert (seed, result.verdict, result.events) == (seed, CONFORMS, count)
        else:
            assert (seed, result.verdict) == (seed, VIOLATES)
            blamed = entries[count].event
            assert result.rejection is not None
            assert (seed, result.rejection.node, result.rejection.n) == (seed, blamed.node, blamed.n)
            assert (seed, result.slices[0].checked) == (seed, count)
        seen[result.verdict] += 1
    assert min(seen.values()) > SPECS // 20


@pytest.mark.parametrize(
    "limits", [Limits(candidates=2), Limits(window=3), Limits(steps=5), Limits(window=2, candidates=1)]
)
def test_a_limit_never_makes_a_verdict_wrong(limits: Limits) -> None:
    given_up = 0
    for seed in range(SPECS):
        table, entries = random_case(seed, 12, 3, 15)
        result = fed(Checker(plan_of(table), limits=limits), entries).result()
        right = CONFORMS if expected(table, entries) == len(entries) else VIOLATES
        assert (seed, result.verdict) in ((seed, right), (seed, INCONCLUSIVE))
        given_up += result.verdict == INCONCLUSIVE
        assert result.verdict != INCONCLUSIVE or result.problems[0].kind == "budget"
    assert 0 < given_up < SPECS


def test_a_checker_that_was_saved_and_restored_goes_on_as_if_it_had_not_been() -> None:
    for seed in range(SPECS):
        table, entries = random_case(seed, 12, 3, 15)
        plan = plan_of(table)
        whole = fed(Checker(plan), entries).result()
        checker = Checker(plan)
        chance = random.Random(seed)
        for entry in entries:
            checker.feed(entry)
            if chance.random() < 0.4:
                content = checker.save()
                checker = Checker(plan)
                checker.restore(content)
        checker.finish()
        again = checker.result()
        assert (seed, again.verdict, again.events) == (seed, whole.verdict, whole.events)
        assert again.rejection == whole.rejection


def test_without_reordering_the_order_given_is_the_only_one() -> None:
    for seed in range(SPECS):
        table, entries = random_case(seed, 12, 3, 15)
        events = [entry.event for entry in entries]
        chain: list[set[State]] = [{(state,) for state in table.start}]
        for event in events:
            chain.append({after for state in chain[-1] for after in table.next_states(state, event)})
        count = next((i for i, states in enumerate(chain[1:]) if not states), len(events))
        checker = Checker(plan_of(table), limits=Limits(reorder=False))
        for i, entry in enumerate(entries):
            checker.feed(entry)
            assert (checker.first_rejection is None) == (i < count), "it is told at once"


# --- the partial order ----------------------------------------------------------------------------------------------


def placed_masks(entries: list[Entry]) -> list[int]:
    precedence = Precedence()
    masks: list[int] = []
    placed: list[Placed] = []
    for entry in entries:
        placed.append(precedence.place(entry.event))
        masks.append(predecessors(placed[:-1], masks, placed[-1]))
    return masks


def test_predecessors_are_the_transitive_relation_of_brute_force() -> None:
    for seed in range(SPECS):
        _, entries = random_case(seed, 14, 4, 12)
        found = [{i for i in range(len(entries)) if mask >> i & 1} for mask in placed_masks(entries)]
        assert found == certainly_before([entry.event for entry in entries])


def test_a_cut_has_everything_before_it() -> None:
    chance = random.Random(3)
    for seed in range(SPECS):
        _, entries = random_case(seed, 14, 3, 10)
        masks, upto = placed_masks(entries), chance.randrange(len(entries) + 1)
        cuts = [
            k
            for k in range(upto + 1)
            if all(masks[late] >> early & 1 for early in range(k) for late in range(k, len(masks)))
        ]
        assert last_cut(masks, upto) == max(cuts)


@pytest.mark.parametrize(("mask", "count"), [(0, 0), (0b1, 1), (0b110, 0), (0b1011, 2), (0b1111, 4)])
def test_a_prefix_ends_at_the_first_gap(mask: int, count: int) -> None:
    assert prefix(mask) == count
