"""The verdict on a history."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from historycheck.blackbox import decide, with_times
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
    if black_box or lacks_times(index):
        return _ordered(index, timed=False)
    return _timed(index)


def _timed(index: Index) -> Report:
    timed = Timed(index)
    count = len(index.transactions)
    anomalies = Explanation(timed).anomalies()
    if anomalies and timed.guessed:
        return _ordered(index, timed=True)
    if anomalies:
        return Report(tuple(anomalies), transactions=count)
    return Report((), tuple(skews(timed)), count)


def _ordered(index: Index, *, timed: bool) -> Report:
    """What has a name is named first; what is left may still have no order, and if it has one, that gives it times."""
    if anomalies := certain_anomalies(index):
        return Report(tuple(anomalies), transactions=len(index.transactions))
    report, spans = decide(index, timed=timed)
    if not spans:
        return report
    ordered = Timed(Index(with_times(index.transactions, spans)))
    return Report((), tuple(skews(ordered)), report.transactions)
