"""The verdict on a history."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from historycheck.explain import Explanation
from historycheck.index import Index
from historycheck.model import History, Report
from historycheck.recovered import certain_anomalies
from historycheck.skew import skews
from historycheck.times import Timed, lacks_times


def check(history: History, *, black_box: bool = False) -> Report:
    """Decide whether a history is strong snapshot isolation, and name what is wrong with it.

    With `black_box`, or if the database's own times are not all known, it is judged by what clients saw alone.
    HistoryError if it cannot be a history: a name that is used twice, a key that is a register and a list.
    """
    with _uncollected():
        return _check(history, black_box)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for garbage in cycles: there is none, and to go through millions of tuples for it again and
    again takes longer than the check."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _check(history: History, black_box: bool) -> Report:
    index = Index(history)
    lacking = "" if black_box else lacks_times(index)
    if black_box or lacking:
        return _untimed(index, lacking)
    return _timed(index)


def _timed(index: Index) -> Report:
    timed = Timed(index)
    count = len(index.transactions)
    anomalies = Explanation(timed).anomalies()
    if anomalies and timed.guessed:
        certain = certain_anomalies(index)
        return Report(tuple(certain), transactions=count, undecided="" if certain else timed.guessed)
    if anomalies:
        return Report(tuple(anomalies), transactions=count)
    return Report((), tuple(skews(timed)), count)


def _untimed(index: Index, lacking: str) -> Report:
    count = len(index.transactions)
    if anomalies := certain_anomalies(index):
        return Report(tuple(anomalies), transactions=count)
    why = f" ({lacking})" if lacking else ""
    return Report((), transactions=count, undecided=f"no anomaly is certain, but without times{why} the order is open")
