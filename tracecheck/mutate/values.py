"""Kinds that change one value in an event, by the type that the mapping gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

from tracecheck.codec import INT_MAX
from tracecheck.mutate.kind import Kind, Leaf, Site, Subject
from tracecheck.mutate.logs import rearranged, with_argument

_FAR_US = 1_000_000_000_000
_FAR = 1_000_000
_NUMBERS = ("int", "time")
_NEAR = 4
_OTHERS = 3

Change: TypeAlias = Callable[[Subject, Leaf], Iterator[Any]]


def _values(name: str, kinds: tuple[str, ...], change: Change) -> Kind:
    """A kind that puts another value in the place of one of some types."""

    def generate(subject: Subject) -> Iterator[Site]:
        for leaf in subject.leaves:
            if leaf.type.kind in kinds:
                for value in change(subject, leaf):
                    if value != leaf.value:
                        note = f"{subject.describe(leaf.place)}: {_path(leaf)} is {leaf.value!r}, said to be {value!r}"
                        yield Site(leaf.place, note, partial(with_argument, subject.logs, leaf.place, leaf.path, value))

    return Kind(name, generate)


def _path(leaf: Leaf) -> str:
    return str(leaf.path[0]) + "".join(f"[{step!r}]" for step in leaf.path[1:])


# -- numbers -------------------------------------------------------------------------------------------------


def _plus(distance: int) -> Change:
    def change(_: Subject, leaf: Leaf) -> Iterator[Any]:
        if leaf.value + distance >= 0:
            yield leaf.value + distance

    return change


def _zero(_: Subject, __: Leaf) -> Iterator[Any]:
    yield 0


def _far(_: Subject, leaf: Leaf) -> Iterator[Any]:
    far = leaf.value + (_FAR_US if leaf.type.kind == "time" else _FAR)
    if leaf.type.kind == "time" or far <= INT_MAX:
        yield far


def _near(distance: int) -> Change:
    """A number that other events shortly before or after have, or one beside it."""

    def change(subject: Subject, leaf: Leaf) -> Iterator[Any]:
        pool = subject.pools[str(leaf.type)]
        at = pool.index(leaf.value)
        for value in pool[max(0, at - _NEAR) : at + _NEAR]:
            if value + distance >= 0:
                yield value + distance

    return change


def _of_same_argument(subject: Subject, leaf: Leaf) -> Iterator[Any]:
    """What another event of its sort has there."""
    act = subject.event(leaf.place)["act"]
    others = [
        subject.event(place)["args"].get(leaf.path[0]) for place in subject.mapped if subject.event(place)["act"] == act
    ]
    if len(leaf.path) == 1:
        at = others.index(leaf.value)
        yield from others[max(0, at - _OTHERS) : at]
        yield from others[at + 1 : at + _OTHERS]


def _of_other_argument(subject: Subject, leaf: Leaf) -> Iterator[Any]:
    """What another argument of the same type has in this event."""
    for name, kind in subject.rule(leaf.place).types.items():
        if len(leaf.path) == 1 and name != leaf.path[0] and kind == leaf.type:
            yield subject.event(leaf.place)["args"][name]


# -- names and truth -----------------------------------------------------------------------------------------


def _other_name(subject: Subject, leaf: Leaf) -> Iterator[Any]:
    pool = subject.pools[str(leaf.type)]
    at = pool.index(leaf.value)
    yield from pool[max(0, at - _OTHERS) : at + _OTHERS]


def _fresh_name(_: Subject, leaf: Leaf) -> Iterator[Any]:
    yield leaf.value + "-that-never-was"


def _flipped(_: Subject, leaf: Leaf) -> Iterator[Any]:
    yield not leaf.value


# -- collections ---------------------------------------------------------------------------------------------


def _map_values(subject: Subject, leaf: Leaf) -> list[Any]:
    return subject.pools.get(str(leaf.type.parts[1]), [])


def _key_added(subject: Subject, leaf: Leaf) -> Iterator[Any]:
    new = [key for key in subject.pools[f"key of {leaf.type}"] if key not in leaf.value]
    for key in new[:_OTHERS]:
        for value in _map_values(subject, leaf)[:_OTHERS]:
            yield {**leaf.value, key: value}


def _key_removed(_: Subject, leaf: Leaf) -> Iterator[Any]:
    for gone in leaf.value:
        yield {key: value for key, value in leaf.value.items() if key != gone}


def _key_renamed(subject: Subject, leaf: Leaf) -> Iterator[Any]:
    new = [key for key in subject.pools[f"key of {leaf.type}"] if key not in leaf.value]
    for gone in leaf.value:
        for other in new[:_OTHERS]:
            yield {other if key == gone else key: value for key, value in leaf.value.items()}


def _values_exchanged(_: Subject, leaf: Leaf) -> Iterator[Any]:
    keys = list(leaf.value)
    if len(keys) > 1:
        yield dict(zip(keys, [*list(leaf.value.values())[1:], leaf.value[keys[0]]], strict=True))


def _emptied(_: Subject, leaf: Leaf) -> Iterator[Any]:
    yield type(leaf.value)()


def _element_added(subject: Subject, leaf: Leaf) -> Iterator[Any]:
    for element in subject.pools.get(str(leaf.type.parts[0]), []):
        if element not in leaf.value:
            yield [*leaf.value, element]


def _element_removed(_: Subject, leaf: Leaf) -> Iterator[Any]:
    for i in range(len(leaf.value)):
        yield [*leaf.value[:i], *leaf.value[i + 1 :]]


def _element_replaced(subject: Subject, leaf: Leaf) -> Iterator[Any]:
    for i in range(len(leaf.value)):
        for element in subject.pools.get(str(leaf.type.parts[0]), [])[:_OTHERS]:
            if element not in leaf.value:
                yield [*leaf.value[:i], element, *leaf.value[i + 1 :]]


def _reversed(_: Subject, leaf: Leaf) -> Iterator[Any]:
    yield leaf.value[::-1]


def _element_twice(_: Subject, leaf: Leaf) -> Iterator[Any]:
    for i in range(len(leaf.value)):
        yield [*leaf.value[: i + 1], *leaf.value[i:]]


def _argument_of_next(subject: Subject) -> Iterator[Site]:
    """All arguments of an event exchanged for those of the next of its sort at another node."""
    last: dict[str, Any] = {}
    for place in subject.mapped:
        act = subject.event(place)["act"]
        if act in last and last[act].node != place.node:
            sources = {last[act]: place}
            note = f"{subject.describe(last[act])} with the arguments of {subject.describe(place)}"
            yield Site(last[act], note, partial(rearranged, subject.logs, sources))
        last[act] = place


VALUE_KINDS = (
    _values("number one more", _NUMBERS, _plus(1)),
    _values("number one less", _NUMBERS, _plus(-1)),
    _values("number zero", _NUMBERS, _zero),
    _values("number far too large", _NUMBERS, _far),
    _values("number of a near event", _NUMBERS, _near(0)),
    _values("number just above one of a near event", _NUMBERS, _near(1)),
    _values("number just below one of a near event", _NUMBERS, _near(-1)),
    _values("number of another event of its sort", _NUMBERS, _of_same_argument),
    _values("number of another argument", _NUMBERS, _of_other_argument),
    _values("another name", ("string",), _other_name),
    _values("a name that never was", ("string",), _fresh_name),
    _values("truth reversed", ("bool",), _flipped),
    _values("key added to a map", ("map",), _key_added),
    _values("key removed from a map", ("map",), _key_removed),
    _values("key of a map renamed", ("map",), _key_renamed),
    _values("values of a map exchanged", ("map",), _values_exchanged),
    _values("collection emptied", ("map", "set", "seq"), _emptied),
    _values("element added to a set", ("set",), _element_added),
    _values("element removed", ("set", "seq"), _element_removed),
    _values("element of a set replaced", ("set",), _element_replaced),
    _values("sequence reversed", ("seq",), _reversed),
    _values("element of a sequence twice", ("seq",), _element_twice),
    Kind("arguments of another event of its sort", _argument_of_next),
)
"""All kinds about values."""
