"""The inductive invariants hold, by z3, and every conjunct of each is needed."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from daybreak.base.places import specs_dir
from daybreak.modelcheck.induction.command import main
from daybreak.modelcheck.induction.problem import Invariant, load
from daybreak.modelcheck.induction.prove import PROVED, REFUTED, Answer, Prover
from tracecheck.errors import SpecError

MODULES = ["adjudication/AdjudicationInductive.tla", "crossregion/TakeoverInductive.tla"]
_TIMEOUT_S = 60.0

INVARIANTS: dict[str, Invariant] = {Path(module).stem: load(specs_dir() / module) for module in MODULES}
CONJUNCTS = [(name, conjunct.name) for name, invariant in INVARIANTS.items() for conjunct in invariant.conjuncts]


@functools.cache
def proof(name: str) -> tuple[Prover, list[Answer]]:
    """The answers for a whole invariant, and who gave them."""
    prover = Prover(INVARIANTS[name], _TIMEOUT_S)
    return prover, list(prover.answers())


def test_every_inductive_module_is_tried() -> None:
    found = {path.stem for path in specs_dir().rglob("*Inductive.tla") if not path.stem.startswith("MC")}
    assert found == INVARIANTS.keys()


@pytest.mark.parametrize("name", INVARIANTS)
def test_the_invariant_is_inductive_and_implies_the_properties(name: str) -> None:
    _, answers = proof(name)
    assert [answer for answer in answers if answer.verdict != PROVED] == []
    assert {answer.where for answer in answers} >= {"Init", "Implied"}


@pytest.mark.parametrize("name", INVARIANTS)
def test_every_action_is_possible_where_the_invariant_holds(name: str) -> None:
    prover, _ = proof(name)
    assert prover.idle() == []


@pytest.mark.parametrize(("name", "conjunct"), CONJUNCTS)
def test_without_any_conjunct_there_is_a_counterexample(name: str, conjunct: str) -> None:
    prover, answers = proof(name)
    failure = prover.failure_without(conjunct, answers)
    assert failure is not None, f"{conjunct} is not needed"
    assert (failure.verdict, failure.example != "") == (REFUTED, True)


# -- the command ------------------------------------------------------------------------------------------

COUNTER = """---- MODULE Counter ----
EXTENDS Naturals
VARIABLES n, even
Init == n = 0 /\\ even = TRUE
Step == n' = n + 2 /\\ even' = even
Next == Step
Spec == Init /\\ [][Next]_<<n, even>>
Types == n \\in Nat /\\ even \\in BOOLEAN
StaysEven == even
Small == n < 3
Grows == [][n < n']_<<n, even>>
Inductive == StaysEven
Implied == Grows
====
"""


def run(tmp_path: Path, old: str = "", new: str = "", *options: str) -> int:
    path = tmp_path / "Counter.tla"
    path.write_text(COUNTER.replace(old, new) if old else COUNTER)
    return main([str(path), *options])


def test_all_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 0
    assert "5 of 5 shown" in capsys.readouterr().out


def test_a_counterexample_is_printed_as_two_states(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "Inductive == StaysEven", "Inductive == /\\ StaysEven\n /\\ Small") == 1
    out = capsys.readouterr().out
    assert "Next: Small is refuted" in out
    assert "  state\n    even = TRUE\n    n = 1\n  Next\n  makes\n    n' = 3\n  and Small is false" in out


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("n' = n + 2", "n' = n ^ 2", "Counter.tla:5: ^ of Naturals is not covered"),
        ("/\\ even' = even", "", "says"),
        ("Types == n \\in Nat /\\", "Types ==", "Types says nothing of n"),
        ("Implied == Grows", "Implied == TRUE", "a conjunct of Implied that is no name of a definition"),
        ("Inductive ==", "Inductively ==", "the module defines no Inductive"),
    ],
)
def test_what_cannot_be_covered_is_named_and_ends_with_2(
    old: str, new: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, old, new) == 2
    assert complaint in capsys.readouterr().err.replace("does not say", "says")


def counter(tmp_path: Path, old: str = "", new: str = "") -> Prover:
    path = tmp_path / "Counter.tla"
    path.write_text(COUNTER.replace(old, new) if old else COUNTER)
    return Prover(load(path))


def test_an_action_that_nothing_allows_is_found(tmp_path: Path) -> None:
    assert counter(tmp_path).idle() == []
    never = "Never == n = 1 /\\ n = 2 /\\ n' = n + 2 /\\ even' = even\nNext == Step \\/ Never"
    assert counter(tmp_path, "Next == Step", never).idle() == ["Never"]


def test_a_conjunct_that_nothing_needs_is_not_missed(tmp_path: Path) -> None:
    prover = counter(tmp_path)
    assert prover.failure_without("StaysEven", list(prover.answers())) is None


def test_what_is_proved_has_no_counterexample_in_the_small_universe() -> None:
    prover, _ = proof("AdjudicationInductive")
    assert prover.refuted() == []


def test_a_goal_that_is_false_is_refuted_in_the_small_universe(tmp_path: Path) -> None:
    prover = counter(tmp_path, "Inductive == StaysEven", "Inductive == /\\ StaysEven\n /\\ Small")
    assert prover.refuted() == [("Next", "Small")]


def test_a_conjunct_that_there_is_not_cannot_be_left_out(tmp_path: Path) -> None:
    assert run(tmp_path, "", "", "--without", "Nothing") == 2
    with pytest.raises(SpecError, match="Inductive has no conjunct Nothing; there are StaysEven"):
        load(tmp_path / "Counter.tla").without("Nothing")
