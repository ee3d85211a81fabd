"""What a step changed is told part by part."""

from __future__ import annotations

import pytest
from hypothesis import given

from daybreak.modelcheck.changes import changes
from daybreak.modelcheck.values import Value, parse
from tests.support.tla_values import VALUES


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("1", "2", ["x: 1 -> 2"]),
        ("(a1 :> 0 @@ a2 :> 5)", "(a1 :> 3 @@ a2 :> 5)", ["x[a1]: 0 -> 3"]),
        ("(a1 :> 0)", "(a1 :> 0 @@ a2 :> 5)", ["x[a2]: new, 5"]),
        ("(a1 :> 0 @@ a2 :> 5)", "(a2 :> 5)", ["x[a1]: gone"]),
        ("<<>>", "(2 :> 5)", ["x[2]: new, 5"]),
        ("<<7>>", "<<7, 8>>", ["x[2]: new, 8"]),
        ("<<7>>", "<< >>", ["x[1]: gone"]),
        ("{1, 2}", "{2, 3, 4}", ["x: removed 1", "x: added 3, 4"]),
        ("[a |-> 1, b |-> 2]", "[a |-> 1, b |-> 3]", ["x.b: 2 -> 3"]),
        ("[a |-> 1]", "[b |-> 1]", ["x: [a |-> 1] -> [b |-> 1]"]),
        ("(z1 :> <<1>>)", "(z1 :> <<1, 2>>)", ["x[z1]: appended 2"]),
        ("(z1 :> [log |-> <<1>>, up |-> {}])", "(z1 :> [log |-> <<>>, up |-> {a}])",
         ["x[z1].log: dropped 1", "x[z1].up: added a"]),
        ('("a b" :> 1)', '("a b" :> 2)', ['x["a b"]: 1 -> 2']),
        ("{}", "<<>>", ["x: {} -> <<>>"]),
    ],
)  # fmt: skip
def test_a_change_is_told_where_it_is(before: str, after: str, told: list[str]) -> None:
    assert [str(change) for change in changes({"x": parse(before)}, {"x": parse(after)})] == told


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("<<7>>", "<<7, 8, 9>>", ["x: appended 8, 9"]),
        ("<<7, 8, 9>>", "<<8>>", ["x: dropped 7, 9"]),
        ("<<7, 7>>", "<<7>>", ["x: dropped 7"]),
        ("<<7, 8>>", "<<7, 9>>", ["x[2]: 8 -> 9"]),
        ("<<7, 8>>", "<<9>>", ["x: <<7, 8>> -> <<9>>"]),
    ],
)
def test_a_sequence_grows_and_shrinks(before: str, after: str, told: list[str]) -> None:
    found = changes({"x": parse(before)}, {"x": parse(after)}, {"x"})
    assert [str(change) for change in found] == told


@given(VALUES, VALUES)
def test_exactly_what_differs_is_told(before: Value, after: Value) -> None:
    assert bool(changes({"x": before}, {"x": after})) == (before != after)
    assert bool(changes({"x": before}, {"x": after}, {"x"})) == (before != after)


def test_variables_that_stay_are_not_told() -> None:
    one, two = parse("1"), parse("2")
    assert [change.place for change in changes({"x": one, "y": one}, {"x": one, "y": two})] == ["y"]
