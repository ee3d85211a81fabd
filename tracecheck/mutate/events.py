"""Kinds that change which events happened, where and in what order; the log stays one that a system might write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

from tracecheck.mapping import EventRule
from tracecheck.mutate.kind import Kind, Site, Subject
from tracecheck.mutate.logs import (
    Event,
    Logs,
    Place,
    changed,
    cut_short,
    dropped,
    event_at,
    inserted,
    rearranged,
    with_argument,
)

_FAR = 5
_COLLECTIONS = ("map", "set")


def _each(name: str, edit: Callable[[Logs, Place], Logs]) -> Kind:
    """A kind that does something to one event."""

    def generate(subject: Subject) -> Iterator[Site]:
        for place in subject.mapped:
            yield Site(place, subject.describe(place), partial(edit, subject.logs, place))

    return Kind(name, generate)


def _repeat(logs: Logs, place: Place) -> Logs:
    return inserted(logs, Place(place.node, place.position + 1), event_at(logs, place))


def _repeat_at_the_end(logs: Logs, place: Place) -> Logs:
    return inserted(logs, Place(place.node, len(logs[place.node])), event_at(logs, place))


def _without_causes(logs: Logs, place: Place) -> Logs:
    return changed(logs, place, cause=[])


# -- order ---------------------------------------------------------------------------------------------------


def _exchange(subject: Subject, one: Place, other: Place) -> Site:
    note = f"{subject.describe(one)} with {subject.describe(other)}"
    return Site(one, note, partial(rearranged, subject.logs, {one: other, other: one}))


def _neighbours_exchanged(subject: Subject) -> Iterator[Site]:
    for place in subject.mapped:
        if place.position + 1 < len(subject.logs[place.node]):
            yield _exchange(subject, place, Place(place.node, place.position + 1))


def _exchanged_across(subject: Subject) -> Iterator[Site]:
    for one, other in pairwise(subject.mapped):
        if one.node != other.node:
            yield _exchange(subject, one, other)


def _same_act_exchanged(subject: Subject) -> Iterator[Site]:
    last: dict[str, Place] = {}
    for place in subject.mapped:
        act = subject.event(place)["act"]
        if act in last:
            yield _exchange(subject, last[act], place)
        last[act] = place


def _moved(subject: Subject, place: Place, to: int) -> Site:
    """The event's content takes the position `to` of its node; those in between make room."""
    step = 1 if to > place.position else -1
    sources = {Place(place.node, i): Place(place.node, i + step) for i in range(place.position, to, step)}
    sources[Place(place.node, to)] = place
    return Site(place, subject.describe(place), partial(rearranged, subject.logs, sources))


def _moved_by(distance: int) -> Callable[[Subject], Iterator[Site]]:
    def generate(subject: Subject) -> Iterator[Site]:
        for place in subject.mapped:
            if 0 <= place.position + distance < len(subject.logs[place.node]):
                yield _moved(subject, place, place.position + distance)

    return generate


def _logged_early(subject: Subject) -> Iterator[Site]:
    """An event that has forgotten its causes, and that may have been long before."""
    for before, place in zip(subject.mapped, subject.mapped[_FAR:], strict=False):
        first = subject.event(before)["at"][0]
        if before.node != place.node and first > 0:
            at = [first - 1, max(first, subject.event(place)["at"][1])]
            yield Site(place, subject.describe(place), partial(changed, subject.logs, place, cause=[], at=at))


def _cause_before(subject: Subject) -> Iterator[Site]:
    """A cause that is the event before the true one."""
    for place in subject.mapped:
        cause = subject.event(place).get("cause", [])
        for i, (node, n) in enumerate(cause):
            earlier = [pair for pair in [*cause[:i], [node, n - 1], *cause[i + 1 :]] if pair[1] > 0]
            yield Site(place, subject.describe(place), partial(changed, subject.logs, place, cause=earlier))


def _clock_behind(subject: Subject) -> Iterator[Site]:
    """A node all of whose clocks are behind, and that says nothing of its causes."""
    for node, events in subject.logs.items():
        first = min(event_at(subject.logs, place)["at"][0] for place in subject.mapped)
        places = [Place(node, i) for i in range(len(events))]
        if not any(place in subject.mapped for place in places):
            continue

        def edit(places: list[Place] = places, first: int = first) -> Logs:
            logs = subject.logs
            for place in places:
                logs = changed(logs, place, cause=[], at=[first, first])
            return logs

        yield Site(places[0], f"all events of {node}", edit)


# -- what is there -------------------------------------------------------------------------------------------


def _tail_lost(subject: Subject) -> Iterator[Site]:
    for place in subject.mapped:
        if place.position > 0:
            note = f"{subject.describe(place)} and all after it of its node"
            yield Site(place, note, partial(cut_short, subject.logs, place.node, place.position))


def _act_lost(subject: Subject) -> Iterator[Site]:
    """No event of one sort is logged."""
    by_act: dict[str, list[Place]] = {}
    for place in subject.mapped:
        by_act.setdefault(subject.event(place)["act"], []).append(place)
    for act, places in by_act.items():

        def edit(places: list[Place] = places) -> Logs:
            logs = subject.logs
            for place in sorted(places, reverse=True):
                logs = dropped(logs, place)
            return logs

        yield Site(places[0], f"all {len(places)} {act}", edit)


def _at_another_node(subject: Subject) -> Iterator[Site]:
    """An event in the log of another node, which had it before it could."""
    for one, place in zip(subject.mapped, subject.mapped[_FAR:], strict=False):
        if one.node != place.node:
            after = Place(one.node, one.position + 1)
            content = subject.event(place)

            def edit(place: Place = place, after: Place = after, content: Event = content) -> Logs:
                return dropped(inserted(subject.logs, after, content), place)

            yield Site(place, f"{subject.describe(place)} in the log of {one.node}", edit)


def _renamed(subject: Subject, rule: EventRule, fits: Callable[[EventRule], bool]) -> Iterator[EventRule]:
    return (other for other in subject.mapping.rules.values() if other.act != rule.act and fits(other))


def _logged(rule: EventRule) -> frozenset[str]:
    """The arguments that an event must have."""
    return rule.unused.union(*(case.required for case in rule.cases))


def _act_exchanged(subject: Subject) -> Iterator[Site]:
    """Another event with the same arguments."""
    for place in subject.mapped:
        logged = _logged(subject.rule(place))
        for other in _renamed(subject, subject.rule(place), lambda one, logged=logged: _logged(one) == logged):  # type: ignore[misc]
            note = f"{subject.describe(place)} as {other.act}"
            yield Site(place, note, partial(changed, subject.logs, place, act=other.act))


def _act_narrowed(subject: Subject) -> Iterator[Site]:
    """Another event that has some of the arguments."""
    for place in subject.mapped:
        event, logged = subject.event(place), _logged(subject.rule(place))
        for other in _renamed(subject, subject.rule(place), lambda one, logged=logged: _logged(one) < logged):  # type: ignore[misc]
            args = {name: value for name, value in event["args"].items() if name in _logged(other)}
            note = f"{subject.describe(place)} as {other.act}"
            yield Site(place, note, partial(changed, subject.logs, place, act=other.act, args=args))


def _act_widened(subject: Subject) -> Iterator[Site]:
    """Another event that has more arguments, with the values that they had last."""
    known: dict[tuple[str, str], Any] = {}
    for place in subject.mapped:
        event, logged = subject.event(place), _logged(subject.rule(place))
        known |= {(event["act"], name): value for name, value in event["args"].items()}
        for other in _renamed(subject, subject.rule(place), lambda one, logged=logged: _logged(one) > logged):  # type: ignore[misc]
            if all((other.act, name) in known for name in _logged(other) - logged):
                args = {name: event["args"].get(name, known.get((other.act, name))) for name in sorted(_logged(other))}
                note = f"{subject.describe(place)} as {other.act}"
                yield Site(place, note, partial(changed, subject.logs, place, act=other.act, args=args))


def _another_slice(subject: Subject) -> Iterator[Site]:
    field = subject.mapping.slice_by
    if field is not None and not field.startswith("args."):
        known = list(dict.fromkeys(subject.event(place).get(field) for place in subject.mapped))
        for place in subject.mapped:
            own = subject.event(place).get(field)
            for other in [f"{own}-other", *(name for name in known if name != own)]:
                if field == "slice":
                    yield Site(place, subject.describe(place), partial(changed, subject.logs, place, slice=other))


# -- one for two, two for one --------------------------------------------------------------------------------


def _split(subject: Subject) -> Iterator[Site]:
    """Two events, each with half of a collection that the one had."""
    for leaf in subject.leaves:
        if leaf.type.kind in _COLLECTIONS and len(leaf.path) == 1 and len(leaf.value) > 1:
            first, second = _halves(leaf.value)

            def edit(
                place: Place = leaf.place, path: Any = leaf.path, first: Any = first, second: Any = second
            ) -> Logs:
                rest = event_at(with_argument(subject.logs, place, path, second), place)
                return inserted(
                    with_argument(subject.logs, place, path, first), Place(place.node, place.position + 1), rest
                )

            yield Site(leaf.place, f"{subject.describe(leaf.place)}: {leaf.path[0]}", edit)


def _halves(value: Any) -> tuple[Any, Any]:
    middle = len(value) // 2
    if isinstance(value, dict):
        pairs = list(value.items())
        return dict(pairs[:middle]), dict(pairs[middle:])
    return value[:middle], value[middle:]


def _merged(subject: Subject) -> Iterator[Site]:
    """One event with the collections of two of its sort that follow each other at a node."""
    for place in subject.mapped:
        following = Place(place.node, place.position + 1)
        if following not in subject.mapped or subject.event(following)["act"] != subject.event(place)["act"]:
            continue
        one, other = subject.event(place)["args"], subject.event(following)["args"]
        args = {name: _union(one[name], other.get(name)) for name in one}

        def edit(place: Place = place, following: Place = following, args: Any = args) -> Logs:
            return changed(dropped(subject.logs, following), place, args=args)

        yield Site(place, f"{subject.describe(place)} and the next", edit)


def _union(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return one | other
    if isinstance(one, list) and isinstance(other, list):
        return one + [element for element in other if element not in one]
    return one


EVENT_KINDS = (
    _each("event dropped", dropped),
    _each("event repeated at once", _repeat),
    _each("event repeated at the end", _repeat_at_the_end),
    Kind("neighbours exchanged", _neighbours_exchanged),
    Kind("neighbours of two nodes exchanged", _exchanged_across),
    Kind("two of one sort exchanged", _same_act_exchanged),
    Kind("event earlier at its node", _moved_by(-_FAR)),
    Kind("event later at its node", _moved_by(_FAR)),
    Kind("event logged early", _logged_early),
    Kind("clock of a node behind", _clock_behind),
    _each("causes dropped", _without_causes),
    Kind("cause one earlier", _cause_before),
    Kind("end of a node's log lost", _tail_lost),
    Kind("all of one sort lost", _act_lost),
    Kind("event at another node", _at_another_node),
    Kind("event said to be another", _act_exchanged),
    Kind("event said to be less", _act_narrowed),
    Kind("event said to be more", _act_widened),
    Kind("event of another slice", _another_slice),
    Kind("event split", _split),
    Kind("two events merged", _merged),
)
"""All kinds about whole events."""
