"""The event: what one line of a node's log holds."""

from __future__ import annotations

import msgspec

from daybreak.base.time import Interval

SCHEMA_VERSION = 1
"""Raised whenever a reader of the previous version would misread an event."""


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One protocol step of one node."""

    v: int
    """Schema version."""
    n: int
    """Number of the event at its node: 1, 2, 3 … without gaps, restarts included."""
    node: str
    """Who took the step: ``A1/adj-0``."""
    at: Interval
    """The node's clock interval just after the step, in microseconds since 1970."""
    act: str
    """The step: ``Module!Action``."""
    args: dict[str, object]
    """The action's parameters by name; times in microseconds since 1970, keys as ``t12/8000000a``."""
    epoch: int = 0
    """The adjudicator's epoch; 0 for roles without one."""
    slice: str | None = None
    """The adjudicator whose state the step belongs to."""
    cause: tuple[tuple[str, int], ...] = ()
    """Last event known of each other node, of those learnt since this node's previous event."""
