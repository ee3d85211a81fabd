"""The published JSON Schema is the reader's own, and the repository's mappings keep it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tracecheck import MappingError
from tracecheck.mapping import load_mapping
from tracecheck.mapping.schema import FILE, schema_text

ROOT = Path(__file__).parents[3]
MAPPINGS = sorted([*ROOT.glob("specs/*/mapping.toml"), *ROOT.glob("examples/*/mapping.toml")])
VALIDATOR = Draft202012Validator(json.loads(schema_text()))


def complaints(text: str) -> list[Any]:
    return list(VALIDATOR.iter_errors(tomllib.loads(text)))


def test_the_published_schema_is_up_to_date() -> None:
    assert FILE.read_text() == schema_text(), "run: python -m tracecheck.mapping.schema"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.parent.name)
def test_the_mappings_of_the_repository_keep_it(path: Path) -> None:
    assert complaints(path.read_text()) == []
    assert len(path.read_text().splitlines()) <= 80


def examples() -> list[str]:
    """The pieces of mappings in the document about them, each as a whole one."""
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/mapping.md").read_text(), re.DOTALL)
    whole = (text if re.search(r"^\[", text, re.MULTILINE) else f"[events]\n{text}" for text in blocks)
    return [text if "[events" in text else f'[events]\nx = "X"\n{text}' for text in whole]


@pytest.mark.parametrize("text", examples())
def test_the_examples_in_the_document_keep_it(text: str) -> None:
    assert complaints(text) == []


EVERYTHING = """
[log]
event = "event.kind"
node = "proc"
clock = "vc"
arguments = "event"
only = "has(event)"
[slice]
by = "args.txn"
retire = ["win"]
[symmetry]
constants = ["RM"]
[types]
who = "model"
[types.win]
who = "string"
[hidden]
most = 1
actions = ["Lose"]
[unused]
"*" = "the kind is in each event"
[ignored]
"debug*" = "no step"
[events]
ask = { step = "Ask(who)", after = { "role[who]" = 3, ready = true }, hidden = { most = 0 } }
vote = [{ when = "ok", step = ["Grant(who, _)", "Tell"], add = { votes = "who" } }, { ignore = "refused" }]
win = ["Ask(who)", "Win(who)"]
look = { stutter = "says what is", changes = "changes" }
"""


def test_everything_that_the_reader_takes_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(EVERYTHING)
    load_mapping(tmp_path / "m.toml")
    assert complaints(EVERYTHING) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[log]", "[logs]"),
        ('event = "event.kind"', ""),
        ('node = "proc"', "node = 3"),
        ("most = 1", "most = -1"),
        ("stutter", "stuter"),
        ('"debug*" = "no step"', '"debug*" = " "'),
        ("add = {", "plus = {"),
        ('win = ["Ask(who)", "Win(who)"]', "win = [3]"),
    ],
)
def test_what_the_schema_refuses_the_reader_refuses_too(old: str, new: str, tmp_path: Path) -> None:
    assert old in EVERYTHING
    text = EVERYTHING.replace(old, new)
    (tmp_path / "m.toml").write_text(text)
    assert complaints(text) != []
    with pytest.raises(MappingError):
        load_mapping(tmp_path / "m.toml")
