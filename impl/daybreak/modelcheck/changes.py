"""What a step changed, part by part.

promise[a1]: 0 -> 3          an entry of a function, or a field of a record
active[1]: new, [ts |-> 0]   an entry that was not there
appending: added 3           a member of a set
history: appended 7          the end of a sequence
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from daybreak.modelcheck.messages import Step
from daybreak.modelcheck.values import Atom, Record, SetOf, Tuple, Value, entries, show, value_of

Kind = Literal["changed", "new", "gone", "added", "removed", "appended", "dropped"]

State = Mapping[str, Value]


@dataclass(frozen=True)
class Change:
    """A part of a state that a step changed.

    `path` leads from the variable to the part: keys of functions, names of fields as strings. For "changed" `values`
    are the value before and the value after, else those that came or went.
    """

    variable: str
    path: tuple[Value, ...]
    kind: Kind
    values: tuple[Value, ...]

    @property
    def place(self) -> str:
        """The part as TLA+ names it."""
        return self.variable + "".join(_step(key) for key in self.path)

    def __str__(self) -> str:
        return f"{self.place}: {told(self.kind, [show(value) for value in self.values])}"


def told(kind: Kind, values: Sequence[str], arrow: str = "->") -> str:
    """What happened to a part, in words, given the text of its values."""
    if kind == "changed":
        return f"{values[0]} {arrow} {values[1]}"
    if kind == "new":
        return f"new, {values[0]}"
    return "gone" if kind == "gone" else f"{kind} {', '.join(values)}"


def state_of(step: Step) -> dict[str, Value]:
    """The state that a step led to."""
    return {name: value_of(text) for name, text in step.values.items()}


def changes(before: State, after: State, sequences: Collection[str] = ()) -> list[Change]:
    """All that differs between two states, in the order of the variables of `after`.

    `sequences` names the variables whose tuples are sequences; other variables have functions over 1 .. n. Further in,
    a tuple is a sequence.
    """
    found: list[Change] = []
    for name, value in after.items():
        if name in before and before[name] != value:
            found += _between(name, (), before[name], value, sequences)
    return found


def _between(
    name: str, path: tuple[Value, ...], before: Value, after: Value, sequences: Collection[str]
) -> Iterator[Change]:
    if isinstance(before, SetOf) and isinstance(after, SetOf):
        yield from _members(name, path, before, after)
        return
    sequence = bool(path) or name in sequences
    if sequence and isinstance(before, Tuple) and isinstance(after, Tuple) and len(before.items) != len(after.items):
        yield from _items(name, path, before, after)
        return
    old, new = entries(before), entries(after)
    comparable = old is not None and new is not None and _alike(before, after)
    if old is None or new is None or not comparable:
        yield Change(name, path, "changed", (before, after))
        return
    for key in dict.fromkeys([*old, *new]):
        if key not in new:
            yield Change(name, (*path, key), "gone", (old[key],))
        elif key not in old:
            yield Change(name, (*path, key), "new", (new[key],))
        elif old[key] != new[key]:
            yield from _between(name, (*path, key), old[key], new[key], sequences)


def _alike(before: Value, after: Value) -> bool:
    """Whether two functions may be compared entry by entry. Records with other fields are other things."""
    if isinstance(before, Record) and isinstance(after, Record):
        return [name for name, _ in before.fields] == [name for name, _ in after.fields]
    return isinstance(before, Record) == isinstance(after, Record)


def _members(name: str, path: tuple[Value, ...], before: SetOf, after: SetOf) -> Iterator[Change]:
    gone = tuple(member for member in before.members if member not in after.members)
    come = tuple(member for member in after.members if member not in before.members)
    if gone:
        yield Change(name, path, "removed", gone)
    if come:
        yield Change(name, path, "added", come)


def _items(name: str, path: tuple[Value, ...], before: Tuple, after: Tuple) -> Iterator[Change]:
    """A sequence that grew at its end, or lost some of its items; else it is another one."""
    old, new = before.items, after.items
    if new[: len(old)] == old:
        yield Change(name, path, "appended", new[len(old) :])
        return
    left = iter(new)
    following = next(left, None)
    dropped = []
    for item in old:
        if item == following:
            following = next(left, None)
        else:
            dropped.append(item)
    if following is None:
        yield Change(name, path, "dropped", tuple(dropped))
    else:
        yield Change(name, path, "changed", (before, after))


def _step(key: Value) -> str:
    """A key as it follows the name of what it is a key of."""
    if isinstance(key, Atom) and key.text.startswith('"') and key.label.isidentifier():
        return f".{key.label}"
    return f"[{show(key)}]"
