"""What the files of a spec say is read as a person reads it."""

from __future__ import annotations

import pytest

from daybreak.modelcheck.manifest import Model, Suite
from daybreak.modelcheck.pages.dropped import differences
from daybreak.modelcheck.pages.rules import read_rules
from daybreak.modelcheck.pages.texts import Definition, Spec, read_config, read_spec


def model(suite: Suite, name: str) -> Model:
    return next(model for model in suite.models if model.name == name)


@pytest.fixture
def spec(suite: Suite) -> Spec:
    return read_spec(suite.root / "broken" / "ShopBroken.tla", suite.libraries)


def found(spec: Spec, name: str) -> Definition:
    definition = spec.definition(name)
    assert definition is not None
    return definition


def test_a_module_comes_with_all_that_it_extends(spec: Spec) -> None:
    assert [module.name for module in spec.modules] == ["ShopBroken", "ShopProps", "Shop"]


def test_variables_stand_in_the_order_of_the_spec_and_those_that_watch_come_last(spec: Spec) -> None:
    assert spec.variables == ("paid", "book", "total")
    assert spec.watching == {"total"}
    assert spec.sequences == {"book"}


def test_an_action_has_a_card(spec: Spec) -> None:
    card = found(spec, "Pay").card
    assert card == {"who": "a buyer, at the desk", "why": "P1: to have paid",
                    "when": "it is not too much, and there is a coin", "changes": "paid, book"}  # fmt: skip
    assert found(spec, "Pay").rules == ["P1"]
    assert found(spec, "Allowed").card == {}


def test_a_property_has_a_tag_with_rules_and_a_sentence(spec: Spec) -> None:
    slow, filed, two = (found(spec, name) for name in ("Slow", "Filed", "NeverTwo"))
    assert (slow.tag, slow.rules, slow.sentence) == (
        "INV",
        ["P1", "P2"],
        "Nobody pays three coins at once, but for the first.",
    )
    assert (filed.tag, filed.rules) == ("LIVENESS", ["P2"])
    assert (two.tag, two.rules, two.sentence) == ("", [], "Two coins are paid.")


def test_a_definition_ends_where_the_next_thing_begins(spec: Spec) -> None:
    assert found(spec, "Allowed").text.splitlines()[-1] == "    /\\ paid[buyer] + coins <= 2"
    assert found(spec, "Modest").text == "Modest == \\A b \\in Buyer : Fine(b)"


def test_a_configuration_has_a_first_line_and_substitutions(suite: Suite) -> None:
    config = read_config(suite.root / "MCShopGreedy.cfg")
    assert config.about == "Anything goes (P1)."
    assert config.substituted == {"Allowed": "AllowedAlways"}
    assert config.specification == ""


def test_what_a_model_drops_is_the_difference_of_two_definitions(suite: Suite, spec: Spec) -> None:
    (difference,) = differences(spec, read_config(suite.root / "MCShopGreedy.cfg"))
    assert difference.reason == "P1: anything < all goes."
    assert difference.lines == (
        (" ", "Allowed(buyer, coins) =="),
        (" ", "    /\\ coins > 0"),
        ("-", "    /\\ paid[buyer] + coins <= 2"),
    )


def test_a_model_may_drop_the_fairness(suite: Suite, spec: Spec) -> None:
    (difference,) = differences(spec, read_config(suite.root / "MCShopNeverFiled.cfg"), needed="FairSpec")
    assert (difference.spec.name, difference.model.name) == ("FairSpec", "SpecNoted")


def test_rules_are_read_whole_and_one_by_one(suite: Suite) -> None:
    rules = read_rules(suite.root.parent / "docs" / "rules.md")
    assert list(rules) == ["P1", "P2"]
    assert rules["P1"].startswith("Nobody pays") and rules["P1"].endswith("`Shop!Pay`.")
    assert rules["P2"] == "The clerk *always* enters a payment in the book."
