"""Folding interchangeable identities changes no verdict; states count as one only if a permutation makes them one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import permutations, product
from typing import Any, cast

import pytest
from immutables import Map

from tests.support.toyspec import State, ToyEngine, ToyMapping, ToyPlan, covered, merged, scattered, toy_symmetry
from tracecheck import CONFORMS, VIOLATES, Plan
from tracecheck import checker as checker_module
from tracecheck.checker import Checker
from tracecheck.orbits import Form, rename
from tracecheck.read import Event

NAMES = ("p1", "p2", "p3", "p4")
VARIABLES = ("phase", "counted", "links", "done")
START: State = (Map(dict.fromkeys(NAMES, "idle")), frozenset(), frozenset(), 0)
ACTS = ("Vote", "Count", "Link", "Cut", "Close", "Open")


def choices(event: Event, name: str) -> tuple[str, ...]:
    """An argument as logged, or every identity."""
    return (event.args[name],) if name in event.args else NAMES


def next_states(state: State, event: Event) -> Iterator[State]:
    """A spec that is symmetric in NAMES: votes, counted, and ordered pairs of linked identities."""
    phase, counted, links, done = state
    for p in choices(event, "p") if event.act in ("Vote", "Count", "Cut", "Open") else ():
        if event.act == "Vote" and phase[p] == "idle":
            yield phase.set(p, "voted"), counted, links, done
        elif event.act == "Count" and phase[p] == "voted" and p not in counted:
            yield phase, counted | {p}, links, done
        elif event.act == "Cut" and any(pair[0] == p for pair in links):
            yield phase, counted, frozenset(pair for pair in links if pair[0] != p), done
        elif event.act == "Open" and p in counted and done:
            yield phase.set(p, "open"), counted, links, done
    if event.act == "Link":
        for p, q in product(choices(event, "p"), choices(event, "q")):
            if p != q and phase[p] == "voted" and (p, q) not in links:
                yield phase, counted, links | {(p, q)}, done
    if event.act == "Close" and len(counted) >= 2 and any(pair[1] in counted for pair in links):
        yield phase, counted, links, 1


def run_of(chance: random.Random, length: int) -> tuple[list[str], list[dict[str, Any]]]:
    """The events of a random behaviour, with arguments left out at random."""
    state, acts, args = START, [], []
    for _ in range(length):
        steps = []
        for act in ACTS:
            for p, q in permutations(NAMES, 2):
                given = {"p": p, "q": q} if act == "Link" else {} if act == "Close" else {"p": p}
                steps += [(act, given, s) for s in next_states(state, Event(1, 1, "n", (0, 0), act, given))]
        if not steps:
            break
        act, given, state = chance.choice(steps)
        acts.append(act)
        args.append({name: value for name, value in given.items() if chance.random() < 0.5})
    return acts, args


def folded_plan(monkeypatch: pytest.MonkeyPatch) -> tuple[Plan, ToyEngine]:
    engine = ToyEngine(VARIABLES, [START])
    monkeypatch.setattr(checker_module, "symmetry_of", lambda plan: toy_symmetry(NAMES))
    return cast(Plan, ToyPlan(engine, ACTS, next_states, ToyMapping(symmetric=("Names",)))), engine


@pytest.mark.parametrize(("nodes", "width_us"), [(1, 1), (2, 12)])
def test_every_verdict_is_that_of_brute_force(nodes: int, width_us: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, _ = folded_plan(monkeypatch)
    seen = {CONFORMS: 0, VIOLATES: 0}
    for seed in range(120):
        chance = random.Random(seed)
        acts, args = run_of(chance, 9)
        if seed % 2:
            at = chance.randrange(len(acts))
            acts[at], args[at] = chance.choice(
                (("Close", {}), ("Open", {}), ("Cut", {"p": "p2"}), ("Vote", {"p": "p1"}))
            )
        entries = merged(scattered(chance, acts, nodes, width_us, args))
        count = covered([entry.event for entry in entries], [START], next_states)
        checker = Checker(plan)
        for entry in entries:
            checker.feed(entry)
        checker.finish()
        result = checker.result()
        assert (seed, result.verdict) == (seed, CONFORMS if count == len(entries) else VIOLATES)
        assert result.slices[0].checked == count
        seen[result.verdict] += 1
    assert min(seen.values()) > 12


def orbit(values: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {
        tuple(rename(value, dict(zip(NAMES, order, strict=True))) for value in values.values())
        for order in permutations(NAMES)
    }


def random_values(chance: random.Random) -> dict[str, Any]:
    pairs = [(p, q) for p in NAMES for q in NAMES if chance.random() < 0.2]
    return {
        "phase": Map({name: chance.choice("ab") for name in NAMES}),
        "counted": frozenset(name for name in NAMES if chance.random() < 0.5),
        "links": frozenset(pairs if chance.random() < 0.5 else ()),
        "done": chance.randrange(2),
        "log": tuple(chance.choice(NAMES) for _ in range(chance.randrange(3))),
    }


def test_one_key_means_one_orbit_and_mostly_the_other_way_round() -> None:
    chance, identities = random.Random(5), frozenset(NAMES)
    missed = pairs = 0
    for _ in range(30):
        states = [random_values(chance) for _ in range(6)]
        states += [dict(zip(state, chance.choice(sorted(orbit(state), key=str)), strict=True)) for state in states]
        orbits = [orbit(state) for state in states]
        keys = [Form(state, identities).key((NAMES,)) for state in states]
        for (known_orbit, key), (other, known) in product(
            zip(orbits, keys, strict=True), zip(states, keys, strict=True)
        ):
            same = tuple(other.values()) in known_orbit
            assert key != known or same, "states of two orbits have one key"
            missed += same and key != known
            pairs += same
    assert missed < pairs // 10


def test_true_and_one_are_two_states() -> None:
    identities = frozenset(NAMES)
    one, true = ({"x": Map({"p1": value, "p2": 0})} for value in (1, True))
    assert Form(one, identities).key((NAMES,)) != Form(true, identities).key((NAMES,))
