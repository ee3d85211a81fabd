"""Names of things: nodes, transactions, journals."""

from __future__ import annotations

from typing import NewType

NodeId = NewType("NodeId", str)
"""A node, ``zone-or-region/role-number``: ``A1/adj-0``, ``A/qp-3``, ``A1/journal-0``."""

TxnId = NewType("TxnId", str)
"""A transaction; unique over the life of a cluster, restarts included."""

JournalId = NewType("JournalId", str)
"""An ordered stream of records, one per adjudicator and named after it: ``adj-0``."""
