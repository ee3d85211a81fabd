"""Histories as Jepsen and Elle write them: invocations and what came of them, by process, in their real order.

An operation is a map with ``:type`` (``:invoke``, then ``:ok``, ``:fail`` or ``:info``), ``:process``, ``:value`` (a
list of ``[:append k e]``, ``[:w k v]``, ``[:r k v]`` and ``[:scan [low high] {k v}]``) and, if it likes, ``:f``
(``:txn``; all others are passed over), ``:time``, ``:index``, ``:name``, ``:start-ts`` and ``:commit-ts``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from historycheck.errors import HistoryError
from historycheck.model import Append, History, Key, Op, Read, Scan, Status, Transaction, Value, Write

Fail = Callable[[str], HistoryError]
"""Makes an error that names the operation's line."""
OUTCOMES: dict[str, Status] = {"ok": "ok", "fail": "fail", "info": "info"}


class Operation(NamedTuple):
    """A map that was read, and how to complain of it."""

    fields: dict[str, Any]
    fail: Fail


class _Invoked(NamedTuple):
    operation: Operation
    place: int
    time: int
    name: str


def assemble(operations: Iterable[Operation]) -> History:
    """The transactions of a list of operations. HistoryError if one is none, or does not fit those before it."""
    relevant = [each for each in operations if each.fields.get("f", "txn") == "txn"]
    clock = next((name for name in ("time", "index") if all(isinstance(e.fields.get(name), int) for e in relevant)), "")
    waiting: dict[str, _Invoked] = {}
    done: list[tuple[int, Transaction]] = []
    for place, each in enumerate(relevant):
        process, kind = str(each.fields.get("process")), each.fields.get("type")
        time = each.fields[clock] if clock else place
        if kind == "invoke":
            if process in waiting:
                raise each.fail(f"process {process} begins a transaction before it has ended the last one")
            name = each.fields.get("name", f"T{each.fields.get('index', place)}")
            waiting[process] = _Invoked(each, place, time, str(name))
        elif kind not in OUTCOMES:
            raise each.fail(f":type is {kind!r}, and not invoke, ok, fail or info")
        elif process in waiting:
            begun = waiting.pop(process)
            done.append((begun.place, _transaction(begun, each, process, OUTCOMES[kind], time)))
        else:
            raise each.fail(f"process {process} ends a transaction that it has not begun")
    for process, begun in waiting.items():
        done.append((begun.place, _transaction(begun, begun.operation, process, "info", None)))
    return History(tuple(each for _, each in sorted(done, key=lambda pair: pair[0])))


def _transaction(begun: _Invoked, end: Operation, process: str, status: Status, time: int | None) -> Transaction:
    # What did not commit may have no answers: then its invocation tells at least what it would have written.
    source = end if isinstance(end.fields.get("value"), list) else begun.operation
    value = source.fields.get("value")
    if not isinstance(value, list):
        raise source.fail(":value is no list of reads and writes")
    ops = tuple(_op(each, source.fail) for each in value if status == "ok" or not _unanswered(each))
    start, commit = (_time(end, f"{name}-ts") for name in ("start", "commit"))
    return Transaction(begun.name, process, status, ops, begun.time, None if status == "info" else time, start, commit)


def _time(operation: Operation, name: str) -> int | None:
    time = operation.fields.get(name)
    if time is not None and not isinstance(time, int):
        raise operation.fail(f":{name} is {time!r}, and not a whole number")
    return time


def _unanswered(op: Any) -> bool:
    return isinstance(op, list) and len(op) == 3 and op[0] in ("r", "scan") and op[2] is None


def _op(op: Any, fail: Fail) -> Op:
    if not isinstance(op, list) or len(op) != 3:
        raise fail(f"{op!r} is no operation; one is [:append key element], [:w key value], [:r key value] or a scan")
    kind, key, value = op
    if kind == "scan":
        return _scan(key, value, fail)
    if kind == "r":
        return Read(_key(key, fail), _value(value, fail))
    if kind == "w":
        return Write(_key(key, fail), None if value is None else _single(value, fail))
    if kind == "append":
        return Append(_key(key, fail), _single(value, fail))
    raise fail(f"{kind!r} is no operation; those are append, w, r and scan")


def _scan(bounds: Any, found: Any, fail: Fail) -> Scan:
    if not isinstance(bounds, list) or len(bounds) != 2 or not isinstance(found, dict):
        raise fail("a scan is [:scan [low high] {key value}]")
    low, high = (_key(bound, fail) for bound in bounds)
    pairs = ((_like(low, _key(key, fail)), _value(value, fail)) for key, value in found.items())
    return Scan(low, high, tuple(pairs))


def _like(bound: Key, key: Key) -> Key:
    """JSON has no numbers as keys of a map, so that one is a number if the scan's bounds are."""
    return int(key) if isinstance(bound, int) and isinstance(key, str) and re.fullmatch(r"-?\d+", key) else key


def _key(key: Any, fail: Fail) -> Key:
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise fail(f"{key!r} is no key; one is a whole number or text")
    return key


def _value(value: Any, fail: Fail) -> Value:
    if isinstance(value, list):
        return tuple(_single(element, fail) for element in value)
    return None if value is None else _single(value, fail)


def _single(value: Any, fail: Fail) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise fail(f"{value!r} is no value; one is a whole number or text")
    return value
