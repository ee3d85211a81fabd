"""The steps of a counterexample have their arguments, and its end has a cause."""

from __future__ import annotations

import pytest

from daybreak.modelcheck.cause import Cause
from daybreak.modelcheck.runner import Result

Results = dict[str, Result]


def steps(result: Result) -> list[tuple[str, dict[str, str]]]:
    return [(step.action, step.arguments) for step in result.outcome.steps]


def test_every_model_is_as_expected(results: Results) -> None:
    assert {name: result.wrong for name, result in results.items()} == dict.fromkeys(results, "")


def test_arguments_are_those_of_the_action_of_the_spec(results: Results) -> None:
    """The noted action has more = 2; the action that it takes has coins = more + 1."""
    assert steps(results["ShopGreedy"])[1:] == [("PayNoted", {"buyer": "b1", "coins": "3"})]


def test_an_action_is_found_where_the_checker_only_names_next(results: Results) -> None:
    """Next draws i from the domain of book, which changes. What is not seen from the states is left out: the shelf."""
    filed = [arguments for action, arguments in steps(results["ShopNeverFiled"]) if action == "FileNoted"]
    assert filed
    assert all(arguments.keys() == {"entry"} for arguments in filed)
    assert filed[0]["entry"].startswith("[")
    assert "NextNoted" not in [action for action, _ in steps(results["ShopNeverFiled"])]


def test_a_cycle_keeps_its_last_line(results: Results) -> None:
    assert steps(results["ShopNeverFiled"])[-1][0].startswith("stutters for ever")


@pytest.mark.parametrize(
    ("model", "cause"),
    [
        ("ShopGreedy", Cause("Fine(b)", "ShopProps", 18, {"b": "b1"}, "\\A b \\in Buyer : Fine(b)")),
        ("ShopAtOnce", Cause("total' < total + 3", "ShopProps", 21, {"total'": "4", "total + 3": "4"},
                             "total > 0 => total' < total + 3")),
        ("ShopTwo", Cause("paid[b] = 2", "ShopProps", 29, {"b": "b1", "paid[b]": "2"},
                          "~\\E b \\in Buyer : paid[b] = 2", forbidden=True)),
        ("ShopNeverFiled", None),
    ],
)  # fmt: skip
def test_the_false_part_of_a_property_is_found(results: Results, model: str, cause: Cause | None) -> None:
    assert results[model].outcome.cause == cause
