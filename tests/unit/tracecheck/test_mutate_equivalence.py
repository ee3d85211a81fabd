"""Which mutants are behaviours all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracecheck import UsageError
from tracecheck.mutate.equivalence import Rule, load_rules


def write(directory: Path, text: str) -> Path:
    path = directory / "equivalent.toml"
    path.write_text(text)
    return path


def test_two_arguments_hold_for_every_spec() -> None:
    assert [rule.condition for rule in load_rules()] == ["same-steps", "fewer-steps"]


def test_rules_of_a_file_come_after_those(tmp_path: Path) -> None:
    text = '[[equivalent]]\ncondition = "declared"\nwhy = "a note"\nkinds = ["number zero"]\nargument = "memo"\n'
    assert load_rules(write(tmp_path, text))[2:] == [
        Rule("declared", "a note", frozenset({"number zero"}), argument="memo")
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[equivalent]", "no TOML"),
        ("other = 1", r"nothing but tables \[\[equivalent\]\]"),
        ('[[equivalent]]\ncondition = "guess"\nwhy = "w"', "number 1 wants condition = one of"),
        ('[[equivalent]]\ncondition = "oracle"', "number 1: say why"),
        ('[[equivalent]]\ncondition = "oracle"\nwhy = "w"\nkind = "x"', "number 1 has kind, which means nothing"),
        ('[[equivalent]]\ncondition = "declared"\nwhy = "w"', "declares every mutant a behaviour; name kinds or acts"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=complaint):
        load_rules(write(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: cannot read it"):
        load_rules(tmp_path / "none.toml")
