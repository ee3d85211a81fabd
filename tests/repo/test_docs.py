"""What the documents name exists: files, functions, messages, actions, commands, links and rules.

`tools.docnames` says which shapes of names are checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tools.docnames import FOREIGN, Repository
from tools.doctext import Mention, mentions

ROOT = Path(__file__).parents[2]
LONGEST_LINE = 120

REPOSITORY = Repository(ROOT)
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OTHERS = [file for file in REPOSITORY.documents() if file not in DOCUMENTS]
"""Notes beside the files that they are about, which name them from there."""
SOURCES = ("impl/", "specs/", "tracecheck/", "historycheck/", "tools/", "tests/")


def unresolved(found: Iterable[Mention]) -> list[str]:
    """The names that name nothing, with file and line."""
    return [f"{name.file.name}:{name.line}: {name.text}" for name in found if not REPOSITORY.knows(name)]


def ident(file: Path) -> str:
    """What a test of this file is called."""
    return str(file.relative_to(ROOT))


def cited_rules() -> dict[str, str]:
    """Every rule that the sources cite, and a file that does."""
    found: dict[str, str] = {}
    for name in REPOSITORY.files:
        if name.startswith(SOURCES) and name.endswith((".py", ".tla")) and not name.startswith("tests/unit/tools/"):
            found |= dict.fromkeys(re.findall(r"\bP\d{1,2}\b", (ROOT / name).read_text()), name)
    return found


@pytest.mark.parametrize("file", DOCUMENTS, ids=ident)
def test_every_name_in_a_document_exists(file: Path) -> None:
    assert unresolved(mentions(file)) == []


@pytest.mark.parametrize("file", OTHERS, ids=ident)
def test_links_and_commands_of_other_notes_are_right(file: Path) -> None:
    assert unresolved(mention for mention in mentions(file) if mention.kind != "code" or " " in mention.text) == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=ident)
def test_lines_are_short(file: Path) -> None:
    assert [n for n, line in enumerate(file.read_text().splitlines(), 1) if len(line) > LONGEST_LINE] == []


def test_a_wrong_name_is_found_with_its_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("`CommitRequest` is real,\nbut `CommitDemand` is not, nor is\n\n```sh\nmake haste\n```\n")
    assert unresolved(mentions(page)) == ["page.md:2: CommitDemand", "page.md:5: make haste"]


def test_every_rule_that_the_sources_cite_is_written_down() -> None:
    assert {rule: name for rule, name in cited_rules().items() if rule not in REPOSITORY.rules} == {}


def test_the_rules_are_numbered_without_gaps() -> None:
    assert sorted(int(rule[1:]) for rule in REPOSITORY.rules) == list(range(1, len(REPOSITORY.rules) + 1))
    assert {"P1", "P10", "P22"} <= cited_rules().keys()


def test_no_foreign_name_is_excused_in_vain() -> None:
    used = {mention.text for file in DOCUMENTS for mention in mentions(file)}
    assert sorted(FOREIGN - used) == []
