"""Histories as short texts, one transaction a line.

    a 2..4: r x 1, w x 2            started at 2, committed at 4; `2..` if it wrote nothing
    b 5.. in p real 10..20: r x -   in session p; begun and ended in real time; `-`: there was nothing
    c 3..9 fail: add y 1            `fail` or `info`
    d 6..: r y [1 2], scan 1 9 {3=7 4=8}

Keys that are digits are numbers.
"""

from __future__ import annotations

import re
from typing import cast

from historycheck.model import Append, History, Key, Op, Read, Scan, Status, Transaction, Value, Write

_LINE = re.compile(
    r"(?P<name>\w+)(?: (?P<start>\d+)\.\.(?P<commit>\d*))?(?: in (?P<process>\w+))?"
    r"(?: real (?P<invoked>\d+)\.\.(?P<completed>\d*))?(?: (?P<status>fail|info))?: *(?P<ops>.*)"
)


def story(text: str) -> History:
    """The history that a text tells."""
    return History(tuple(_transaction(line.strip()) for line in text.strip().splitlines()))


def _transaction(line: str) -> Transaction:
    found = _LINE.fullmatch(line)
    assert found, line
    status = cast(Status, found["status"] or "ok")
    ops = tuple(_op(each.strip()) for each in found["ops"].split(",") if each.strip())
    times = (int(found[each]) if found[each] else None for each in ("invoked", "completed", "start", "commit"))
    return Transaction(found["name"], found["process"] or found["name"], status, ops, *times)


def _op(text: str) -> Op:
    kind, key, *rest = text.split(" ", 2)
    if kind == "scan":
        high, found = rest[0].split(" ", 1)
        pairs = (each.split("=") for each in found.strip("{}").split())
        return Scan(_key(key), _key(high), tuple((_key(one), _value(other)) for one, other in pairs))
    if kind == "r":
        return Read(_key(key), _value(rest[0]))
    value = _value(rest[0])
    assert not isinstance(value, tuple)
    if kind == "w":
        return Write(_key(key), value)
    assert kind == "add" and value is not None, text
    return Append(_key(key), value)


def _key(text: str) -> Key:
    return int(text) if text.isdigit() else text


def _value(text: str) -> Value:
    if text == "-":
        return None
    if text.startswith("["):
        return tuple(_key(each) for each in text.strip("[]").split())
    return _key(text)
