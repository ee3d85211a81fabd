"""TLC's values survive being printed and read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.modelcheck.values import (
    Atom,
    Function,
    Record,
    SetOf,
    Tuple,
    Value,
    ValueSyntaxError,
    entries,
    parse,
    show,
    value_of,
)
from tests.support.tla_values import VALUES


def scrambled(value: Value, rng: random.Random) -> str:
    """`value` as TLC may print it: parts in any order, with other spaces and line breaks."""

    def joined(parts: list[str], between: str) -> str:
        rng.shuffle(parts)
        return between.join(parts)

    space = rng.choice(["", " ", "\n  "])
    if isinstance(value, SetOf):
        return "{" + space + joined([scrambled(each, rng) for each in value.members], f",{space}") + space + "}"
    if isinstance(value, Tuple):
        return f"<<{space}" + f",{space}".join(scrambled(each, rng) for each in value.items) + f"{space}>>"
    if isinstance(value, Record):
        fields = [f"{name} |->{space}{scrambled(each, rng)}" for name, each in value.fields]
        return "[" + joined(fields, f",{space}") + "]"
    if isinstance(value, Function):
        pairs = [f"{scrambled(key, rng)} :>{space}{scrambled(each, rng)}" for key, each in value.entries]
        return f"({space}" + joined(pairs, f"{space}@@{space}") + f"{space})"
    return value.text


@given(VALUES)
def test_what_is_shown_is_read_again(value: Value) -> None:
    assert parse(show(value)) == value


@given(VALUES, st.integers())
def test_order_and_layout_do_not_matter(value: Value, seed: int) -> None:
    assert parse(scrambled(value, random.Random(seed))) == value


@given(VALUES, VALUES)
def test_different_values_are_shown_differently(one: Value, other: Value) -> None:
    assert (show(one) == show(other)) == (one == other)


def test_numbers_are_in_order_of_size_and_come_first() -> None:
    assert show(parse("{10, a, 9, -1, {}}")) == "{-1, 9, 10, a, {}}"


def test_an_interval_is_a_set() -> None:
    assert parse("1..3") == parse("{1, 2, 3}")


def test_the_entries_of_what_may_be_a_function() -> None:
    assert entries(parse("<<7>>")) == {Atom("1"): Atom("7")}
    assert entries(parse("[a |-> 7]")) == {Atom('"a"'): Atom("7")}
    assert entries(parse("(a1 :> 7)")) == {Atom("a1"): Atom("7")}
    assert entries(parse("{7}")) is None
    assert entries(Atom("7")) is None


@pytest.mark.parametrize(
    "text", ["", "{1", "{1,}", "<<1>", "[a |-> 1", "[1]", "(a :> 1", "(a)", "1 2", "a..3", "SUBSET {1}", '"a', ","]
)
def test_what_is_no_value_is_refused_and_kept_as_it_is(text: str) -> None:
    with pytest.raises(ValueSyntaxError):
        parse(text)
    assert value_of(text) == Atom(text)
