"""The specs and their models fit together: nothing is left out, and every property is broken by some broken rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daybreak.base.places import MANIFEST, specs_dir
from daybreak.modelcheck.manifest import Model, Suite, load_suite
from daybreak.modelcheck.pages.texts import Spec, read_spec

SPECS = specs_dir()
LADDER = {
    "SnapshotIsolation": "isolation",
    "Adjudication": "adjudication",
    "Commit": "commit",
    "Takeover": "crossregion",
    "CrossRegion": "crossregion",
    "Damage": "crossregion",
    "Trimming": "crossregion",
    "Schema": "schema",
    "Placement": "placement",
}
"""Every spec with properties of its own, from the lowest rung up, and its directory."""
REFINES = {
    "Adjudication": {"DurableLog"},
    "Commit": {"SnapshotIsolation"},
    "CrossRegion": {"DurableLog", "Takeover"},
    "Schema": {"SnapshotIsolation"},
    "Placement": {"Adjudication"},
}
"""What each spec is shown to refine."""

TAG = re.compile(r"^\\\* (INV|LIVENESS|REFINES): ", re.MULTILINE)
TAGGED = re.compile(r"^\\\* (?:(?:INV|LIVENESS): P\d+(?:, P\d+)*|REFINES: \w+)\.", re.MULTILINE)
DEFINED = re.compile(r"^(\w+)(?:\(.*\))? ==", re.MULTILINE)


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load_suite(SPECS / MANIFEST)


def text(spec: str, suffix: str = "") -> str:
    return (SPECS / LADDER[spec] / f"{spec}{suffix}.tla").read_text()


def properties(spec: str) -> set[str]:
    """The properties of a spec's Props module: each has a tag, and a tag has one."""
    module = text(spec, "Props")
    tags = [match.end() for match in TAGGED.finditer(module)]
    assert len(tags) == len(TAG.findall(module)), "a tag without a rule number"
    names = [DEFINED.search(module, end) for end in tags]
    assert all(names)
    return {name[1] for name in names if name}


def models_of(suite: Suite, spec: str) -> list[Model]:
    """The models of a spec: those whose names begin with its name, and with no longer name of a spec."""
    return [model for model in suite.models if spec_of(model) == spec]


def spec_of(model: Model) -> str:
    return max((spec for spec in LADDER if model.name.startswith(spec)), key=len)


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


def test_every_spec_with_properties_is_on_the_ladder() -> None:
    found = {path.name.removesuffix("Props.tla"): path.parent.name for path in SPECS.glob("*/*Props.tla")}
    assert found == LADDER


def test_every_configuration_is_in_the_manifest(suite: Suite) -> None:
    configs = {str(path.relative_to(SPECS)) for path in SPECS.rglob("MC*.cfg")}
    assert configs == {model.config for model in suite.models}


def test_a_configuration_has_the_name_of_its_model(suite: Suite) -> None:
    assert {f"MC{model.name}" for model in suite.models} == {Path(model.config).stem for model in suite.models}


def test_configurations_keep_to_what_every_version_of_the_checker_knows() -> None:
    for path in SPECS.rglob("MC*.cfg"):
        assert not re.search(r"\b(CHECK_DEADLOCK|ALIAS|POSTCONDITION)\b", path.read_text()), path


def actions(spec: str) -> set[str]:
    """The actions of a spec: what stands below a card, in its module or in one that it extends."""
    modules = read_spec(SPECS / LADDER[spec] / f"{spec}.tla", [SPECS / "lib"]).modules
    return {found.name for module in modules for found in module.definitions.values() if found.card}


def within(module: Spec, name: str) -> set[str]:
    """The definitions that `name` is made of, those of which these are made, and so on."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        definition = module.definition(waiting.pop())
        if definition is not None and definition.name not in found:
            found.add(definition.name)
            waiting += re.findall(r"\w+", definition.text.partition("==")[2])
    return found


@pytest.mark.parametrize("spec", LADDER)
def test_every_action_is_noted_and_explored(spec: str) -> None:
    props = read_spec(SPECS / LADDER[spec] / f"{spec}Props.tla", [SPECS / "lib"])
    assert actions(spec) and actions(spec) <= within(props, "Next")
    if not props.modules[0].variables:
        return
    for action in actions(spec):
        noted = f"{action}Noted"
        assert action in within(props, noted), f"{noted} does not take {action}"
        assert noted in within(props, "NextNoted"), f"{noted} is in no next-state relation"


@pytest.mark.parametrize("spec", LADDER)
def test_every_spec_has_all_kinds_of_models(suite: Suite, spec: str) -> None:
    models = models_of(suite, spec)
    assert any(model.coverage for model in models), "no model in which every action must be taken"
    assert any(model.tier == "nightly" and model.kind == "regular" for model in models), "no larger model"
    assert any(model.mode == "simulate" for model in models), "no simulation"
    assert any(model.kind == "reachable" for model in models)
    assert sum(model.kind == "must-fail" for model in models) >= 3


@pytest.mark.parametrize("spec", LADDER)
def test_every_property_holds_in_a_regular_model_and_breaks_in_a_broken_one(suite: Suite, spec: str) -> None:
    models = [model for model in models_of(suite, spec) if model.tier == "ci"]
    expected = properties(spec) | {"TypeOK"}
    regular = {name for model in models if model.kind == "regular" for name in checked(model)}
    broken = {model.property for model in models if model.kind == "must-fail"}
    assert expected <= regular, f"not checked: {expected - regular}"
    assert expected <= broken, f"never seen to fail: {expected - broken}"


@pytest.mark.parametrize("spec", REFINES)
def test_every_refinement_is_checked(suite: Suite, spec: str) -> None:
    regular = {name for model in models_of(suite, spec) if model.kind == "regular" for name in checked(model)}
    assert {f"Refines{abstract}" for abstract in REFINES[spec]} <= regular


def test_a_model_that_must_fail_checks_only_what_must_fail(suite: Suite) -> None:
    for model in suite.models:
        if model.expected == "violates":
            assert checked(model) == {model.property}, model.name


def test_every_broken_rule_is_used(suite: Suite) -> None:
    replaced = re.compile(r"<- (\w+)|\b(?:INIT|NEXT|SPECIFICATION) (\w+)")
    for module in SPECS.rglob("MC*Broken.tla"):
        configs = [(SPECS / model.config).read_text() for model in suite.models if module == SPECS / model.module]
        named = {name for config in configs for found in replaced.findall(config) for name in found}
        body = module.read_text()
        idle = {
            name for name in DEFINED.findall(body) if name not in named and len(re.findall(rf"\b{name}\b", body)) < 2
        }
        assert configs and not idle, f"{module.name}: {idle}"


def test_liveness_is_checked_without_symmetry_or_constraint() -> None:
    for path in SPECS.rglob("MC*.cfg"):
        settings = re.sub(r"\\\*.*", "", path.read_text())
        if "SPECIFICATION Fair" in settings or "Live" in path.stem:
            assert not re.search(r"\b(SYMMETRY|CONSTRAINT|VIEW)\b", settings), path


def test_the_readme_names_every_spec_of_the_ladder() -> None:
    readme = (SPECS / "README.md").read_text()
    for spec, directory in LADDER.items():
        assert f"{directory}/{spec}.tla" in readme
