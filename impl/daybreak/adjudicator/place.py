"""Where a candidate stands in its cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from daybreak.base.ids import JournalId, NodeId
from daybreak.base.placed import Owned


class Place(NamedTuple):
    """Who a candidate is, and whom it knows."""

    node: NodeId
    journal: JournalId
    """The journal that it may lead."""
    replicas: tuple[NodeId, ...]
    """Those of that journal."""
    crossbars: tuple[NodeId, ...]
    candidates: Mapping[JournalId, tuple[NodeId, ...]]
    """Who may lead each journal of the cluster, that of the home zone first."""
    first: tuple[Owned, ...] = (Owned(b"", b""),)
    """The key ranges that the adjudicator has while its journal says nothing of any."""
    told: tuple[NodeId, ...] = ()
    """Who is told of the ranges that it has."""
