"""A counterexample in the terminal: readable steps, what changed, and why."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from daybreak.modelcheck.counterexample import print_exhibit
from daybreak.modelcheck.manifest import Suite
from daybreak.modelcheck.pages.exhibit import Gallery
from daybreak.modelcheck.runner import Result


def shown(suite: Suite, result: Result) -> str:
    console = Console(width=120, file=io.StringIO(), record=True)
    print_exhibit(console, Gallery(suite).exhibit(result))
    return console.export_text()


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("ShopGreedy", [
            "ShopGreedy: Modest is violated, in 2 states", "Initial state", "paid = (b1 :> 0 @@ b2 :> 0)", " Pay ",
            "buyer = b1", "paid[b1]: 0 -> 3", 'book: appended [buyer |-> b1, coins |-> 3, note |-> "<b>&"]',
            "total: 0 -> 3", "In the end this is false: Fine(b)", "b = b1",
        ]),
        ("ShopTwo", ["In the end this is true, and must not be: paid[b] = 2"]),
        ("ShopNeverFiled", [" File ", "book: dropped", "From here on nothing happens any more."]),
    ],
)  # fmt: skip
def test_steps_are_told_with_what_they_changed(
    suite: Suite, results: dict[str, Result], model: str, told: list[str]
) -> None:
    text = shown(suite, results[model])
    assert [words for words in told if words not in text] == []
    assert "Noted" not in text
