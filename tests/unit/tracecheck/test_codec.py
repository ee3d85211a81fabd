"""The types of a mapping, and the exactness of numbers and times."""

from __future__ import annotations

from typing import Any

import pytest

from tracecheck import Plan
from tracecheck.codec import ArgumentError, TypeSyntaxError, parse_type, to_int, to_time


@pytest.mark.parametrize(
    "text",
    ["string", "int", "bool", "time", "set(string)", "seq(set(int))", "map(string, time)", "record(a: int, b: bool)"],
)
def test_type_reads_back_as_it_was_written(text: str) -> None:
    assert str(parse_type(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected 'a type', found the end"),
        ("text", "'text' is no type"),
        ("set(string", "expected ')', found the end"),
        ("set(string))", "')' is too much"),
        ("map(bool, int)", "keys of a map"),
        ("map(string)", "expected ','"),
        ("record()", "expected ':'"),
        ("set<int>", "cannot read '<int>'"),
    ],
)
def test_what_is_no_type_is_refused(text: str, words: str) -> None:
    with pytest.raises(TypeSyntaxError) as caught:
        parse_type(text)
    assert words in str(caught.value)


def test_times_are_split_exactly() -> None:
    assert to_time(1_790_000_000_123_456, "at") == (1_790_000_000, 123_456)
    assert to_time(0, "at") == (0, 0)


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 1.0, "1", True, None])
def test_integers_that_tlc_cannot_hold_are_refused(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^size "):
        to_int(value, "size")


def test_the_largest_integers_pass() -> None:
    assert to_int(2**31 - 1, "size") == 2**31 - 1
    assert to_int(-(2**31), "size") == -(2**31)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("string", 'a"b', '"a\\"b"'),
        ("int", -7, "-7"),
        ("bool", True, "TRUE"),
        ("time", 1_790_000_000_123_456, "<<1790000000, 123456>>"),
        ("set(string)", ["b", "b"], '{"b"}'),
        ("set(int)", [], "{}"),
        ("seq(int)", [3, 1], "<<3, 1>>"),
        ("seq(int)", [], "<<>>"),
        ("map(string, int)", {"k/1": 1}, '("k/1" :> 1)'),
        ("map(int, bool)", {"7": False}, "(7 :> FALSE)"),
        ("map(string, int)", {}, "<< >>"),
        ("record(b: int, a: int)", {"a": 1, "b": 2}, "[b |-> 2, a |-> 1]"),
    ],
)
def test_values_become_tla(kind: str, value: Any, text: str, adjudication: Plan) -> None:
    encode = adjudication.engine.encoder(parse_type(kind))
    assert str(encode(value, "x")) == text


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("string", 1, "x is 1, not a string"),
        ("set(string)", "ab", "x is 'ab', not a list"),
        ("seq(int)", [1, "a"], "x[1] is 'a', not an integer"),
        ("map(string, int)", {"k": "v"}, "x['k'] is 'v', not an integer"),
        ("map(int, int)", {"k": 1}, "a key of x is 'k', not an integer"),
        ("record(a: int)", {"b": 1}, "not an object with exactly a"),
        ("bool", 1, "x is 1, not true or false"),
        ("int", 1_790_000_000_123_456, "beyond TLC's 32-bit integers; if it is a time, declare it as one"),
    ],
)
def test_values_of_another_type_are_refused(kind: str, value: Any, words: str, adjudication: Plan) -> None:
    encode = adjudication.engine.encoder(parse_type(kind))
    with pytest.raises(ArgumentError) as caught:
        encode(value, "x")
    assert words in str(caught.value)
