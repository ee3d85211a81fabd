"""The events of one node on their way into the order, and what may be wrong with the next of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tracecheck.past import Past
from tracecheck.read import Entry, Finding


@dataclass(eq=False, slots=True)
class Source:
    """One log file. Its node is known from its first event on. `parked` are events whose turn has not come: another
    file has to bring those before them. The node's events `first` .. `last` came from here since they last did."""

    file: str
    node: Node | None = None
    parked: deque[Entry] = field(default_factory=deque)
    first: int = 0
    last: int = 0
    open: bool = True


@dataclass(eq=False, slots=True)
class Node:
    """One node's events, of whichever files. `key` is the earliest time of the last event that was taken in; those that
    were not passed on are `pending`."""

    name: str
    last_n: int = 0
    last: Entry | None = None
    key: int = 0
    pending: deque[Entry] = field(default_factory=deque)
    current: Source | None = None
    parked: list[Source] = field(default_factory=list)
    defect: Finding | None = None


def defect_of(node: Node, entry: Entry, past: Past, *, moved: bool = False) -> Finding | None:
    """What is wrong with `entry` as the next of its node, when `past` has been passed on. `moved`: it is the first of
    another file than the one before it."""
    event, place, before = entry.event, (entry.file, entry.line), node.last
    n, name, expected = event.n, event.node, node.last_n + 1
    if n > expected:
        missing = f"event {expected}" if n == expected + 1 else f"events {expected} to {n - 1}"
        return Finding("gap", f"{missing} of {name} missing before event {n}", *place)
    if n < expected and (before is None or moved):
        where = f"is also in {before.file}" if before is not None else "was checked already"
        text = f"event {n} of {name} {where}: a node has one log, and it is rotated by renaming, not by copying"
        return Finding("two-files", text, *place)
    if before is not None and n == node.last_n:
        return Finding("duplicate", f"event {n} of {name} is also on line {before.line}", *place)
    if n < expected:
        return Finding("backwards", f"event {n} of {name} comes after event {node.last_n}", *place)
    if event.at[1] < node.key:
        text = f"the clock of {name} went backwards: event {n} was over before event {n - 1} had begun"
        return Finding("clock", text, *place)
    behind_us = past.behind(event)
    if behind_us is None:
        return None
    text = f"arrived {behind_us / 1000:.1f} ms behind events that were already checked"
    return Finding("late", f"{text}; follow with a longer hold-back", *place)
