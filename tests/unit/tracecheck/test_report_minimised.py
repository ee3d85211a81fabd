"""A minimised trace is small, is a trace of its own, and is rejected for the same reason at the same event."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.spoil_adjudication import heartbeat_backwards, judged_below_the_floor
from tests.support.tracefiles import Trace, write
from tracecheck import Plan, check_all
from tracecheck.checker import Checker
from tracecheck.minimise import explained, minimise, part_of
from tracecheck.read import Entry, parse_line
from tracecheck.report import Minimised, Rejection, Result, Step


def rejected(plan: Plan, trace: Trace, directory: Path) -> tuple[Result, Rejection, list[Entry]]:
    """The result of the check, its rejection, and the events up to the rejected one."""
    logs = write(trace, directory / "logs")
    (result,) = check_all([plan], [logs])
    assert result.rejection is not None
    return result, result.rejection, part_of(plan, [logs], result.rejection)


def checked_again(plan: Plan, steps: list[Step]) -> Checker:
    """A check of nothing but these steps."""
    checker = Checker(plan)
    for step in steps:
        entry = parse_line(step.raw.encode(), step.file, step.line)
        assert isinstance(entry, Entry)
        checker.feed(entry)
    checker.finish()
    return checker


def conditions(rejection: Rejection) -> list[tuple[str, str, int]]:
    return [(nearest.note, nearest.conjunct, nearest.line) for nearest in rejection.nearest]


@pytest.mark.parametrize("spoil", [heartbeat_backwards, judged_below_the_floor])
def test_what_is_left_is_rejected_alone_for_the_same_reason(
    spoil: object, trace: Trace, adjudication: Plan, tmp_path: Path
) -> None:
    spoil(trace)  # type: ignore[operator]
    _, rejection, entries = rejected(adjudication, trace, tmp_path)
    small = minimise(adjudication, rejection, entries)
    assert small is not None and small.smallest
    assert len(small.steps) < len(entries) == len(small.steps) + small.dropped

    again = checked_again(adjudication, small.steps).first_rejection
    assert again is not None
    assert (again.file, again.line) == (rejection.file, rejection.line)
    assert conditions(again) == conditions(rejection)


def test_none_of_the_steps_can_be_left_out(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    judged_below_the_floor(trace)
    _, rejection, entries = rejected(adjudication, trace, tmp_path)
    small = minimise(adjudication, rejection, entries)
    assert small is not None
    for i in range(len(small.steps) - 1):
        again = checked_again(adjudication, small.steps[:i] + small.steps[i + 1 :]).first_rejection
        assert again is None or conditions(again) != conditions(rejection) or again.line != rejection.line


def test_the_search_ends_when_its_steps_are_used_up(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    heartbeat_backwards(trace)
    _, rejection, entries = rejected(adjudication, trace, tmp_path)
    small = minimise(adjudication, rejection, entries, most_steps=len(entries) + 10)
    assert small is not None and not small.smallest


def test_what_is_not_rejected_there_is_not_made_smaller(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    heartbeat_backwards(trace)
    _, rejection, entries = rejected(adjudication, trace, tmp_path)
    assert minimise(adjudication, rejection, entries[:-1]) is None
    assert minimise(adjudication, rejection, []) is None


def test_a_result_is_explained_in_the_slice_too(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    heartbeat_backwards(trace)
    result, _, _ = rejected(adjudication, trace, tmp_path)
    whole = explained(adjudication, result, [tmp_path / "logs"])
    assert whole.rejection is not None and isinstance(whole.rejection.minimised, Minimised)
    assert [part.rejection for part in whole.slices] == [whole.rejection]
    assert explained(adjudication, whole, []) == whole


def test_logs_that_are_not_those_any_more_explain_nothing(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    heartbeat_backwards(trace)
    result, rejection, _ = rejected(adjudication, trace, tmp_path)
    (tmp_path / "none").mkdir()
    assert part_of(adjudication, [tmp_path / "none"], rejection) == []
    assert explained(adjudication, result, [tmp_path / "none"]).rejection == rejection
