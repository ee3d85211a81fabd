"""The pages of docs/why fit the specs: every rule has one, and what `specs/pages.toml` names exists.

That they are what the specs give now, to the byte, is what `make modelcheck` checks.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daybreak.base.places import MANIFEST, specs_dir
from daybreak.modelcheck.manifest import Model, load_suite
from daybreak.modelcheck.pages.lanes import Role
from daybreak.modelcheck.pages.rules import read_rules
from daybreak.modelcheck.pages.settings import FILE, read_settings
from daybreak.modelcheck.pages.texts import read_spec

ROOT = Path(__file__).parents[2]
WHY = ROOT / "docs" / "why"
SPECS = specs_dir()
SUITE = load_suite(SPECS / MANIFEST)
SETTINGS = read_settings(SPECS / FILE)
RULES = read_rules(ROOT / "docs" / "rules.md")
DROPPING = [model for model in SUITE.models if model.kind == "must-fail"]
MOST_BYTES = 3_000_000


def module(name: str) -> Path:
    """The file of a module."""
    (path,) = SPECS.glob(f"*/{name}.tla")
    return path


def test_there_are_all_rules() -> None:
    assert list(RULES) == [f"P{number}" for number in range(1, 24)]


@pytest.mark.parametrize(("rule", "name"), SETTINGS.clearest.items())
def test_the_clearest_model_drops_the_rule_and_nothing_before_it(rule: str, name: str) -> None:
    (model,) = [model for model in DROPPING if model.name == name]
    assert model.rules[0] == rule


@pytest.mark.parametrize("model", DROPPING, ids=lambda model: str(model.name))
def test_the_spec_of_every_broken_model_has_roles(model: Model) -> None:
    chain = read_spec(SUITE.root / model.module, SUITE.libraries)
    assert [module.name for module in chain.modules if module.name in SETTINGS.roles] != []


@pytest.mark.parametrize("name", SETTINGS.roles)
def test_roles_speak_of_what_the_spec_has(name: str) -> None:
    """Every variable has an owner, or is named in none; every word for a role is in some action's card."""
    spec = read_spec(module(name), SUITE.libraries)
    cards = " ".join(d.card.get("who", "") for m in spec.modules for d in m.definitions.values())
    text = "\n".join(m.text for m in spec.modules)
    roles: tuple[Role, ...] = SETTINGS.roles[name]
    for role in roles:
        assert set(role.owns) <= set(spec.variables), role.role
        assert all(word in cards for word in role.who), role.role
        assert all(re.search(rf"\b{word}\b", text) for word in role.names), role.role
    owned = [variable for role in roles for variable in role.owns]
    assert len(owned) == len(set(owned))


def test_every_rule_has_a_page_and_there_is_an_index() -> None:
    assert {path.name for path in WHY.iterdir()} == {"README.md", *(f"{rule}.html" for rule in RULES)}


def test_the_pages_stand_alone_and_are_of_a_reasonable_size() -> None:
    pages = {path: path.read_text(encoding="ascii") for path in WHY.glob("*.html")}
    assert sum(map(len, pages.values())) < MOST_BYTES
    for path, text in pages.items():
        assert not re.search(r"https?:|url\(|@import|<script|<link|<img", text), path.name
        assert all((WHY / target).is_file() for target in re.findall(r'href="([^"#]+)"', text)), path.name
