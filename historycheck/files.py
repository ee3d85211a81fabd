"""Histories in files: EDN and JSON as Elle has them, and JSON with a transaction in one piece.

The last is what `write` makes, and what is smallest: one object ``{"transactions": [...]}``, or a transaction a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from historycheck.edn import Reader
from historycheck.elle import Operation, assemble
from historycheck.errors import HistoryError
from historycheck.model import Append, History, Key, Op, Read, Scan, Transaction, Value, Write

LINES = (".ndjson", ".jsonl")


def read(path: Path) -> History:
    """What a file holds. HistoryError, one line with file and place, if that is no history."""
    try:
        data = path.read_bytes()
        text = data.decode()
    except OSError as error:
        raise HistoryError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise HistoryError(f"{path}:{line}: no UTF-8") from None
    if path.suffix == ".edn":
        return _edn(text, str(path))
    return _lines(text, path) if path.suffix in LINES else _json(text, path)


def write(history: History, path: Path) -> None:
    """Write a history in the form that the name's ending asks for: ``.edn``, ``.ndjson``, else one JSON object.

    HistoryError for EDN without real times: there the order of lines is real time.
    """
    if path.suffix == ".edn":
        path.write_text("".join(f"{line}\n" for line in _operations(history)))
    elif path.suffix in LINES:
        path.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in history.transactions))
    else:
        path.write_bytes(msgspec.json.encode(history))


def _edn(text: str, where: str) -> History:
    reader = Reader(text, where)
    operations: list[Operation] = []
    for place, value in reader.forms():
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, dict):
                raise reader.error(place, "a history is a list of maps, one for each operation")
            operations.append(Operation(each, lambda what, place=place: reader.error(place, what)))  # type: ignore[misc]
    return assemble(operations)


def _json(text: str, path: Path) -> History:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _lines(text, path)
        raise HistoryError(f"{path}:{error.lineno}: no JSON: {error.msg}") from None
    if isinstance(found, dict) and "transactions" not in found:
        found = [found]
    if isinstance(found, list):
        return _collect([(f"{path}: element {place}", each) for place, each in enumerate(found)])
    try:
        return msgspec.convert(found, History)
    except msgspec.ValidationError as error:
        raise HistoryError(f"{path}: {error}") from None


def _lines(text: str, path: Path) -> History:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append((f"{path}:{number}", msgspec.json.decode(line)))
            except msgspec.DecodeError as error:
                raise HistoryError(f"{path}:{number}: no JSON: {error}") from None
    return _collect(found)


def _collect(found: list[tuple[str, Any]]) -> History:
    """Transactions in one piece, or operations: what has a type is one of these."""
    for where, each in found:
        if not isinstance(each, dict):
            raise HistoryError(f"{where}: neither a transaction nor an operation: {str(each)[:40]}")
    if any("type" in each for _, each in found):
        return assemble(Operation(each, _complain(where)) for where, each in found)
    transactions = []
    for where, each in found:
        try:
            transactions.append(msgspec.convert(each, Transaction))
        except msgspec.ValidationError as error:
            raise HistoryError(f"{where}: {error}") from None
    return History(tuple(transactions))


def _complain(where: str) -> Any:
    return lambda what: HistoryError(f"{where}: {what}")


def _operations(history: History) -> Iterator[str]:
    """One map a line, in the order of real time; of two at one time, ends come before beginnings."""
    events: list[tuple[int, int, int, str]] = []
    for number, each in enumerate(history.transactions):
        if each.invoked is None or (each.completed is None and each.status != "info"):
            raise HistoryError(f"{each.name} has no real times, which EDN cannot do without; write JSON")
        value = f":value [{' '.join(map(_edn_op, each.ops))}]"
        own = "".join(
            f" :{name}-ts {time}" for name, time in (("start", each.start), ("commit", each.commit)) if time is not None
        )
        head = f":process {_edn_name(each.process)} :f :txn"
        begun = f"{{:type :invoke {head} :time {each.invoked} :name {_edn_string(each.name)} {value}}}"
        events.append((each.invoked, 1, number, begun))
        # That nobody knows what became of it is known at any time.
        end = each.invoked if each.completed is None else each.completed
        order = 1 if end == each.invoked else 0
        events.append((end, order, number, f"{{:type :{each.status} {head} :time {end}{own} {value}}}"))
    return (line for _, _, _, line in sorted(events, key=lambda event: event[:3]))


def _edn_op(op: Op) -> str:
    if isinstance(op, Scan):
        found = " ".join(f"{_edn_name(key)} {_edn_value(value)}" for key, value in op.found)
        return f"[:scan [{_edn_name(op.low)} {_edn_name(op.high)}] {{{found}}}]"
    kind = {Read: "r", Write: "w", Append: "append"}[type(op)]
    return f"[:{kind} {_edn_name(op.key)} {_edn_value(op.value)}]"


def _edn_value(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{' '.join(map(_edn_value, value))}]"
    return "nil" if value is None else str(value) if isinstance(value, int) else _edn_string(value)


def _edn_name(key: Key) -> str:
    if isinstance(key, str) and re.fullmatch(r"[A-Za-z][\w-]*", key, re.ASCII):
        return f":{key}"
    return _edn_value(key)


def _edn_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
