"""Every rule of the protocol is one that the model checker can find broken."""

from __future__ import annotations

import re

import pytest

from daybreak.base.places import MANIFEST, specs_dir
from daybreak.modelcheck.manifest import load_suite
from tools.ruletable import BEGIN, END, RULES, definitions, page

SPECS = specs_dir()


@pytest.fixture(scope="module")
def rows() -> dict[str, list[list[str]]]:
    """The table as it is derived from the files: for each rule the names in its cells."""
    between = page(SPECS).partition(BEGIN)[2].partition(END)[0]
    cells = [[re.findall(r"`([\w!]+)`", cell) for cell in line.split("|")[2:-1]] for line in between.splitlines()[2:]]
    return dict(zip(RULES, cells, strict=True))


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_a_model_that_fails_without_it(rows: dict[str, list[list[str]]], rule: str) -> None:
    properties, _, broken, _ = rows[rule]
    assert properties, "no property is tagged with it"
    assert broken, "no model drops it"


def test_all_that_is_in_the_files_is_in_the_table(rows: dict[str, list[list[str]]]) -> None:
    models = load_suite(SPECS / MANIFEST).models
    assert {name for row in rows.values() for name in row[2] + row[3]} == {
        model.name for model in models if model.rules
    }
    tagged = {found.name for found in definitions(SPECS) if found.tag and found.rules}
    assert {name for row in rows.values() for name in row[0]} == tagged


def test_rules_md_has_the_same_rules() -> None:
    text = (SPECS.parent / "docs" / "rules.md").read_text()
    assert re.findall(r"(?m)^- \*\*(P\d+)\*\*", text) == RULES
