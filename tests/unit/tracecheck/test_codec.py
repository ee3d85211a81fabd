"""The types of a mapping, and the exactness of numbers and times."""

from __future__ import annotations

from typing import Any

import pytest

from tracecheck.codec import ArgumentError, TypeSyntaxError, parse_type, to_int, to_octets, to_time
from tracecheck.encode import portable_encoder
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.spec import locate


@pytest.mark.parametrize(
    "text",
    [
        *(
            "string",
            "int",
            "bool",
            "time",
            "model",
            "value",
            "octets",
            "set(string)",
            "seq(set(int))",
            "map(string, time)",
        ),
        *("map(model, int)", "record(a: int, b: bool)", "tuple(int, set(string))", "option(int, Nil)"),
        'option(seq(int), "none")',
    ],
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
        ("tuple()", "')' is no type"),
        ("option(int)", "expected ','"),
        ("option(int, ))", "say what null becomes"),
    ],
)
def test_what_is_no_type_is_refused(text: str, words: str) -> None:
    with pytest.raises(TypeSyntaxError) as caught:
        parse_type(text)
    assert words in str(caught.value)


def test_times_are_split_exactly() -> None:
    assert to_time(1_790_000_000_123_456, "at") == (1_790_000_000, 123_456)
    assert to_time(0, "at") == (0, 0)


def test_octets_keep_the_order_of_bytes() -> None:
    texts = ["", "00", "0000000c/80", "0000000c/8000", "0000000c/81", "10", "ff"]
    values = [to_octets(text, "key") for text in texts]
    assert values == sorted(values)
    assert values[2] == (0, 0, 0, 12, 128)


@pytest.mark.parametrize("value", ["0", "0g", "t12/80", 7, None])
def test_what_is_no_octets_is_refused(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^key is .*not two hexadecimal digits for each byte"):
        to_octets(value, "key")


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 1.0, "1", True, None])
def test_integers_that_tlc_cannot_hold_are_refused(value: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^size "):
        to_int(value, "size")


def test_the_largest_integers_pass() -> None:
    assert to_int(2**31 - 1, "size") == 2**31 - 1
    assert to_int(-(2**31), "size") == -(2**31)


MODELS = """CONSTANTS RM, Nil
VARIABLE x
Init == x = RM
Next == x' = RM
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> TlcEngine:
    """The exact engine of a spec with the model values r1, r2 and Nil."""
    directory = tmp_path_factory.mktemp("models")
    (directory / "M.tla").write_text(f"---- MODULE M ----\n{MODELS}====\n")
    (directory / "M.cfg").write_text("INIT Init\nNEXT Next\nCONSTANTS RM = {r1, r2} Nil = Nil\n")
    return TlcEngine(locate(directory / "M.tla"))


GOOD: list[tuple[str, Any, str]] = [
    ("string", 'a"b', '"a\\"b"'),
    ("int", -7, "-7"),
    ("bool", True, "TRUE"),
    ("time", 1_790_000_000_123_456, "<<1790000000, 123456>>"),
    ("octets", "0000000c/80", "<<0, 0, 0, 12, 128>>"),
    ("map(octets, bool)", {"0a/ff": True}, "(<<10, 255>> :> TRUE)"),
    ("model", "r2", "r2"),
    ("set(string)", ["b", "b"], '{"b"}'),
    ("set(int)", [], "{}"),
    ("set(model)", frozenset({"r1"}), "{r1}"),
    ("seq(int)", [3, 1], "<<3, 1>>"),
    ("seq(int)", [], "<<>>"),
    ("tuple(int, string)", [3, "a"], '<<3, "a">>'),
    ("map(string, int)", {"k/1": 1}, '("k/1" :> 1)'),
    ("map(int, bool)", {"7": False}, "(7 :> FALSE)"),
    ("map(model, int)", {"r1": 1}, "(r1 :> 1)"),
    ("map(string, int)", {}, "<< >>"),
    ("record(b: int, a: int)", {"a": 1, "b": 2}, "[b |-> 2, a |-> 1]"),
    ("option(model, Nil)", "r1", "r1"),
    ("option(model, Nil)", None, "Nil"),
    ('option(int, "none")', None, '"none"'),
    ("value", {"a": [1, True, {"b": "c"}]}, '[a |-> <<1, TRUE, [b |-> "c"]>>]'),
    ("value", frozenset({1}), "{1}"),
    ("value", [], "<<>>"),
]

BAD: list[tuple[str, Any, str]] = [
    ("string", 1, "x is 1, not a string"),
    ("set(string)", "ab", "x is 'ab', not a list"),
    ("seq(int)", [1, "a"], "x[1] is 'a', not an integer"),
    ("seq(int)", frozenset({1}), "not a list"),
    ("tuple(int, int)", [1], "x is [1], not a list of 2"),
    ("map(string, int)", {"k": "v"}, "x['k'] is 'v', not an integer"),
    ("map(int, int)", {"k": 1}, "a key of x is 'k', not an integer"),
    ("record(a: int)", {"b": 1}, "not an object with exactly a"),
    ("record(a: int)", [1], "not an object"),
    ("bool", 1, "x is 1, not true or false"),
    ("int", True, "x is True, not an integer"),
    ("int", 1_790_000_000_123_456, "beyond TLC's 32-bit integers; if it is a time, declare it as one"),
    ("model", "r9", "x is 'r9', no model value of the configuration; there are: Nil, r1, r2"),
    ("model", 3, "x is 3, not a string"),
    ("option(int, Nil)", "a", "x is 'a', not an integer"),
    ("value", None, "x is None, which is no TLA+ value"),
    ("value", {"a": [1.5]}, "x.a[0] is 1.5, which is no TLA+ value"),
    ("value", [2**31], "x[0] is 2147483648, beyond TLC's"),
]


@pytest.mark.parametrize(("kind", "value", "text"), GOOD)
def test_values_become_tla(kind: str, value: Any, text: str, engine: TlcEngine) -> None:
    encode = engine.encoder(parse_type(kind))
    assert str(encode(value, "x")) == text


@pytest.mark.parametrize(("kind", "value", "text"), GOOD)
def test_portable_values_are_the_same(kind: str, value: Any, text: str, engine: TlcEngine) -> None:
    encode = portable_encoder(parse_type(kind), frozenset({"r1", "r2", "Nil"}))
    exact = engine.export(engine.encoder(parse_type(kind))(value, "x"))
    assert (type(encode(value, "x")), encode(value, "x")) == (type(exact), exact)


@pytest.mark.parametrize(("kind", "value", "words"), BAD)
def test_values_of_another_type_are_refused(kind: str, value: Any, words: str, engine: TlcEngine) -> None:
    portable = portable_encoder(parse_type(kind), frozenset({"r1", "r2", "Nil"}))
    for encode in (engine.encoder(parse_type(kind)), portable):
        with pytest.raises(ArgumentError) as caught:
            encode(value, "x")
        assert words in str(caught.value)


def test_a_null_that_the_configuration_does_not_know_is_refused(engine: TlcEngine) -> None:
    with pytest.raises(TypeSyntaxError, match="None is no model value of the configuration"):
        engine.encoder(parse_type("option(int, None)"))
