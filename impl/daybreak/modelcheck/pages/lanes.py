"""Who takes part in a spec: the lanes of a diagram."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from daybreak.modelcheck.changes import Change
from daybreak.modelcheck.values import Atom, Function, Record, SetOf, Tuple, Value, entries, rank


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role of a spec.

    `who` are the words by which action cards call it, `names` the parameters and fields that tell which one it is
    (without them there is only one), `owns` the variables that are its state.
    """

    role: str
    who: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    owns: tuple[str, ...] = ()


class Lane(msgspec.Struct, frozen=True):
    """One of those who take part: a role, and which one, if there are several."""

    role: str
    key: Value | None = None

    @property
    def title(self) -> str:
        return f"{self.role} {self.key.label}" if isinstance(self.key, Atom) else self.role


WORLD = Role("state")


class Cast:
    """All roles of one spec."""

    def __init__(self, roles: Collection[Role]) -> None:
        self._roles = tuple(roles) or (WORLD,)

    def named(self, arguments: Mapping[str, Value]) -> list[Lane]:
        """Those whom the arguments of an action name, as they are named."""
        found = (lane for name, value in arguments.items() for lane in self._in(name, value))
        return list(dict.fromkeys(found))

    def actor(self, who: str, named: Collection[Lane]) -> Lane | None:
        """Who takes a step, by its card's `who` and by those whom its arguments name."""
        spoken = [(at, role) for role in self._roles if (at := _mention(who, role)) >= 0]
        for _, role in sorted(spoken, key=lambda pair: pair[0]):
            if not role.names:
                return Lane(role.role)
            for lane in named:
                if lane.role == role.role:
                    return lane
        return next(iter(named), None)

    def touched(self, change: Change) -> list[Lane]:
        """Whose state a change is; who is named in what changed, if nobody owns the variable."""
        role = next((role for role in self._roles if change.variable in role.owns), None)
        if role is None:
            return list(dict.fromkeys(lane for value in change.values for lane in self._in("", value)))
        if not role.names:
            return [Lane(role.role)]
        if change.path:
            return [Lane(role.role, change.path[0])]
        members = [Lane(role.role, value) for value in change.values if isinstance(value, Atom)]
        within = (lane for value in change.values for lane in self._in("", value) if lane.role == role.role)
        return list(dict.fromkeys([*members, *within]))

    def in_order(self, lanes: Collection[Lane]) -> list[Lane]:
        """From left to right."""
        places = {role.role: at for at, role in enumerate(self._roles)}

        def place(lane: Lane) -> tuple[int, tuple[int, int, str]]:
            return places.get(lane.role, len(places)), (0, 0, "") if lane.key is None else rank(lane.key)

        return sorted(lanes, key=place)

    @property
    def default(self) -> Lane:
        """Who takes the steps of which nothing is known: the last role of which there is only one."""
        single = [role for role in self._roles if not role.names]
        return Lane(single[-1].role if single else WORLD.role)

    def _in(self, name: str, value: Value, *, within: bool = False) -> Iterator[Lane]:
        """Those whom a value names: by the name it goes by, or by the names of the fields in it.

        A record in a record is not looked into: it is about something else.
        """
        role = next((role for role in self._roles if name in role.names), None)
        if role is not None:
            yield from (Lane(role.role, key) for key in _keys(value))
        elif isinstance(value, Record) and not within:
            for field, inner in value.fields:
                yield from self._in(field, inner, within=True)
        else:
            for inner in _parts(value):
                yield from self._in("", inner, within=within)


def _keys(value: Value) -> Iterator[Value]:
    """The participants that a value is, or that are its members or the keys of its entries."""
    if isinstance(value, SetOf):
        yield from value.members
    elif isinstance(value, Tuple | Function):
        yield from entries(value) or ()
    elif isinstance(value, Atom):
        yield value


def _parts(value: Value) -> Iterator[Value]:
    if isinstance(value, SetOf):
        yield from value.members
    elif isinstance(value, Tuple | Function):
        yield from (entries(value) or {}).values()


def _mention(who: str, role: Role) -> int:
    """Where the words of a card first speak of a role, or -1."""
    places = [at for word in (role.who or (role.role,)) if (at := who.find(word)) >= 0]
    return min(places, default=-1)
