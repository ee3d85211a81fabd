"""Finds an accepted run again, with the exact engine, and keeps what the checker forgets: every state and binding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from tracecheck.engine import State
from tracecheck.errors import UsageError
from tracecheck.observe import Observation, Passage
from tracecheck.plan import Plan
from tracecheck.precedence import Placed, Precedence
from tracecheck.read import Entry, Finding
from tracecheck.search import Item, Limits, Stepper, Window
from tracecheck.slice import slice_of
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.next import Leaf, Quantifier
from tracecheck.values import Value

DEFAULT_STEPS = 200
"""Events of a run: as text, TLC takes no long behaviours."""
MOST_RUNS = 20


@dataclass(frozen=True)
class Step:
    """A step of the spec: the place in Next, what its quantified names stand for, and the variables that change.
    `event` says where the event stands that it was taken for."""

    leaf: Leaf
    names: Mapping[str, Value]
    changed: Mapping[str, Value]
    event: str


@dataclass(frozen=True)
class Run:
    """The beginning of an accepted run of one slice: its initial state and its steps; `events` of `total` are in it."""

    slice: str | None
    initial: Mapping[str, Value]
    steps: Sequence[Step]
    events: int
    total: int


@dataclass
class _Part:
    """The first events of a slice."""

    taken: list[tuple[Entry, Placed]] = field(default_factory=list)
    total: int = 0


def runs_of(
    plan: Plan, items: Iterable[Entry | Finding], *, accepted: Iterable[str | None], most_steps: int = DEFAULT_STEPS
) -> list[Run]:
    """The runs of those slices of a trace that are `accepted`: of each the first `most_steps` events, of many slices
    the first twenty. Raises UsageError when one cannot be found again."""
    wanted = set(accepted)
    parts: dict[str | None, _Part] = {}
    precedence = Precedence()
    for item in items:
        if isinstance(item, Finding):
            break
        placed = precedence.place(item.event)
        name, problem = slice_of(plan.mapping.slice_by, item)
        if item.event.act not in plan.moves or problem is not None or name not in wanted:
            continue
        if name in parts or len(parts) < MOST_RUNS:
            part = parts.setdefault(name, _Part())
            part.total += 1
            if len(part.taken) < most_steps:
                part.taken.append((item, placed))
    return [_run(plan, name, part) for name, part in parts.items()]


def _run(plan: Plan, name: str | None, part: _Part) -> Run:
    window = Window(Stepper(plan.exact), Limits(window=max(1, len(part.taken))))
    window.start()
    if not window.roots:
        raise UsageError(f"{plan.spec}: no initial state keeps the invariants; nothing can be certified")
    for entry, placed in part.taken:
        observation = plan.exact_moves[entry.event.act].observe(entry)
        if observation.ignored is None:
            window.take(Item(observation, placed))
    if window.waiting:
        place = window.items[window.covered].observed.entry.place
        raise UsageError(f"{place}: only what comes later lets this event in; certify more or fewer events")
    walk = list(window.witness())
    initial = walk[0][0] if walk else window.roots[0]
    steps = [step for before, item, after in walk for step in _steps(plan.exact, item, before, after)]
    return Run(name, _values(plan.exact, initial), steps, len(part.taken), part.total)


def _steps(engine: TlcEngine, item: Item, before: State, after: State) -> Iterator[Step]:
    """The steps of the spec that the event `item` is, hidden ones too; none for a stutter."""
    observation = item.observed
    assert isinstance(observation, Observation)
    passage = _passage(engine, observation, before, after)
    event = f"{observation.entry.place} {observation.entry.event.act}"
    for action, state in zip(passage.actions, passage.states, strict=True):
        leaf, binding = _placed(engine, observation, action, before, state)
        names = {
            name: engine.export(binding.lookup(symbol))
            for part in leaf.path
            if isinstance(part, Quantifier)
            for symbol, name in zip(part.symbols, part.names, strict=True)
        }
        known, found = _values(engine, before), _values(engine, state)
        yield Step(leaf, names, {name: value for name, value in found.items() if value != known[name]}, event)
        before = state


def _passage(engine: TlcEngine, observation: Observation, before: State, after: State) -> Passage:
    key = engine.key(after)
    for passage in observation.passages(before):
        if engine.key(passage.states[-1] if passage.states else before) == key:
            return passage
    raise AssertionError("the witness takes only steps that the event may be")


def _placed(engine: TlcEngine, observation: Observation, action: str, before: State, after: State) -> tuple[Leaf, Any]:
    """The place in Next and the binding with which `action` leads from one state to the other."""
    key = engine.key(after)
    fitted = observation.fitted
    named = (placement for placement in chain(*fitted.steps, fitted.hidden) if placement.leaf.action == action)
    for placement in named:
        for tried in placement.tries(engine, observation.values, before):
            found = engine.successors(tried.leaf, tried.binding, before) if tried.fits else []
            if any(engine.key(state) == key for state in found):
                return tried.leaf, tried.binding
    raise AssertionError("a passage is made of such steps")


def _values(engine: TlcEngine, state: State) -> dict[str, Value]:
    return {name: engine.export(engine.look(state, name)) for name in engine.variables}
