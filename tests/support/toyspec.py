"""Specs that are Python, to hold the search of the trace checker against brute force."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tracecheck.mapping.rules import Pair
from tracecheck.order import Merger
from tracecheck.read import Entry, Event
from tracecheck.report import Rejection
from tracecheck.symmetry import Symmetry

State = tuple[Any, ...]
Successors = Callable[[State, Event], Iterable[State]]
"""From a state and an event to the states after it."""


@dataclass(eq=False)
class ToyEngine:
    """An engine whose states are tuples of exported values, one for each variable."""

    variables: tuple[str, ...]
    start: list[State]
    forbidden: frozenset[State] = frozenset()
    name: str = "toy"
    steps: int = 0

    def initial(self) -> list[State]:
        return self.start

    def broken_invariant(self, state: State) -> str | None:
        return "Allowed" if state in self.forbidden else None

    def key(self, state: State) -> Hashable:
        return state

    def same(self, one: State, other: State) -> bool:
        return one == other

    def look(self, state: State, variable: str) -> Any:
        return state[self.variables.index(variable)]

    def export(self, value: Any) -> Any:
        return value

    def state(self, values: dict[str, Any]) -> State:
        return tuple(values[name] for name in self.variables)


@dataclass(eq=False)
class ToyObservation:
    entry: Entry
    engine: ToyEngine
    next_states: Successors
    ignored: None = None
    values: tuple[Any, ...] = ()
    changes: tuple[Any, ...] = ()

    @property
    def action(self) -> str:
        return self.entry.event.act

    def successors(self, state: State) -> Iterator[State]:
        self.engine.steps += 1
        yield from self.next_states(state, self.entry.event)


@dataclass(eq=False)
class ToyMove:
    engine: ToyEngine
    next_states: Successors

    def observe(self, entry: Entry) -> ToyObservation:
        return ToyObservation(entry, self.engine, self.next_states)


@dataclass(eq=False)
class ToyMapping:
    slice_by: str | None = None
    retire: frozenset[str] = frozenset()
    symmetric: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    path: Path = Path("toy.toml")

    def ignores(self, act: str) -> bool:
        return act == "ignored"


@dataclass(eq=False)
class ToyPlan:
    """What `tracecheck.checker.Checker` needs of a plan. `exact`, when given, is held against `engine`."""

    engine: ToyEngine
    acts: Iterable[str]
    next_states: Successors
    mapping: ToyMapping = field(default_factory=ToyMapping)
    exact: ToyEngine | None = None
    exact_next: Successors | None = None
    spec: str = "Toy.tla"

    def __post_init__(self) -> None:
        self.moves = {act: ToyMove(self.engine, self.next_states) for act in self.acts}
        self.exact = self.exact or self.engine
        self.exact_moves = {act: ToyMove(self.exact, self.exact_next or self.next_states) for act in self.acts}

    def reject(self, entry: Entry, slice_name: str | None, states: list[State], broken: str | None) -> Rejection:
        event = entry.event
        shown = {"state": str(states[0]), "broken": str(broken)}
        return Rejection(event.act, event.node, event.n, entry.file, entry.line, "", slice_name, [], shown)


# --- random specs and traces --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A spec of a few states, each with the next states by event."""

    moves: dict[tuple[int, str], tuple[int, ...]]
    start: tuple[int, ...]

    def next_states(self, state: State, event: Event) -> list[State]:
        return [(after,) for after in self.moves.get((state[0], event.act), ())]


def random_table(chance: random.Random, states: int = 6, acts: str = "abcd") -> Table:
    moves = {}
    for state in range(states):
        for act in acts:
            count = chance.choice((0, 0, 0, 1, 1, 1, 2, 3))
            moves[state, act] = tuple(chance.sample(range(states), count))
    return Table(moves, tuple(chance.sample(range(states), chance.choice((1, 1, 2)))))


def random_walk(chance: random.Random, table: Table, length: int) -> list[str]:
    """The events of a behaviour of `table`, as far as it goes."""
    state, acts = chance.choice(table.start), []
    for _ in range(length):
        choices = [(act, after) for (before, act), found in table.moves.items() if before == state for after in found]
        if not choices:
            break
        act, state = chance.choice(choices)
        acts.append(act)
    return acts


def scattered(
    chance: random.Random, acts: list[str], nodes: int, width_us: int, args: list[dict[str, Any]] | None = None
) -> list[Event]:
    """Events that took place in this order on random nodes, with clocks that know the time to within `width_us`, and
    now and then a cause on another node."""
    events: list[Event] = []
    counts: dict[str, int] = {}
    now = 1_000
    for i, act in enumerate(acts):
        now += chance.randrange(1, 20)
        node = f"n{chance.randrange(nodes)}"
        counts[node] = counts.get(node, 0) + 1
        cause = [(e.node, e.n) for e in chance.sample(events, min(len(events), 1)) if chance.random() < 0.2]
        cause = [pair for pair in cause if pair[0] != node]
        at = (now - chance.randrange(width_us), now + chance.randrange(width_us))
        given = args[i] if args is not None else {}
        events.append(Event(1, counts[node], node, at, act, given, cause))
    return events


def merged(events: list[Event]) -> list[Entry]:
    """The events in the order in which a checker is fed."""
    merger = Merger()
    for node in sorted({event.node for event in events}):
        own = sorted((event for event in events if event.node == node), key=lambda event: event.n)
        merger.open(node)
        for event in own:
            merger.push(node, Entry(event, node, event.n, b""))
        merger.close(node)
    found = list(iter(merger.pop, None))
    assert len(found) == len(events), "a trace that can be ordered"
    return found


# --- brute force --------------------------------------------------------------------------------------------------


def certainly_before(events: list[Event]) -> list[set[int]]:
    """For each event those that certainly came before it, by the definition: the least transitive relation."""
    before = [
        {
            i
            for i, one in enumerate(events)
            if (one.node == other.node and one.n < other.n)
            or (one.node, one.n) in other.cause
            or one.at[1] < other.at[0]
        }
        for other in events
    ]
    for k in range(len(events)):
        for found in before:
            if k in found:
                found |= before[k]
    return before


def covered(events: list[Event], start: list[State], next_states: Successors) -> int:
    """How many of the first events some order of all events covers, without a gap, that the spec allows."""
    before = certainly_before(events)

    @cache
    def states(done: frozenset[int]) -> frozenset[State]:
        if not done:
            return frozenset(start)
        return frozenset(
            after
            for last in done
            if not any(last in before[other] for other in done)
            for state in states(done - {last})
            for after in next_states(state, events[last])
        )

    best = 0
    seen, todo = {frozenset[int]()}, [frozenset[int]()]
    while todo:
        done = todo.pop()
        if not states(done):
            continue
        best = max(best, next(i for i in range(len(events) + 1) if i not in done))
        for i in range(len(events)):
            more = done | {i}
            if i not in done and before[i] <= done and more not in seen:
                seen.add(more)
                todo.append(more)
    return best


def toy_symmetry(names: Iterable[str]) -> Symmetry:
    return Symmetry([names])
