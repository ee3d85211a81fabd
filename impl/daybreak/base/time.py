"""Timestamps and clock intervals."""

from __future__ import annotations

from typing import NamedTuple, NewType

Timestamp = NewType("Timestamp", int)
"""Microseconds since 1970-01-01 UTC."""

ZERO = Timestamp(0)
"""Before every time that a clock shows."""

SECOND_US = 1_000_000


class Interval(NamedTuple):
    """True time lies in ``[earliest, latest]``, both in microseconds and inclusive."""

    earliest: Timestamp
    latest: Timestamp
