"""The specs and their models fit together: nothing is left out, and every property is broken by some broken rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daybreak.base.places import MANIFEST, specs_dir
from daybreak.modelcheck.manifest import Model, Suite, load_suite

SPECS = specs_dir()
RUNGS = {1: Path("isolation/SnapshotIsolation"), 2: Path("adjudication/Adjudication")}
TAGGED = re.compile(r"\\\* (INV|LIVENESS): (?:P\d+[^.]*)\.")
DEFINED = re.compile(r"^(\w+)(?:\(.*\))? ==", re.MULTILINE)
CALLED = re.compile(r"\b([A-Z]\w*)\(")


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load_suite(SPECS / MANIFEST)


def text(rung: int, suffix: str = "") -> str:
    return (SPECS / f"{RUNGS[rung]}{suffix}.tla").read_text()


def definition(module: str, name: str) -> str:
    """The text of the definition of `name`, up to the next line that is not indented."""
    found = re.search(rf"^{name}(?:\(.*?\))? ==(.*?)(?=^\S)", module, re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1]


def properties(rung: int) -> set[str]:
    """The properties of a rung's Props module: each has a tag, and a tag has one."""
    module = text(rung, "Props")
    tags = [match.end() for match in TAGGED.finditer(module)]
    assert len(tags) == module.count("INV:") + module.count("LIVENESS:"), "a tag without a rule number"
    names = [DEFINED.search(module, end) for end in tags]
    assert all(names)
    return {name[1] for name in names if name}


def checked(model: Model) -> set[str]:
    """The invariants and properties that a model's configuration names."""
    names: set[str] = set()
    checks = False
    for word in re.sub(r"\\\*.*", "", (SPECS / model.config).read_text()).split():
        if word.isupper():
            checks = word.startswith(("INVARIANT", "PROPERT"))
        elif checks:
            names.add(word)
    return names


def test_every_configuration_is_in_the_manifest(suite: Suite) -> None:
    configs = {str(path.relative_to(SPECS)) for path in SPECS.rglob("MC*.cfg")}
    assert configs == {model.config for model in suite.models}


def test_a_configuration_has_the_name_of_its_model(suite: Suite) -> None:
    assert {f"MC{model.name}" for model in suite.models} == {Path(model.config).stem for model in suite.models}


def test_configurations_keep_to_what_every_version_of_the_checker_knows() -> None:
    for path in SPECS.rglob("MC*.cfg"):
        assert not re.search(r"\b(CHECK_DEADLOCK|ALIAS|POSTCONDITION)\b", path.read_text()), path


@pytest.mark.parametrize("rung", RUNGS)
def test_every_action_is_noted_and_explored(rung: int) -> None:
    spec, props = text(rung), text(rung, "Props")
    actions = set(CALLED.findall(definition(spec, "Next")))
    assert actions == set(re.findall(r"^(\w+)Noted\(", props, re.MULTILINE))
    for action in actions:
        noted = f"{action}Noted"
        assert action in CALLED.findall(definition(props, noted)), f"{noted} does not take {action}"
        assert CALLED.findall(props).count(noted) >= 2, f"{noted} is in no next-state relation"


@pytest.mark.parametrize("rung", RUNGS)
def test_every_action_must_be_taken_in_some_model(suite: Suite, rung: int) -> None:
    assert any(model.coverage for model in suite.models if model.rung == rung)


@pytest.mark.parametrize("rung", RUNGS)
def test_every_property_holds_in_a_regular_model_and_breaks_in_a_broken_one(suite: Suite, rung: int) -> None:
    models = [model for model in suite.models if model.rung == rung]
    expected = properties(rung) | {"TypeOK"}
    assert {name for model in models if model.kind == "regular" for name in checked(model)} == expected
    assert {model.property for model in models if model.kind == "must-fail"} == expected


def test_a_model_that_must_fail_checks_only_what_must_fail(suite: Suite) -> None:
    for model in suite.models:
        if model.expected == "violates":
            assert checked(model) == {model.property}, model.name


def test_every_broken_rule_is_used(suite: Suite) -> None:
    for module in SPECS.rglob("MC*Broken.tla"):
        configs = [(SPECS / model.config).read_text() for model in suite.models if module == SPECS / model.module]
        used = {name for config in configs for name in re.findall(r"<- (\w+)", config)}
        defined = set(DEFINED.findall(module.read_text()))
        assert defined and defined <= used, f"{module.name}: {defined - used}"


def test_the_readme_names_every_rung_that_exists() -> None:
    readme = (SPECS / "README.md").read_text()
    for module in RUNGS.values():
        assert f"{module}.tla" in readme
