"""Majorities: what is durable, and which log a new leader adopts. Values in, values out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from daybreak.base.ids import NodeId
from daybreak.journal.messages import Promised


def majority(zones: int) -> int:
    """How many of `zones` replicas are more than half: 2 of 3 (P17)."""
    return zones // 2 + 1


def majority_index(acknowledged: Collection[int]) -> int:
    """The greatest index that a majority has acknowledged; `acknowledged` has one index per replica, 0 for none."""
    return sorted(acknowledged, reverse=True)[majority(len(acknowledged)) - 1]


def longest(promises: Mapping[NodeId, Promised], near: NodeId | None = None) -> NodeId:
    """Whose log a new leader adopts (P18): highest last epoch, then last index; of equal ones `near`, then by name.

    Among promises of a majority this log holds every entry that any earlier leader may have reported durable.
    """
    return max(promises, key=lambda node: (promises[node].last_epoch, promises[node].last_index, node == near, node))
