"""Every bug of the bank is found, and the judges of runs need each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.simulation.verdict import Judge
from tools.bugbank import table
from tools.bugbank.bank import BANK, MODULES
from tools.bugbank.bug import Bug
from tools.bugbank.conditions import CONDITIONS
from tools.bugbank.hunt import MOST_SEEDS, Found, try_seed
from tools.bugbank.patch import patching

FALLBACKS = 12
"""Seeds that are tried besides those that were noted: which run a seed gives changes with what is simulated."""


@pytest.fixture(scope="module")
def found() -> dict[str, Found]:
    return table.load()


@pytest.mark.parametrize("bug", BANK.values(), ids=lambda bug: str(bug.name))
def test_a_judge_finds_the_bug(bug: Bug, found: dict[str, Found], tmp_path: Path) -> None:
    noted = sorted(set(found[bug.name].seeds.values()))
    others = [seed for seed in range(FALLBACKS) if seed not in noted]
    verdicts = (try_seed(bug, seed, tmp_path / str(seed)) for seed in (*noted, *others))
    assert any(verdict.findings for verdict in verdicts), f"{bug.name} is not found any more: python -m tools.bugbank"


def test_the_page_tells_of_every_bug(found: dict[str, Found]) -> None:
    assert list(found) == list(BANK)
    assert {name: bug.conditions for name, bug in found.items()} == {n: bug.conditions for n, bug in BANK.items()}
    assert table.PAGE.read_text() == table.page(found), "python -m tools.bugbank writes it anew"


def test_every_bug_was_found_with_few_seeds(found: dict[str, Found]) -> None:
    assert len(BANK) >= 40
    assert all(bug.first is not None and bug.first < MOST_SEEDS for bug in found.values())


def test_no_judge_finds_every_bug(found: dict[str, Found]) -> None:
    for judge in table.JUDGES:
        assert any(judge not in bug.seeds for bug in found.values()), judge


@pytest.mark.parametrize("judge", table.JUDGES)
def test_each_judge_finds_something_that_no_other_does(judge: Judge, found: dict[str, Found]) -> None:
    assert table.alone(found, judge), judge


def test_bugs_have_a_sentence_and_known_conditions() -> None:
    assert sum(len(module.BUGS) for module in MODULES) == len(BANK), "two bugs have one name"
    assert {bug.conditions for bug in BANK.values()} == set(CONDITIONS)
    assert all(bug.sentence.endswith(".") for bug in BANK.values())


def test_a_bug_is_gone_when_its_run_is_over(tmp_path: Path) -> None:
    bug = BANK["updates_do_not_conflict"]
    assert try_seed(bug, 0, tmp_path / "with").findings
    assert not try_seed(Bug(lambda patch: None, "nobody", bug.conditions), 0, tmp_path / "without").findings


class Base:
    """To be patched."""

    def greet(self, name: str) -> str:
        """Say something."""
        return f"hello {name}"


class Derived(Base):
    """To be patched, with `super()` in it."""

    def greet(self, name: str) -> str:
        return super().greet(name) + "!"

    @property
    def size(self) -> int:
        """A number."""
        return 1 + 1


def test_methods_are_rewritten_for_a_while() -> None:
    with patching() as patch:
        patch.rewrite(Derived, "greet", '"!"', '"?"')
        patch.rewrite(Derived, "greet", "super().greet(name)", 'super().greet("you")')
        patch.rewrite(Derived, "size", "1 + 1", "1 + 2")
        assert (Derived().greet("me"), Derived().size) == ("hello you?", 3)
    assert (Derived().greet("me"), Derived().size) == ("hello me!", 2)


def test_an_inherited_method_is_changed_where_it_was_asked_for() -> None:
    class Heir(Base):
        pass

    with patching() as patch:
        patch.setattr(Heir, "greet", lambda self, name: "no")
        assert (Heir().greet("me"), Base().greet("me")) == ("no", "hello me")
    assert "greet" not in vars(Heir)


@pytest.mark.parametrize("old", ["goodbye", "e"])
def test_what_does_not_stand_there_once_is_not_rewritten(old: str) -> None:
    with patching() as patch, pytest.raises(ValueError, match="not once"):
        patch.rewrite(Base, "greet", old, "x")
