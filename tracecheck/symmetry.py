"""Identities that the spec does not tell apart: states that differ only in which of them is which count as one.

The identities are the elements of constants that the mapping calls symmetric, such as the processes of a protocol. A
state stands for its orbit: all states that permutations within the `classes` of identities make of it. Once an event
names an identity, that one is a class of its own; so the orbit falls into several, one for each choice, that are not
equivalent, of the identity that the name stands for.

All of it works on exported values (`tracecheck.values`), so with every engine. That the spec is symmetric is checked by
`tracecheck.symmetrycheck`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise
from typing import Any

from immutables import Map

from tracecheck.engine import Engine, State
from tracecheck.orbits import Classes, Form, Renaming, rename
from tracecheck.values import to_text

_REMEMBERED = 4096


class Symmetry:
    """Folds states by permutations of `identities`: for each symmetric constant its elements, as exported values."""

    def __init__(self, identities: Iterable[Iterable[Hashable]]) -> None:
        groups = (tuple(sorted(group, key=to_text)) for group in identities)  # type: ignore[arg-type]
        self.all: Classes = tuple(group for group in groups if len(group) > 1)
        self._forms: dict[Hashable, Form] = {}
        self._identities = frozenset(identity for group in self.all for identity in group)

    def named(self, texts: Iterable[Any]) -> frozenset[Hashable]:
        """The identities that occur in JSON values or in values of the spec."""
        found: set[Hashable] = set()
        for text in texts:
            self._collect(text, found)
        return frozenset(found)

    def _collect(self, value: Any, found: set[Hashable]) -> None:
        if isinstance(value, dict | Map):
            for key, held in value.items():
                self._collect(key, found)
                self._collect(held, found)
        elif isinstance(value, list | tuple | frozenset):
            for element in value:
                self._collect(element, found)
        elif isinstance(value, str):
            found.update(one for one in self._identities if value in (one, getattr(one, "name", "")))
        elif value in self._identities:
            found.add(value)

    def without(self, classes: Classes, named: frozenset[Hashable]) -> Classes:
        """`classes` when the identities of `named` can no longer be exchanged."""
        if not named:
            return classes
        rest = (tuple(identity for identity in group if identity not in named) for group in classes)
        return tuple(group for group in rest if len(group) > 1)

    def classes(self, engine: Engine, state: State) -> Classes:
        """The identities that can be exchanged without changing `state`."""
        form = self._form(engine, state)
        found = []
        for group in self.all:
            rest = list(group)
            while rest:
                first, *others = rest
                same = [other for other in others if form.allows(first, other)]
                if same:
                    found.append((first, *same))
                rest = [other for other in others if other not in same]
        return tuple(found)

    def is_fixed(self, engine: Engine, state: State, classes: Classes) -> bool:
        """Whether `state` is alone in its orbit."""
        form = self._form(engine, state)
        return all(form.allows(*pair) for group in classes for pair in pairwise(group))

    def key(self, engine: Engine, state: State, classes: Classes) -> Hashable:
        """Equal only for states of one orbit; mostly for all of one."""
        return self._form(engine, state).key(classes)

    def variants(self, engine: Engine, state: State, classes: Classes, named: frozenset[Hashable]) -> Iterator[State]:
        """States of the orbit of `state`, one for each choice of what the identities of `named` stand for; first the
        state itself."""
        yield state
        after = self.without(classes, named)
        if after == classes:
            return
        form = self._form(engine, state)
        seen: set[Hashable] = set()
        for renaming in self._choices({}, classes, sorted(named, key=str)):
            key = form.key(after, renaming)
            if key not in seen:
                seen.add(key)
                if renaming:
                    yield engine.state({name: rename(value, renaming) for name, value in form.values.items()})

    def _choices(self, renaming: Renaming, classes: Classes, named: list[Hashable]) -> Iterator[Renaming]:
        if not named:
            yield renaming
            return
        first, rest = named[0], named[1:]
        group = next((group for group in classes if first in group), (first,))
        inner = self.without(classes, frozenset((first,)))
        yield from self._choices(renaming, inner, rest)
        for other in group:
            if other != first:
                yield from self._choices(_then(renaming, first, other), inner, rest)

    def coarser(self, engine: Engine, states: list[State], classes: Classes) -> tuple[list[State], Classes]:
        """The same set of states with more identities interchangeable, if it allows that; one state of each orbit.

        `states` stand for the union of their orbits under the permutations of `classes`. Two classes can become one if
        the set is closed under exchanging an element of the one with one of the other; that suffices, since all
        permutations of the two together are made of that and those of each.
        """
        forms = [self._form(engine, state) for state in states]
        single = ((one,) for group in self.all for one in group if not any(one in known for known in classes))
        todo = [*classes, *single]
        merged: list[tuple[Hashable, ...]] = []
        known = {form.key(classes) for form in forms}
        while todo:
            group = todo.pop(0)
            number = next((i for i, to in enumerate(merged) if self._can_merge(to, group, forms, known, classes)), None)
            if number is None:
                merged.append(group)
                continue
            merged[number] = (*merged[number], *group)
            classes = tuple(tuple(sorted(g, key=str)) for g in (*merged, *todo) if len(g) > 1)
            known = {form.key(classes) for form in forms}
        representatives: dict[Hashable, State] = {}
        for state, form in zip(states, forms, strict=True):
            representatives.setdefault(form.key(classes), state)
        return list(representatives.values()), classes

    def _can_merge(
        self,
        one: tuple[Hashable, ...],
        other: tuple[Hashable, ...],
        forms: list[Form],
        known: set[Hashable],
        classes: Classes,
    ) -> bool:
        """Whether the set has with each state also that in which the first of `one` and of `other` are exchanged."""
        if not any(one[0] in group and other[0] in group for group in self.all):
            return False
        a, b = one[0], other[0]
        return all(
            form.key(classes, _then(_then(_then({}, a, c), b, d), a, b)) in known
            for form in forms
            for c in one
            for d in other
        )

    def _form(self, engine: Engine, state: State) -> Form:
        key = engine.name, engine.key(state)
        known = self._forms.get(key)
        if known is None:
            values = {name: engine.export(engine.look(state, name)) for name in engine.variables}
            if len(self._forms) >= _REMEMBERED:
                self._forms.clear()
            known = self._forms[key] = Form(values, self._identities)
        return known


def _then(renaming: Renaming, one: Hashable, other: Hashable) -> Renaming:
    """First `renaming`, then the exchange of two identities."""
    if one == other:
        return renaming
    swap = {one: other, other: one}
    return {name: swap.get(to, to) for name, to in {one: one, other: other, **renaming}.items()}
