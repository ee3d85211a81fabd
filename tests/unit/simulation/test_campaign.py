"""A campaign has a verdict on every case, whatever becomes of the process that runs it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from daybreak.errors import RequestError
from daybreak.simulation.campaign import Given, Judged, drawn, judged
from daybreak.simulation.case import Case, read_case
from daybreak.simulation.profiles import draw
from daybreak.simulation.verdict import Verdict
from daybreak.simulation.worker import Orders, find_plant
from tests.support.trials import ASLEEP, BROKEN, FOUND, KILLED, STUCK


class Learning(Given):
    """The cases of some seeds, and which of them have become known."""

    def __init__(self, seeds: range) -> None:
        super().__init__(Case(seed, draw("calm", seed)) for seed in seeds)
        self.learnt: list[int] = []

    def learn(self, case: Case, verdict: Verdict) -> None:
        assert case.seed == verdict.seed
        self.learnt.append(case.seed)


def orders(directory: Path, plant: str, limit_seconds: float = 60) -> Orders:
    """With a plant of `tests.support.trials`."""
    return Orders(str(directory), f"tests.support.trials:{plant}", limit_seconds, states=False)


def test_whatever_becomes_of_a_process_there_is_a_verdict(tmp_path: Path) -> None:
    cases = Learning(range(9))
    with closing(judged(cases, orders(tmp_path, "unwell", 0.5), 2)) as results:
        found: dict[int, Judged] = {result.case.seed: result for result in results}
    assert sorted(cases.learnt) == sorted(found) == [*range(9)]
    said = {seed: result.verdict.findings for seed, result in found.items() if result.verdict.findings}
    assert said.keys() == {KILLED, STUCK, BROKEN, FOUND, ASLEEP}
    assert said[KILLED][0].sentence == "the process that ran it has ended by signal 9"
    for seed in (STUCK, ASLEEP):
        assert said[seed][0].judge == "liveness"
        assert "in act" in (found[seed].directory / "stuck.txt").read_text()
    assert "a judge has broken down: ValueError: no judge expected that" in said[BROKEN][0].sentence
    assert "in act" in (found[BROKEN].directory / "broken.txt").read_text()
    assert said[FOUND][0].sentence == "lost update of x"
    assert {path.name for path in tmp_path.iterdir()} == {found[seed].directory.name for seed in said}
    for seed in said:
        assert read_case(found[seed].directory / "case.json") == found[seed].case


def test_after_its_time_no_case_is_begun(tmp_path: Path) -> None:
    cases = Learning(range(9))
    with closing(judged(cases, orders(tmp_path, "well"), 1, seconds=0)) as results:
        assert list(results) == []
    assert cases.learnt == []


def test_who_has_seen_enough_ends_all_processes(tmp_path: Path) -> None:
    with closing(judged(drawn("calm", range(100)), orders(tmp_path, "well"), 2)) as results:
        assert next(results).verdict.clean
    with pytest.raises(StopIteration):
        next(results)


@pytest.mark.parametrize("name", ["nowhere:f", "tests.support.trials", "tests.support.trials:none", "", ":"])
def test_a_plant_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="nothing to plant"):
        find_plant(name)
