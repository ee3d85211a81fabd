"""Strong snapshot isolation, said in the plainest way: is there an order of starts and commits in which an ideal
database would have shown what was seen? All orders are tried, so histories have to be very small."""

from __future__ import annotations

import random

from historycheck.model import Append, History, Key, Op, Read, Scan, Status, Transaction, Value, Write

KEYS: tuple[Key, ...] = (0, 1, "l")
"""Two registers and a list."""


def has_order(history: History, *, strong: bool) -> bool:
    """Whether there is one."""
    alive = [one for one in history.transactions if one.status != "fail"]
    return _Database(alive, strong).goes_on(frozenset(), (), {})


Store = dict[Key, tuple[int, Value]]
"""The newest version of each key, and which commit in the order of all it came with."""
Running = tuple[tuple[int, int], ...]
"""Transactions that have started, and how many had committed by then."""


class _Database:
    def __init__(self, transactions: list[Transaction], strong: bool) -> None:
        self._all = transactions
        self._earlier = [
            [j for j, other in enumerate(transactions) if strong and _before(other, one, j < i)]
            for i, one in enumerate(transactions)
        ]

    def goes_on(self, ended: frozenset[int], running: Running, store: Store, clock: int = 0) -> bool:
        """Whether the transactions that have not ended can, from a state of the database on."""
        if all(number in ended for number, one in enumerate(self._all) if one.status == "ok"):
            return True
        for number, one in enumerate(self._all):
            if number in ended or number in dict(running) or not ended.issuperset(self._earlier[number]):
                continue
            if one.status == "ok" and not _sees(one, store):
                continue
            if self.goes_on(ended, (*running, (number, clock)), store, clock):
                return True
        for number, start in running:
            left = _left(self._all[number], store)
            if all(store.get(key, (0, None))[0] <= start for key in left):
                now = {**store, **{key: (clock + 1, value) for key, value in left.items()}}
                rest = tuple(each for each in running if each[0] != number)
                if self.goes_on(ended | {number}, rest, now, clock + 1):
                    return True
        return False


def _before(other: Transaction, one: Transaction, listed: bool) -> bool:
    """Whether one transaction may count on the other to have committed."""
    if other is one or other.status != "ok":
        return False
    if other.completed is not None and one.invoked is not None:
        return other.completed < one.invoked or (
            listed and other.process == one.process and other.completed <= one.invoked
        )
    return listed and other.process == one.process


def _sees(one: Transaction, store: Store) -> bool:
    """Whether the reads of a transaction, which come before its writes, are what is there."""
    for op in one.ops:
        if isinstance(op, Read) and store.get(op.key, (0, None))[1] != (None if op.value == () else op.value):
            return False
        if isinstance(op, Scan):
            there = [(key, store[key][1]) for key in (0, 1) if key in store and store[key][1] is not None]
            if sorted(there) != sorted(op.found):
                return False
    return True


def _left(one: Transaction, store: Store) -> dict[Key, Value]:
    left: dict[Key, Value] = {}
    for op in one.ops:
        if isinstance(op, Write):
            left[op.key] = op.value
        elif isinstance(op, Append):
            before = left.get(op.key, store.get(op.key, (0, None))[1])
            left[op.key] = (*(before if isinstance(before, tuple) else ()), op.value)
    return left


def small_history(seed: int) -> History:
    """A few transactions that saw what others may have written, whether that goes together or not."""
    rng = random.Random(f"small/{seed}")
    writes: list[dict[Key, Op]] = []
    written: dict[Key, list[int | None]] = {key: [None] for key in KEYS}
    for number in range(rng.randint(2, 5)):
        writes.append({})
        for key in rng.sample(KEYS, rng.randint(0, 2)):
            value = None if key != "l" and rng.random() < 0.25 else rng.choice((number, number, number, 7))
            writes[-1][key] = Append(key, number) if key == "l" else Write(key, value)
            written[key].append(number if key == "l" else value)
    timed = rng.random() < 0.7
    transactions = []
    for number, own in enumerate(writes):
        reads = [_read(rng, written) for _ in range(rng.randint(not own, 2))]
        status: Status = rng.choice(("ok", "ok", "ok", "ok", "ok", "ok", "info", "fail"))
        invoked = rng.randint(0, 12) if timed else None
        ended = None if invoked is None or status == "info" else invoked + rng.randint(1, 8)
        process = f"p{number if timed else rng.randint(0, 4)}"
        ops = (*dict.fromkeys(reads), *own.values())
        transactions.append(Transaction(f"t{number}", process, status, ops, invoked, ended))
    return History(tuple(transactions))


def _read(rng: random.Random, written: dict[Key, list[int | None]]) -> Op:
    if rng.random() < 0.2:
        found = [(key, rng.choice(written[key])) for key in (0, 1)]
        return Scan(0, 2, tuple((key, value) for key, value in found if value is not None))
    key = rng.choice(KEYS)
    if key != "l":
        return Read(key, rng.choice(written[key]))
    elements = [element for element in written[key] if element is not None]
    return Read(key, tuple(rng.sample(elements, rng.randint(0, len(elements)))) or None)
