"""The verdict on a history."""

from __future__ import annotations

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
    return Report((), tuple(skews(index, timed.dependencies(timed.versions))), count)


def _untimed(index: Index, lacking: str) -> Report:
    count = len(index.transactions)
    if anomalies := certain_anomalies(index):
        return Report(tuple(anomalies), transactions=count)
    why = f" ({lacking})" if lacking else ""
    return Report((), transactions=count, undecided=f"no anomaly is certain, but without times{why} the order is open")
