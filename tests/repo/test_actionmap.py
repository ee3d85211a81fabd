"""The code's steps are the specs' actions, both ways, and the generated pages are fresh."""

from __future__ import annotations

import pytest

from daybreak.trace.action import Performance
from tools.actionmap import SpecModule, disagreements, pages, parts, performances, spec_modules, stale

TWICE = {"Commit!Decline", "CrossRegion!Promise"}
"""Which the lease's decline is too, and a restart."""


@pytest.fixture(scope="module")
def modules() -> list[SpecModule]:
    return spec_modules()


def test_every_action_is_a_method_and_every_method_an_action(modules: list[SpecModule]) -> None:
    assert disagreements(performances(), modules) == []


def test_every_rung_with_a_mapping_is_compared(modules: list[SpecModule]) -> None:
    rungs = ["Adjudication", "Commit", "CrossRegion", "SnapshotIsolation", "Placement"]
    assert [module.name for module in modules if len(module.actions) > 5] == rungs
    assert [module.name for module in modules if len(module.actions) <= 5] == ["Damage", "Trimming"]


@pytest.mark.parametrize("missing", performances(), ids=lambda step: step.action)
def test_a_missing_method_is_noticed(modules: list[SpecModule], missing: Performance) -> None:
    rest = [step for step in performances() if step != missing]
    lost = parts(missing, modules).difference(*(parts(step, modules) for step in rest))
    assert missing.action in lost or missing.action in TWICE
    assert {line.split(":")[0] for line in disagreements(rest, modules)} == lost


def test_the_generated_pages_are_fresh() -> None:
    assert [str(path) for path in stale(pages())] == [], "run make docs"
