"""A history, folded and sorted: who saw what, who wrote what, and which of it is wrong whatever the order was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from historycheck.errors import HistoryError
from historycheck.fold import Folded, Keys, Seen, fold, show
from historycheck.model import Anomaly, History, Key, Value

Writer = tuple[int, bool]
"""A transaction's number, and whether the value was what it left in the end."""


class Index:
    """Transactions are known by their numbers, which are their places in the history.

    Only what transactions with status ``ok`` have seen counts: a client that was told of no commit may have been told
    nonsense before. An ``info`` transaction that somebody has seen is certain to have committed.
    """

    def __init__(self, history: History) -> None:
        self.transactions = history.transactions
        names = Counter(transaction.name for transaction in self.transactions)
        if twice := [name for name, count in names.items() if count > 1]:
            raise HistoryError(f"two transactions are called {twice[0]!r}; every name may be used once")
        self.keys = Keys(self.transactions)
        nothing = Folded([], {}, [], [])
        self.folded: Sequence[Folded] = [
            fold(transaction, self.keys) if transaction.ops else nothing for transaction in self.transactions
        ]
        self.ok = [transaction.status == "ok" for transaction in self.transactions]
        self.internal = [
            anomaly for ok, each in zip(self.ok, self.folded, strict=True) if ok for anomaly in each.anomalies
        ]

    def name(self, number: int) -> str:
        """What the history calls a transaction."""
        return self.transactions[number].name

    def reads(self, number: int) -> list[Seen]:
        """What a transaction saw of others, if it counts."""
        return self.folded[number].seen if self.ok[number] else []

    def writes(self, number: int) -> dict[Key, Value]:
        """What a transaction leaves if it commits."""
        return self.folded[number].left

    @cached_property
    def writers(self) -> dict[tuple[Key, int | str | None], list[Writer]]:
        """Who wrote a value of a register, or an element of a list."""
        found: dict[tuple[Key, int | str | None], list[Writer]] = {}
        for number, each in enumerate(self.folded):
            for key, value in each.passing:
                if not isinstance(value, tuple):
                    found.setdefault((key, value), []).append((number, False))
            for key, value in each.left.items():
                if isinstance(value, tuple):
                    for element in value:
                        found.setdefault((key, element), []).append((number, True))
                else:
                    found.setdefault((key, value), []).append((number, True))
        return found

    @cached_property
    def seen_info(self) -> set[int]:
        """Transactions whose outcome their client does not know, and of which a committed one has seen something that
        nobody else wrote."""
        alone: dict[Key, dict[int | str | None, int]] = {}
        for number, each in enumerate(self.transactions):
            if each.status == "info":
                for key, left in self.writes(number).items():
                    for value in left if isinstance(left, tuple) else (left,):
                        if value is not None and len(self.writers[key, value]) == 1:
                            alone.setdefault(key, {})[value] = number
        found: set[int] = set()
        for number in range(len(self.transactions)) if alone else ():
            for seen in self.reads(number):
                if of_key := alone.get(seen.key):
                    values = of_key.keys() & (seen.value if isinstance(seen.value, tuple) else (seen.value,))
                    found.update(of_key[value] for value in values)
        return found

    def wrong_value(self, reader: int, seen: Seen) -> Anomaly | None:
        """What is wrong with what a transaction saw, whatever the order was: nobody wrote it, or nobody who committed,
        or it was not yet complete."""
        if not isinstance(seen.value, tuple):
            return None if seen.value is None else self._wrong(reader, seen, seen.value)
        if len(set(seen.value)) < len(seen.value):
            twice = next(element for element in seen.value if seen.value.count(element) > 1)
            what = f"saw {show(twice)} twice in {seen.key!r}: {show(seen.value)}"
            return self._anomaly("duplicate value", reader, what)
        for element in seen.value:
            if wrong := self._wrong(reader, seen, element):
                return wrong
        return self._part(reader, seen.key, seen.value)

    def _part(self, reader: int, key: Key, elements: tuple[int | str, ...]) -> Anomaly | None:
        """What is wrong if a list has a part of what a transaction appended, or has it in another order."""
        shown: dict[int, list[int | str]] = {}
        for element in elements:
            shown.setdefault(self.owner(key, element), []).append(element)
        for owner, part in shown.items():
            left = self.writes(owner)[key]
            if tuple(part) != left:
                what = f"saw {show(elements)} in {key!r}, where {self.name(owner)} appended {show(left)}"
                return self._anomaly("G1b", reader, what, owner)
        return None

    def owner(self, key: Key, element: int | str) -> int:
        """Who appended an element: of several, the first that did not fail."""
        writers = [writer for writer, _ in self.writers[key, element]]
        return next((writer for writer in writers if self.transactions[writer].status != "fail"), writers[0])

    def _wrong(self, reader: int, seen: Seen, value: int | str) -> Anomaly | None:
        key = seen.key
        writers = self.writers.get((key, value), [])
        if not writers:
            return self._anomaly("unknown value", reader, f"saw {value!r} in {key!r}, which nobody wrote")
        own = [writer for writer, _ in writers if writer == reader]
        alive = [(writer, final) for writer, final in writers if self.transactions[writer].status != "fail"]
        if own and len(alive) == 1:
            return self._anomaly("internal", reader, f"saw {value!r} in {key!r} before it wrote that itself")
        if not alive:
            what = f"saw {value!r} in {key!r}, but {self.name(writers[0][0])}, which wrote that, did not commit"
            return self._anomaly("G1a", reader, what, writers[0][0])
        if not any(final for _, final in alive):
            left = show(self.writes(alive[0][0])[key])
            what = f"saw {value!r} in {key!r}, where {self.name(alive[0][0])}, which wrote that, left {left} in the end"
            return self._anomaly("G1b", reader, what, alive[0][0])
        return None

    def _anomaly(self, name: str, reader: int, what: str, other: int | None = None) -> Anomaly:
        names = (self.name(reader),) if other is None else (self.name(other), self.name(reader))
        return Anomaly(name, f"{self.name(reader)} {what}.", names)
