"""Bugs of clocks."""

from __future__ import annotations

from daybreak.base.time import Interval, Timestamp
from daybreak.runtime.timeline import Timeline
from tools.bugbank.bug import bugs
from tools.bugbank.patch import Patch


def every_jump_is_believed(patch: Patch) -> None:
    """The machine's clock is thought to be right."""

    def believe(self: Timeline, reading: int, steady: int, apart: int = 0) -> Interval:
        return Interval(Timestamp(reading // 1_000 - 300), Timestamp(reading // 1_000 + 300))

    patch.setattr(Timeline, "at", believe)


def clocks_are_thought_to_be_exact(patch: Patch) -> None:
    """The declared error of a clock is left out of its intervals."""
    at = Timeline.at

    def exact(self: Timeline, reading: int, steady: int, apart: int = 0) -> Interval:
        low, high = at(self, reading, steady, apart)
        return Interval(Timestamp((low + high) // 2), Timestamp((low + high) // 2))

    patch.setattr(Timeline, "at", exact)


BUGS = bugs(
    "clock",
    {
        "readers and inexact clocks": (clocks_are_thought_to_be_exact,),
        "clocks that jump": (every_jump_is_believed,),
    },
)
