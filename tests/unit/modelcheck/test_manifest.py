"""The manifest is read whole or refused with one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.errors import RequestError
from daybreak.modelcheck.manifest import load_suite

HOLDS = """
[[model]]
name = "{name}"
says = "something"
rung = 1
kind = "regular"
module = "M.tla"
config = "M.cfg"
expected = "holds"
distinct = 3
seconds = 1
"""


def write(directory: Path, text: str) -> Path:
    for name in ("M.tla", "M.cfg"):
        (directory / name).write_text("")
    path = directory / "manifest.toml"
    path.write_text("library = []\n" + text)
    return path


def test_names_choose_in_the_order_of_the_manifest(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path, HOLDS.format(name="A") + HOLDS.format(name="B")))
    assert [model.name for model in suite.chosen(["B", "A"])] == ["A", "B"]
    assert [model.name for model in suite.chosen(["B"])] == ["B"]
    assert len(suite.chosen([])) == 2


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path, HOLDS.format(name="A")))
    with pytest.raises(RequestError, match="no model named X; there are: A"):
        suite.chosen(["A", "X"])


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('"holds"', '"violates"', "a property is named"),
        ('"regular"', '"must-fail"', "regular models hold"),
        ("distinct = 3", "", "distinct states are given"),
        ('"M.cfg"', '"N.cfg"', "N.cfg: no such file, but model A needs it"),
        ("seconds = 1", "secs = 1", "unknown field"),
        ("rung = 1", "rung =", "manifest.toml"),
    ],
)
def test_a_bad_entry_is_refused(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    path = write(tmp_path, HOLDS.format(name="A").replace(before, after))
    with pytest.raises(RequestError, match=complaint):
        load_suite(path)


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="two models are named A"):
        load_suite(write(tmp_path, HOLDS.format(name="A") * 2))


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no such manifest"):
        load_suite(tmp_path / "manifest.toml")
