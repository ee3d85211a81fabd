"""Bugs of a query processor: snapshots, reads, slices, answers to COMMIT."""

from __future__ import annotations

from typing import Any

from daybreak.adjudicator.messages import Committed, Reason, Refused
from daybreak.base.ids import JournalId, NodeId, TxnId, next_attempt
from daybreak.base.time import Timestamp
from daybreak.query import attempts, processor
from daybreak.query.committer import Committer
from daybreak.query.messages import AskAgain, CommitDone
from daybreak.query.processor import QueryProcessor
from daybreak.query.reads import Reads
from daybreak.query.slices import Slice, divide
from daybreak.runtime.protocols import Effects, Send
from tools.bugbank.bug import bugs
from tools.bugbank.patch import Patch


def aborted_after_commit(patch: Patch) -> None:
    """An answer that the record is durable is taken for a refusal."""

    def confused(self: QueryProcessor, source: NodeId, message: Committed) -> Effects:
        if self._waiting_for(message.txn, "committing") is None:
            return []
        self.abort(txn=message.txn)
        return [Send(self._session, CommitDone(message.txn, message.ts))]

    patch.setattr(QueryProcessor, "on_committed", confused)


def no_commit_wait(patch: Patch) -> None:
    """The client hears of its commit before its time has passed on every clock."""

    def at_once(self: QueryProcessor, txn: Any, ts: Timestamp) -> Effects:
        self.acknowledge(txn=txn)
        return [Send(self._session, CommitDone(txn, ts))]

    patch.setattr(QueryProcessor, "_commit_wait", at_once)


def writers_commit_as_readers(patch: Patch) -> None:
    """Every transaction ends without the adjudicator, those that have written something too."""

    def quick(self: QueryProcessor) -> Effects:
        transaction = self.transaction
        self.commit_read_only(txn=transaction.txn)
        return [Send(self._session, CommitDone(transaction.txn, transaction.start))]

    patch.setattr(QueryProcessor, "finish", quick)


def snapshots_are_of_the_past(patch: Patch) -> None:
    """A snapshot of a little while ago would spare many reads a wait."""
    begin = QueryProcessor.begin

    def earlier(self: QueryProcessor, *, txn: TxnId, start: Timestamp) -> None:
        begin(self, txn=txn, start=Timestamp(start - 20_000))

    patch.setattr(QueryProcessor, "begin", earlier)


def every_read_has_its_own_snapshot(patch: Patch) -> None:
    """A read is of now, as in a database that only has read committed."""
    for name in ("get", "scan"):
        patch.rewrite(
            QueryProcessor, name, "start = self._young().start", "self._young(); start = self.clock.now().latest"
        )


def _led_alone(accesses: Any, ranges: Any) -> tuple[JournalId, dict[JournalId, Slice]]:
    leader, slices = divide(accesses, ranges)
    return leader, {leader: slices[leader]}


def only_the_leader_is_asked(patch: Patch) -> None:
    """The slices of the other owners are forgotten."""
    for module in (processor, attempts):
        patch.setattr(module, "divide", _led_alone)


def silence_is_taken_for_a_refusal(patch: Patch) -> None:
    """Who gets no answer to COMMIT tells the client that it has failed."""

    def impatient(self: Committer, source: NodeId, message: AskAgain) -> Effects:
        return self.on_refused(source, Refused(message.txn, Reason.UNAVAILABLE))

    patch.setattr(Committer, "on_ask_again", impatient)


def commit_is_sent_again_under_another_name(patch: Patch) -> None:
    """Who gets no answer to COMMIT begins anew, as if the first request had never arrived."""

    def again(self: Committer, source: NodeId, message: AskAgain) -> Effects:
        transaction = self._waiting_for(message.txn, "committing")
        if transaction is None or self._asked is None:
            return []
        transaction.attempt = next_attempt(transaction.attempt)
        return self._requests_to(self._asked.leader, self._asked.slices)

    patch.setattr(Committer, "on_ask_again", again)


def nobody_is_asked_again(patch: Patch) -> None:
    """An answer to COMMIT that was lost is waited for all the same, and so is that of a leader that is lost."""
    patch.setattr(Committer, "on_ask_again", lambda self, source, message: [])


def lost_reads_are_not_repeated(patch: Patch) -> None:
    """A message to storage is thought to arrive."""
    patch.setattr(Reads, "timed_out", lambda self, message: [])


BUGS = bugs(
    "query processor",
    {
        "only loss": (lost_reads_are_not_repeated,),
        "alone": (
            aborted_after_commit,
            writers_commit_as_readers,
            snapshots_are_of_the_past,
        ),
        "alone, inexact clocks": (no_commit_wait,),
        "crowd": (
            every_read_has_its_own_snapshot,
            only_the_leader_is_asked,
        ),
        "crashes": (
            silence_is_taken_for_a_refusal,
            commit_is_sent_again_under_another_name,
        ),
        "cut off": (nobody_is_asked_again,),
    },
)
