"""COMMIT while key ranges move (P9): owners are looked up in a map that may be old.

Who is asked for a key that it does not own says who may, and its leader closes the attempt: nobody decides anything
under that name any more. So the query processor asks again, under the next one, and the client does not notice. While a
range is on its way no owner answers for it; that takes some milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping

from daybreak.adjudicator.messages import Reason, Redirect, Refused
from daybreak.base.ids import JournalId, NodeId, TxnId, next_attempt
from daybreak.base.keys import Key
from daybreak.base.placementmap import PlacementMap
from daybreak.base.writes import Access
from daybreak.query.committer import Committer
from daybreak.query.messages import CommitFailed, CommitTimeout, NextAttempt
from daybreak.query.slices import divide
from daybreak.query.transaction import Transaction
from daybreak.runtime.protocols import After, Effects, Send
from daybreak.trace.action import performs


class Attempts(Committer):
    """A committer that asks again, and whom."""

    _ranges: PlacementMap
    """Shared by all query processors of the process."""

    def ask(self, *, txn: TxnId, leader: JournalId, slices: Mapping[JournalId, Mapping[Key, Access]]) -> None:
        """The first attempt."""
        self.transaction.version = self._ranges.version
        super().ask(txn=txn, leader=leader, slices=slices)

    @performs("Commit!AskAgain")
    def ask_again(
        self, *, txn: TxnId, again: TxnId, leader: JournalId, slices: Mapping[JournalId, Mapping[Key, Access]]
    ) -> None:
        """P9: the attempt `txn` is over, since a key range has moved; the owners are asked under another name."""
        transaction = self.transaction
        transaction.attempt, transaction.closed = again, False
        transaction.version = self._ranges.version

    def on_redirect(self, source: NodeId, message: Redirect) -> Effects:
        """An owner tells who may own what it was asked for; that the attempt is over, its leader will say."""
        self._ranges.learn(message.ranges)
        return []

    def on_refused(self, source: NodeId, message: Refused) -> Effects:
        """An attempt that is over does not end the transaction, if a key range has moved."""
        transaction = self._waiting_for(message.txn, "committing")
        if transaction is None or transaction.closed:
            return []
        if message.reason is Reason.MOVED:
            return self._close_attempt(transaction)
        return super().on_refused(source, message)

    def _close_attempt(self, transaction: Transaction) -> Effects:
        """Ask again: at once if more is known of the owners than when they were asked, or a little later."""
        transaction.closed = True
        again = NextAttempt(transaction.attempt)
        if self._ranges.version != transaction.version:
            return self.on_next_attempt(self.node, again)
        transaction.pause_us = min(transaction.pause_us * 2 or self._settings.limbo_us, self._settings.limbo_most_us)
        return [After(transaction.pause_us, again)]

    def on_next_attempt(self, source: NodeId, message: NextAttempt) -> Effects:
        """Ask whoever is believed to own the keys now."""
        transaction = self._waiting_for(message.txn, "committing")
        if transaction is None or not transaction.closed:
            return []
        leader, slices = divide(transaction.accesses, self._ranges)
        self.ask_again(txn=message.txn, again=next_attempt(message.txn), leader=leader, slices=slices)
        return self._requests_to(leader, slices)

    def on_commit_timeout(self, source: NodeId, message: CommitTimeout) -> Effects:
        """Between two attempts it is known that nothing was committed."""
        transaction = self._transaction
        if transaction is None or transaction.txn != message.txn or not transaction.closed:
            return super().on_commit_timeout(source, message)
        self.abort(txn=transaction.attempt)
        return [Send(self._session, CommitFailed(message.txn, str(Reason.UNAVAILABLE)))]
