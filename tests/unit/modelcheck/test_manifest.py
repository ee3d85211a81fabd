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


def test_the_models_keep_the_order_of_the_manifest(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path, HOLDS.format(name="B") + HOLDS.format(name="A")))
    assert [model.name for model in suite.models] == ["B", "A"]
    assert suite.lacks(suite.models[0]) is None


def test_limits_are_those_of_the_tier_unless_the_model_has_its_own(tmp_path: Path) -> None:
    nightly = HOLDS.format(name="B") + 'tier = "nightly"\n'
    own = HOLDS.format(name="C") + "time_limit = 7\nheap_mb = 64\n"
    models = load_suite(write(tmp_path, HOLDS.format(name="A") + nightly + own)).models
    assert [(model.limit_s(), model.most_heap_mb()) for model in models] == [(300, 1024), (3600, 4096), (7, 64)]


@pytest.mark.parametrize("file", ["M.tla", "M.cfg"])
def test_a_file_that_is_not_there_is_named_with_the_line_that_names_it(tmp_path: Path, file: str) -> None:
    path = write(tmp_path, HOLDS.format(name="A"))
    (tmp_path / file).unlink()
    suite = load_suite(path)
    line = path.read_text().splitlines().index(f'{"module" if file == "M.tla" else "config"} = "{file}"') + 1
    assert suite.lacks(suite.models[0]) == f"{path}:{line}: A needs {tmp_path / file}, and there is no such file"


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('"holds"', '"holds"\nproperty = "Safe"', "a property is named"),
        ('"regular"', '"must-fail"', "regular models hold"),
        ("distinct = 3", "", "distinct states are given"),
        ("distinct = 3", "distinct = 0", "`int` >= 1"),
        ("distinct = 3", 'distinct = 3\nrules = ["P10"]', "A: rules are named exactly if the model is must-fail"),
        ("distinct = 3", "distinct = 3\nlength = 3", "the length is that of a counterexample"),
        ("distinct = 3", 'distinct = 3\nmode = "simulate"\ntraces = 1\ndepth = 1', "distinct states are given"),
        ("distinct = 3", 'mode = "simulate"\ntraces = 1', "traces and depth are given"),
        ("distinct = 3", "distinct = 3\ndepth = 1", "traces and depth are given"),
        ("distinct = 3", 'mode = "simulate"\ntraces = 1\ndepth = 1\ncoverage = true', "are counted only when"),
        ("distinct = 3", 'distinct = 3\ntier = "weekly"', "weekly"),
        ("seconds = 1", "secs = 1", "unknown field"),
        ("rung = 1", "rung =", "manifest.toml"),
    ],
)
def test_a_bad_entry_is_refused(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    path = write(tmp_path, HOLDS.format(name="A").replace(before, after))
    with pytest.raises(RequestError, match=complaint):
        load_suite(path)


VIOLATES = HOLDS.replace('"regular"', '"must-fail"').replace('"holds"', '"violates"\nproperty = "Safe"')


@pytest.mark.parametrize("rule", ["P1", "P9", "P10", "P19", "P20", "P23"])
def test_a_rule_of_the_architecture_is_accepted(tmp_path: Path, rule: str) -> None:
    entry = VIOLATES.format(name="A").replace("distinct = 3", f'rules = ["{rule}"]')
    assert load_suite(write(tmp_path, entry)).models[0].rules == [rule]


@pytest.mark.parametrize("rules", [*(f'["P{number}"]' for number in (0, 24, "3x")), '["3"]', "[]", '"P3"'])
def test_other_rules_are_refused(tmp_path: Path, rules: str) -> None:
    entry = VIOLATES.format(name="A").replace("distinct = 3", f"rules = {rules}")
    with pytest.raises(RequestError, match=r"P\(\[1-9\]|rules are named exactly|Expected `array`"):
        load_suite(write(tmp_path, entry))


def test_a_model_that_fails_is_not_simulated(tmp_path: Path) -> None:
    entry = VIOLATES.format(name="A").replace(
        "distinct = 3", 'rules = ["P1"]\nmode = "simulate"\ntraces = 1\ndepth = 1'
    )
    with pytest.raises(RequestError, match="only a regular model is simulated"):
        load_suite(write(tmp_path, entry))


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="two models are named A"):
        load_suite(write(tmp_path, HOLDS.format(name="A") * 2))


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no such manifest"):
        load_suite(tmp_path / "manifest.toml")
