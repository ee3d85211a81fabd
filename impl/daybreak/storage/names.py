"""Names of the transactions that have committed lately, for those who did not hear of it (P16)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from daybreak.base.ids import TxnId, whole_name
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Record


class Names:
    """Commit times by name of transaction.

    # Invariant: every record that was added and is later than `since` is here, in commit order.
    """

    def __init__(self) -> None:
        self.since: Timestamp = ZERO
        """What committed at or before this time may be missing."""
        self._times: dict[TxnId, Timestamp] = {}

    def begin(self, since: Timestamp) -> None:
        """Nothing is known of what committed at or before `since`."""
        self.since = since
        self._times.clear()

    def restore(self, names: Iterable[tuple[TxnId, Timestamp]]) -> None:
        """Take in what `listed` gave, in its order."""
        self._times.update(names)

    def listed(self, upto: Timestamp) -> list[tuple[TxnId, Timestamp]]:
        """What committed at or before `upto`, in commit order."""
        return list(takewhile(lambda item: item[1] <= upto, self._times.items()))

    def __len__(self) -> int:
        return len(self._times)

    def add(self, record: Record) -> None:
        """A transaction has committed, later than all that were added before."""
        self._times[whole_name(TxnId(record.txn))] = Timestamp(record.ts)

    def find(self, txn: TxnId) -> Timestamp | None:
        """The commit time of `txn`; None where it has not committed, or not since `since`."""
        return self._times.get(whole_name(txn))

    def forget(self, upto: Timestamp) -> None:
        """Drop what committed at or before `upto`."""
        self.since = max(self.since, upto)
        old = takewhile(lambda item: item[1] <= upto, self._times.items())
        for txn in [txn for txn, _ in old]:
            del self._times[txn]
