"""The transactions of several owners that an adjudicator leads, as long as they are undecided (P12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from daybreak.adjudicator.undecided import Undecided
from daybreak.base.ids import TxnId
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace


class Led:
    """What is known of them, by name; `check` is what must hold of the adjudicator after a step."""

    def __init__(self, trace: Trace, check: Callable[[], None]) -> None:
        self.trace = trace
        self.check_invariants = check
        self._heard: dict[TxnId, Undecided] = {}

    def __len__(self) -> int:
        return len(self._heard)

    def __iter__(self) -> Iterator[TxnId]:
        return iter(list(self._heard))

    def get(self, txn: TxnId) -> Undecided:
        """What is known of a transaction, which may be nothing."""
        return self._heard.get(txn) or Undecided()

    def __contains__(self, txn: TxnId) -> bool:
        return txn in self._heard

    def hear(self, txn: TxnId) -> Undecided:
        """What is known of a transaction, to be added to."""
        return self._heard.setdefault(txn, Undecided())

    def clear(self) -> None:
        """Know nothing of any."""
        self._heard.clear()

    def end(self, txn: TxnId) -> None:
        """It is decided, or an owner has refused it."""
        self._heard.pop(txn, None)

    @performs("Commit!Decline")
    def decline(self, *, txn: TxnId) -> None:
        """P12, P16: votes are missing, no time suits all holds, or the request has not come and shall not count."""
        self.end(txn)
