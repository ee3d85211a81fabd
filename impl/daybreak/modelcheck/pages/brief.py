"""Values and changes in few words, for the boxes of a diagram. The table of steps has the full TLA+ text."""

from __future__ import annotations

import textwrap

from daybreak.modelcheck.changes import Change
from daybreak.modelcheck.pages.lanes import Lane
from daybreak.modelcheck.values import Atom, Function, Record, SetOf, Tuple, Value

ARROW = "\N{RIGHTWARDS ARROW}"
_MARKS = {"added": "+", "appended": "+", "new": "+", "removed": "\N{MINUS SIGN}", "dropped": "\N{MINUS SIGN}"}
_NOTHING = (SetOf(()), Tuple(()))


def brief(value: Value, *, inner: bool = False) -> str:
    """A value without the quotes and signs that only a parser needs; in brackets where it is part of another.

    Of a record those fields are left out in which there is nothing.
    """
    if isinstance(value, Atom):
        return value.label
    if isinstance(value, SetOf):
        return "{" + ", ".join(brief(member, inner=True) for member in value.members) + "}"
    if isinstance(value, Tuple):
        return "<" + ", ".join(brief(item, inner=True) for item in value.items) + ">"
    if isinstance(value, Record):
        told = [field for field in value.fields if field[1] not in _NOTHING] or value.fields
        text = ", ".join(f"{name} {brief(part, inner=True)}" for name, part in told)
    else:
        text = ", ".join(f"{brief(key, inner=True)}: {brief(part, inner=True)}" for key, part in value.entries)
    return f"({text})" if inner or isinstance(value, Function) else text


def on_lane(change: Change, lane: Lane) -> str:
    """What changed for `lane`, without saying again whose it is."""
    path = change.path[1:] if lane.key is not None and change.path[:1] == (lane.key,) else change.path
    keys = [part.label if isinstance(part, Atom) else brief(part) for part in path]
    name = " ".join([change.variable, *keys])
    if change.kind == "changed":
        before, after = (brief(value) for value in change.values)
        return f"{name} {before} {ARROW} {after}"
    if change.kind == "gone":
        return f"{name} gone"
    parts = ", ".join(brief(value, inner=len(change.values) > 1) for value in change.values)
    return f"{name} {_MARKS[change.kind]} {parts}"


def wrapped(text: str, width: int, most: int) -> list[str]:
    """`text` in lines of at most `width` characters, and no more than `most` lines of it."""
    lines = textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False) or [""]
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], lines[most - 1][: width - 1] + "\N{HORIZONTAL ELLIPSIS}"]
