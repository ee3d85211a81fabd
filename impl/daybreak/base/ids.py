"""Names of things: nodes, transactions, journals."""

from __future__ import annotations

from typing import NewType

NodeId = NewType("NodeId", str)
"""A node, ``zone-or-region/role-number``: ``A1/adj-0``, ``A/qp-3``, ``A1/journal-0``."""

TxnId = NewType("TxnId", str)
"""A transaction; unique over the life of a cluster, restarts included."""

ATTEMPT = "~"
"""Between a transaction's name and the number of an attempt at its commit, of all but the first."""


def next_attempt(txn: TxnId) -> TxnId:
    """The name of the attempt after `txn`: of ``7f.1``, ``7f.1~1``."""
    name, _, number = txn.partition(ATTEMPT)
    return TxnId(f"{name}{ATTEMPT}{int(number or 0) + 1}")


def whole_name(txn: TxnId) -> TxnId:
    """The name of the transaction whose attempt `txn` is."""
    return TxnId(txn.partition(ATTEMPT)[0])


JournalId = NewType("JournalId", str)
"""An ordered stream of records, one per adjudicator and named after it: ``adj-0``."""
