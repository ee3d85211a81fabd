"""Kinds of mutation of a trace: each generates, lazily, all places of a trace where it applies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from tracecheck.codec import Type
from tracecheck.mapping import EventRule, Mapping
from tracecheck.mutate.logs import Event, Logs, Place, event_at


@dataclass(frozen=True)
class Site:
    """One way to apply a kind: `note` says at which event and how, `edit` gives the mutated logs."""

    place: Place
    note: str
    edit: Callable[[], Logs]


@dataclass(frozen=True)
class Leaf:
    """A value within an argument: `path` begins with the argument's name."""

    place: Place
    path: tuple[Any, ...]
    type: Type
    value: Any


class Subject:
    """The logs of one good run with what the mapping says of its events; `order` is the order it was checked in."""

    def __init__(self, logs: Logs, order: list[Place], mapping: Mapping) -> None:
        self.logs = logs
        self.mapping = mapping
        self.mapped = [place for place in order if self.event(place)["act"] in mapping.rules]
        """The events that are steps of the spec, in order."""

    def event(self, place: Place) -> Event:
        return event_at(self.logs, place)

    def rule(self, place: Place) -> EventRule:
        """The mapping's rule for the event at `place`, which is mapped."""
        return self.mapping.rules[self.event(place)["act"]]

    def describe(self, place: Place) -> str:
        """The event in a few words."""
        event = self.event(place)
        return f"event {event['n']} of {event['node']}, {event['act']}"

    @cached_property
    def leaves(self) -> list[Leaf]:
        """Every value in the arguments of the mapped events, containers before what they contain, in order."""
        found: list[Leaf] = []
        for place in self.mapped:
            args = self.event(place)["args"]
            for name, kind in self.rule(place).types.items():
                if name in args:
                    found.extend(_leaves(place, (name,), kind, args[name]))
        return found

    @cached_property
    def pools(self) -> dict[str, list[Any]]:
        """The values of each type, each once, in the order of their first use."""
        pools: dict[str, list[Any]] = {}
        for leaf in self.leaves:
            pool = pools.setdefault(str(leaf.type), [])
            if leaf.value not in pool:
                pool.append(leaf.value)
            if leaf.type.kind == "map":
                keys = pools.setdefault(f"key of {leaf.type}", [])
                keys += [key for key in leaf.value if key not in keys]
        return pools


def _leaves(place: Place, path: tuple[Any, ...], kind: Type, value: Any) -> Iterator[Leaf]:
    yield Leaf(place, path, kind, value)
    if kind.kind == "map" and isinstance(value, dict):
        for key, held in value.items():
            yield from _leaves(place, (*path, key), kind.parts[1], held)
    elif kind.kind == "record" and isinstance(value, dict):
        for name, part in zip(kind.names, kind.parts, strict=True):
            if name in value:
                yield from _leaves(place, (*path, name), part, value[name])
    elif kind.kind in ("set", "seq") and isinstance(value, list):
        for index, element in enumerate(value):
            yield from _leaves(place, (*path, index), kind.parts[0], element)


Generate: TypeAlias = Callable[[Subject], Iterator[Site]]


@dataclass(frozen=True)
class Kind:
    """A kind of mutation. One that `breaks` the log makes it a log that no system writes: it has to be noticed, but
    says nothing about the system, so the verdict on it is INCONCLUSIVE."""

    name: str
    generate: Generate
    breaks: bool = False
