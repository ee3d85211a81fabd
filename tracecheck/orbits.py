"""A state under permutations of identities: a form of it from which it is quickly seen which states are of one orbit.

A state is taken as pieces: the pairs of a function, the elements of a set. A piece with one identity in it is a text
with a hole and the identity that fills it; so an identity is known by the texts that it fills, its signature. As long
as no piece has two identities, an orbit is known by the signatures in each class, whichever identity has which.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, TypeAlias

from immutables import Map

from tracecheck.values import ModelValue, Value, function, items, to_text

Classes: TypeAlias = tuple[tuple[Any, ...], ...]
"""The identities that can be exchanged for one another, in groups of at least two."""

Renaming: TypeAlias = dict[Hashable, Hashable]
"""A permutation of identities; who is not in it stays."""

_HOLE = ModelValue("#")
_ROUNDS = 3


class Form:
    """A state, given by the exported values of its variables, as its `identities` stand in it."""

    def __init__(self, values: Mapping[str, Value], identities: frozenset[Hashable]) -> None:
        self.values = values
        self._identities = identities
        self._joint: list[tuple[Any, ...]] = []
        rest: list[str] = []
        filled: dict[Hashable, list[str]] = {}
        for variable, value in values.items():
            rest.append(f"{variable} {type(value).__name__} {len(value) if hasattr(value, '__len__') else 0}")
            for piece in _pieces(value):
                found = _occurring(piece, identities)
                if not found:
                    rest.append(f"{variable} {to_text(piece)}")
                elif len(found) == 1:
                    (one,) = found
                    filled.setdefault(one, []).append(f"{variable} {to_text(rename(piece, {one: _HOLE}))}")
                else:
                    self._joint.append((variable, piece))
        self._rest = tuple(sorted(rest))
        self._signatures = {one: tuple(sorted(filled.get(one, ()))) for one in identities}

    def key(self, classes: Classes, renaming: Mapping[Hashable, Hashable] | None = None) -> Hashable:
        """Equal only for states of one orbit under the permutations of `classes`, after `renaming`; mostly for all."""
        signatures = self._signatures
        if renaming:
            signatures = {renaming.get(one, one): signature for one, signature in signatures.items()}
        if self._joint:
            return self._key_of_joint(signatures, classes, renaming or {})
        grouped = {one for group in classes for one in group}
        return (
            self._rest,
            tuple(tuple(sorted(signatures[one] for one in group)) for group in classes),
            tuple(sorted((_name(one), text) for one, text in signatures.items() if one not in grouped)),
        )

    def allows(self, one: Hashable, other: Hashable) -> bool:
        """Whether exchanging two identities does not change the state."""
        if self._signatures[one] != self._signatures[other]:
            return False
        if not self._joint:
            return True
        swap = {one: other, other: one}
        return _texts(self._joint, swap) == _texts(self._joint, {})

    def _key_of_joint(
        self, signatures: dict[Hashable, tuple[str, ...]], classes: Classes, renaming: Mapping[Hashable, Hashable]
    ) -> Hashable:
        """Where identities stand beside one another: each gets a colour from its signature, then from the colours of
        those beside it; then they are renamed in the order of their colours. What chance decides where colours are
        equal makes two keys of one orbit at worst, never one of two."""
        joint = [(variable, rename(piece, renaming)) for variable, piece in self._joint]
        beside = [(piece, _occurring(piece[1], self._identities)) for piece in joint]
        colours: dict[Hashable, Hashable] = {one: one for one in self._identities}
        for number, group in enumerate(classes):
            ranks = _ranks({one: signatures[one] for one in group})
            colours |= {one: ModelValue(f"#{number}.{ranks[one]}") for one in group}
        for _ in range(_ROUNDS):
            finer = _refined(beside, colours, classes)
            if len(set(finer.values())) == len(set(colours.values())):
                break
            colours = finer
        order = {
            one: place
            for group in classes
            for one, place in zip(sorted(group, key=lambda one: str(colours[one])), group, strict=True)
        }
        own = sorted((_name(order.get(one, one)), text) for one, text in signatures.items())
        return self._rest, tuple(own), _texts(joint, order)


def _name(identity: Any) -> str:
    return to_text(identity)


def rename(value: Any, names: Mapping[Hashable, Hashable]) -> Any:
    """`value` with identities replaced by others."""
    if isinstance(value, frozenset):
        return frozenset(rename(element, names) for element in value)
    if isinstance(value, tuple):
        return tuple(rename(element, names) for element in value)
    if isinstance(value, Map):
        return function({rename(key, names): rename(held, names) for key, held in value.items()})
    return value if isinstance(value, bool | int) else names.get(value, value)


def _refined(
    beside: list[tuple[Any, set[Hashable]]], colours: dict[Hashable, Hashable], classes: Classes
) -> dict[Hashable, Hashable]:
    """The colours, told apart further by the colours of those with whom an identity stands in one piece."""
    seen: dict[Hashable, list[str]] = {one: [] for one in colours}
    for (variable, piece), found in beside:
        for one in found:
            seen[one].append(f"{variable} {to_text(rename(piece, {**colours, one: _HOLE}))}")
    finer = dict(colours)
    for number, group in enumerate(classes):
        ranks = _ranks({one: (str(colours[one]), *sorted(seen[one])) for one in group})
        finer |= {one: ModelValue(f"#{number}.{ranks[one]}") for one in group}
    return finer


def _ranks(signatures: dict[Hashable, tuple[str, ...]]) -> dict[Hashable, str]:
    """For each identity how many different signatures come before its own, as a number of fixed length."""
    ranks = {signature: rank for rank, signature in enumerate(sorted(set(signatures.values())))}
    return {one: f"{ranks[signature]:06}" for one, signature in signatures.items()}


def _texts(joint: list[tuple[Any, ...]], names: Mapping[Hashable, Hashable]) -> tuple[str, ...]:
    return tuple(sorted(f"{variable} {to_text(rename(piece, names))}" for variable, piece in joint))


def _pieces(value: Value) -> Iterator[Any]:
    """The parts of a value that can be looked at one by one: pairs of a function, elements of a set."""
    if isinstance(value, Map | tuple):
        yield from items(value)
    elif isinstance(value, frozenset):
        yield from ((element,) for element in value)
    else:
        yield value


def _occurring(value: Any, wanted: frozenset[Hashable]) -> set[Hashable]:
    if isinstance(value, Map):
        return set[Hashable]().union(*(_occurring(part, wanted) for pair in value.items() for part in pair))
    if isinstance(value, tuple | frozenset):
        return set[Hashable]().union(*(_occurring(part, wanted) for part in value))
    return {value} if not isinstance(value, bool | int) and value in wanted else set()
