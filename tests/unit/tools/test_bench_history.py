"""The part of the benchmark that measures the history checker."""

from __future__ import annotations

import pytest

from daybreak.errors import OperatorError
from historycheck import History, Report
from tools.bench import history


def test_it_measures_a_right_history_and_a_wrong_one() -> None:
    right, wrong = history.measure(2, transactions=400)
    assert (len(right.samples), len(wrong.samples)) == (2, 2)


def test_a_checker_that_is_wrong_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(found: History) -> Report:
        return Report(())

    monkeypatch.setattr(history, "check", blind)
    with pytest.raises(OperatorError, match="a missed append was not found, seed 0"):
        history.measure(1, transactions=400)
