"""The time up to which nothing is missing (P6), as values in and values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from daybreak.base.ids import JournalId
from daybreak.base.time import ZERO, Timestamp


def watermark(journals: Iterable[JournalId], complete: Mapping[JournalId, Timestamp]) -> Timestamp:
    """The least time up to which every one of `journals` is complete; zero while one has said nothing."""
    return min((complete.get(journal, ZERO) for journal in journals), default=ZERO)
