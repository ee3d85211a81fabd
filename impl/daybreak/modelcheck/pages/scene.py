"""A counterexample as something that can be drawn and told: who does what in each step, and to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from daybreak.modelcheck.changes import Change, changes, state_of
from daybreak.modelcheck.messages import Step
from daybreak.modelcheck.pages.lanes import Cast, Lane
from daybreak.modelcheck.pages.texts import Spec
from daybreak.modelcheck.retrace import NOTED
from daybreak.modelcheck.values import Value, value_of


@dataclass(frozen=True)
class Event:
    """A step: its action with arguments, who takes it, whose state it changes and who else is spoken of.

    `spoken` are the arguments without the one that says who takes the step. `seen` are the changes of the spec's own
    variables, `noted` those of variables that only watch. Each of `seen` is in `on` under those whose state it is.
    """

    number: int
    action: str
    arguments: Mapping[str, Value]
    spoken: Mapping[str, Value]
    actor: Lane
    seen: Sequence[Change]
    noted: Sequence[Change]
    on: Mapping[Lane, Sequence[Change]] = field(default_factory=dict)
    heard: Sequence[Lane] = ()


@dataclass(frozen=True)
class Scene:
    """A counterexample: where it begins, its steps, where it ends; `ending` tells how one without an end goes on."""

    initial: Mapping[str, Value]
    events: Sequence[Event]
    final: Mapping[str, Value]
    ending: str
    lanes: Sequence[Lane]


def stage(steps: Sequence[Step], spec: Spec, cast: Cast) -> Scene:
    """The counterexample `steps` of a model of `spec`, whose roles are `cast`."""
    reached = [step for step in steps if step.values]
    states = [_ordered(state_of(step), spec) for step in reached]
    events = [
        _event(step, changes(before, after, spec.sequences), spec, cast)
        for step, before, after in zip(reached[1:], states, states[1:], strict=False)
    ]
    present = dict.fromkeys(lane for event in events for lane in (event.actor, *event.on, *event.heard))
    ending = next((step.action for step in steps if not step.values), "")
    return Scene(states[0], events, states[-1], _ending(ending), cast.in_order(present))


def _ordered(state: Mapping[str, Value], spec: Spec) -> dict[str, Value]:
    """A state in the order in which the spec declares its variables."""
    declared = [name for name in spec.variables if name in state]
    return {name: state[name] for name in [*declared, *(name for name in sorted(state) if name not in declared)]}


def _event(step: Step, changed: Sequence[Change], spec: Spec, cast: Cast) -> Event:
    name = step.action.removesuffix(NOTED)
    definition = spec.definition(name)
    arguments = {formal: value_of(text) for formal, text in step.arguments.items()}
    seen = [change for change in changed if change.variable not in spec.watching]
    noted = [change for change in changed if change.variable in spec.watching]
    named = cast.named(arguments)
    touched = [(change, cast.touched(change)) for change in seen]
    who = definition.card.get("who", "") if definition else ""
    owners = [lane for _, lanes in touched for lane in lanes]
    actor = cast.actor(who, [*named, *owners]) or next(iter(owners), cast.default)
    on: dict[Lane, list[Change]] = {actor: []}
    for change, lanes in touched:
        for lane in lanes or [actor]:
            on.setdefault(lane, []).append(change)
    heard = [lane for lane in named if lane not in on]
    spoken = {formal: value for formal, value in arguments.items() if cast.named({formal: value}) != [actor]}
    return Event(step.number, name, arguments, spoken, actor, seen, noted, on, heard)


def _ending(told: str) -> str:
    """How a behaviour without an end goes on, in words, from TLC's line about it."""
    if told.startswith("stutters"):
        return "From here on nothing happens any more."
    if told.startswith("goes back"):
        number = next((word for word in told.replace(":", " ").split() if word.isdigit()), "")
        return f"From here on the steps after step {number} repeat for ever." if number else "From here on it repeats."
    return ""
