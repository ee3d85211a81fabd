"""Which missing field costs most: what it would save to log an argument that the mapping leaves open.

An argument that no event gives (`_` in the mapping) makes the checker try every value, and keep every state that may
be the right one. Here that is measured: a way through the trace is found, which says what the value probably was; then
the trace is gone through once as it is, and once for each open argument as if that one had been logged.

States are counted as they are: what the mapping calls symmetric is not folded.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tracecheck.codec import ArgumentError
from tracecheck.engine import EvaluationError, Own, State
from tracecheck.errors import UsageError
from tracecheck.feed import ordered
from tracecheck.observe import Observation
from tracecheck.plan import Plan
from tracecheck.read import Finding, log_files
from tracecheck.slice import slice_of
from tracecheck.tlc.engine import TlcEngine

DEFAULT_STEPS = 20_000
"""How many steps of the spec each of the measurements may try."""
MOST_CANDIDATES = 2_048
"""How many candidate states a measurement keeps before it gives up."""
_PATIENCE = 200
"""How often one search for a way through a trace goes back before it starts again."""


class Open(NamedTuple):
    """An argument that no event gives: the parameter `name` of what the event `act` is."""

    act: str
    name: str


class Way(NamedTuple):
    """One way in which an event may be a step: the values of its open arguments, and the state after it."""

    values: dict[Open, Own]
    after: State


@dataclass
class Effort:
    """What it takes to go through a trace: at how many `events` it had been when it `gave_up` (or ended), the greatest
    number of candidate states, and all of them added up."""

    events: int = 0
    most: int = 1
    total: int = 0
    gave_up: bool = False

    def __str__(self) -> str:
        end = f", given up after {self.events} events" if self.gave_up else ""
        return f"up to {self.most} candidate states{end}"


@dataclass
class Advice:
    """What is known of one open argument: how many `events` lack it, how many values were possible at most and on
    average, and the effort if it were logged; None when no way through the trace was found to fill it from."""

    missing: Open
    events: int = 0
    most: int = 0
    values: int = 0
    logged: Effort | None = None

    def text(self, now: Effort) -> str:
        """The advice as a line."""
        mean = self.values / self.events if self.events else 0.0
        said = f"{self.events} events lack it, with up to {self.most} possible values ({mean:.1f} on average)"
        head = f"log {self.missing.name} of {self.missing.act}: {said}"
        return head if self.logged is None else f"{head}; now {now}, with it {self.logged}"


@dataclass
class Advised:
    """The advices, the most useful first; `now` is the effort as things are, `found` whether a way through the trace
    was found."""

    now: Effort
    found: bool
    advices: list[Advice] = field(default_factory=list)


def advise(plan: Plan, logs: Sequence[str | Path], *, steps: int = DEFAULT_STEPS) -> Advised:
    """Measures on the events of `logs`, of which each slice is one trace.

    Raises UsageError when the mapping leaves nothing open, or the logs cannot be gone through.
    """
    slices = _observations(plan, logs)
    total, found = Effort(), True
    advices: dict[Open, Advice] = {}
    for events in slices:
        trace = _Trace(plan.exact, events, steps)
        path = trace.witness()
        found = found and path is not None
        _add(total, trace.effort())
        for missing in trace.measure(path, advices):
            if path is not None:
                advice = advices[missing]
                advice.logged = advice.logged or Effort()
                _add(advice.logged, trace.effort({missing}, path))
    if not advices:
        raise UsageError(f"{plan.mapping.path}: leaves no argument of these events open: there is nothing to advise")
    return Advised(total, found, sorted(advices.values(), key=_rank))


def _rank(advice: Advice) -> tuple[float, ...]:
    """The one with which a check gets furthest, then with the fewest candidates, comes first."""
    if advice.logged is None:
        return (0, -advice.values)
    return (advice.logged.gave_up, -advice.logged.events, advice.logged.total, -advice.values)


def _add(total: Effort, other: Effort) -> None:
    total.events += other.events
    total.most = max(total.most, other.most)
    total.total += other.total
    total.gave_up = total.gave_up or other.gave_up


def _observations(plan: Plan, logs: Sequence[str | Path]) -> list[list[Observation]]:
    """The events that are steps, in order, slice by slice."""
    slices: dict[str | None, list[Observation]] = {}
    for item in ordered(log_files(logs, plan.mapping.log)):
        if isinstance(item, Finding):
            raise UsageError(f"{item}; only a sound log can be advised on")
        move = plan.exact_moves.get(item.event.act)
        name, problem = slice_of(plan.mapping.slice_by, item)
        if move is None or problem is not None:
            continue
        try:
            observation = move.observe(item)
        except ArgumentError as error:
            raise UsageError(f"{item.place}: {error}") from None
        if observation.ignored is None:
            slices.setdefault(name, []).append(observation)
    return list(slices.values())


class _Trace:
    """The events of one slice, and the ways through them."""

    def __init__(self, engine: TlcEngine, events: list[Observation], steps: int) -> None:
        self._engine = engine
        self._events = events
        self._steps = steps

    def _initial(self) -> State:
        return self._engine.initial()[0]

    def _ways(self, number: int, state: State) -> Iterator[Way]:
        """The ways in which an event may happen in a state."""
        event = self._events[number]
        engine = self._engine
        try:
            for attempt in event.attempts(state):
                tried = attempt.tried
                if attempt.difference is not None or (tried is not None and not tried.fits):
                    continue
                if tried is None:
                    yield Way({}, attempt.state)
                    continue
                arguments = engine.arguments(tried.leaf, tried.binding, attempt.state)
                given = zip(tried.leaf.formals, arguments, strict=True)
                act = event.entry.event.act
                values = {Open(act, formal): value for formal, value in given if formal not in attempt.logged}
                for after in engine.successors(tried.leaf, tried.binding, attempt.state):
                    if engine.broken_invariant(after) is None:
                        yield Way(values, after)
        except EvaluationError:
            return

    def witness(self) -> list[tuple[State, Way]] | None:
        """A way through all events: before each the state, and how it happened; None if none was found.

        Depth first. Where that gets stuck, what the event there names is what an earlier event should have been about:
        it starts again, and chooses such values first.
        """
        wanted: dict[str, int] = {}
        budget = [self._steps]
        while True:
            path, stuck = self._dive(wanted, budget)
            if path is not None or budget[0] <= 0:
                return path
            named = {str(value) for value in self._events[stuck].logged.values()} - wanted.keys()
            if not named:
                return None
            wanted.update(dict.fromkeys(named, stuck))

    def _dive(self, wanted: dict[str, int], budget: list[int]) -> tuple[list[tuple[State, Way]] | None, int]:
        """One search, and the last event that it got to. It gives up when it has gone back too often."""
        states = [self._initial()]
        branches = [self._preferred(0, states[0], wanted, budget)]
        path: list[tuple[State, Way]] = []
        furthest, patience = 0, _PATIENCE
        while branches and budget[0] > 0 and patience > 0:
            furthest = max(furthest, len(path))
            if not branches[-1]:
                patience -= 1
                branches.pop()
                states.pop()
                path = path[:-1]
                continue
            way = branches[-1].pop(0)
            path.append((states[-1], way))
            if len(path) == len(self._events):
                return path, furthest
            states.append(way.after)
            branches.append(self._preferred(len(path), way.after, wanted, budget))
        return None, furthest

    def _preferred(self, number: int, state: State, wanted: dict[str, int], budget: list[int]) -> list[Way]:
        """The ways on, those first whose values are wanted soonest."""
        ways = list(self._ways(number, state))
        budget[0] -= len(ways)
        never = len(self._events)
        return sorted(
            ways, key=lambda way: min((wanted.get(str(v), never) for v in way.values.values()), default=never)
        )

    def effort(self, logged: Set[Open] = frozenset(), path: Sequence[tuple[State, Way]] | None = None) -> Effort:
        """What it takes to keep all candidate states, with the arguments `logged` as they are on the `path`."""
        effort, taken = Effort(), 0
        states: dict[Hashable, State] = {0: self._initial()}
        for number in range(len(self._events)):
            following: dict[Hashable, State] = {}
            for state in states.values():
                for way in self._ways(number, state):
                    taken += 1
                    if path is None or self._agrees(way, path[number][1], logged):
                        following[self._engine.key(way.after)] = way.after
                if taken > self._steps or len(following) > MOST_CANDIDATES:
                    effort.gave_up = True
                    effort.most = max(effort.most, len(following))
                    return effort
            if not following:
                effort.gave_up = True
                return effort
            states = following
            effort.events += 1
            effort.total += len(states)
            effort.most = max(effort.most, len(states))
        return effort

    def _agrees(self, way: Way, other: Way, logged: Set[Open]) -> bool:
        return all(
            self._engine.equal(value, other.values[name])
            for name, value in way.values.items()
            if name in logged and name in other.values
        )

    def measure(self, path: list[tuple[State, Way]] | None, advices: dict[Open, Advice]) -> set[Open]:
        """Counts the values that are possible for each open argument, in the states on the path (without one: in the
        initial state); returns the arguments that some event lacks."""
        states = [state for state, _ in path] if path is not None else [self._initial()]
        seen: set[Open] = set()
        for number, state in enumerate(states):
            values: dict[Open, set[str]] = {}
            for way in self._ways(number, state):
                for name, value in way.values.items():
                    values.setdefault(name, set()).add(str(value))
            for name, different in values.items():
                advice = advices.setdefault(name, Advice(name))
                advice.events += 1
                advice.values += len(different)
                advice.most = max(advice.most, len(different))
                seen.add(name)
        return seen


def render(advised: Advised) -> str:
    """The advices, one a line, the most useful first."""
    lines = [advice.text(advised.now) for advice in advised.advices]
    if not advised.found:
        lines.append("no way through the trace was found within the budget: what logging would save is not known")
    return "\n".join(lines)


def to_json(advised: Advised) -> dict[str, Any]:
    """All of it, as JSON's own types."""
    return {
        "now": vars(advised.now),
        "found": advised.found,
        "advices": [
            {
                "event": advice.missing.act,
                "argument": advice.missing.name,
                "events": advice.events,
                "most_values": advice.most,
                "mean_values": round(advice.values / advice.events, 2) if advice.events else 0.0,
                "logged": vars(advice.logged) if advice.logged is not None else None,
            }
            for advice in advised.advices
        ],
    }
