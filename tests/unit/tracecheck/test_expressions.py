"""Expressions of a mapping compute what they say, and nothing else can be written or run."""

from __future__ import annotations

from typing import Any

import pytest

from tracecheck.codec import ArgumentError
from tracecheck.mapping.expressions import ExpressionError, parse
from tracecheck.read import Event

ARGS: dict[str, Any] = {
    "txn": "t1",
    "from": "r2",
    "n": 7,
    "ok": True,
    "names": ["b", "a", "b"],
    "sizes": {"x": 3, "y": 5},
    "msg": {"from": "r1", "msg-id": 9, "log": [{"term": 3}, {"term": 5}], "none": None},
}
EVENT = Event(v=1, n=3, node="a", at=(1, 2), act="S!A", args=ARGS, slice="s1")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("txn", "t1"),
        ("args.txn", "t1"),
        ('args["txn"]', "t1"),
        ("from", "r2"),
        ("msg.from", "r1"),
        ('msg["msg-id"]', 9),
        ("msg.log[0].term", 3),
        ("msg.log[-1].term", 5),
        ("msg.log[n - 6].term", 5),
        ("msg.none", None),
        ("event.node", "a"),
        ("event.slice", "s1"),
        ("event.n", 3),
        ("event.at[0]", 1),
        ("n + 1", 8),
        ("n // 2 * 3 % 5 - -1", 5),
        ('txn + "/" + from', "t1/r2"),
        ("names + [txn]", ["b", "a", "b", "t1"]),
        ("n == 7 and not ok", False),
        ("n > 7 or n <= 7", True),
        ("1 < n < 9", True),
        ("1 < n < 5", False),
        ("true == 1", False),
        ("1 in [true]", False),
        ('"b" in names', True),
        ('"c" not in names', True),
        ('"x" in sizes', True),
        ('"from" if ok else 0', "from"),
        ("null", None),
        ("[1, n, true]", [1, 7, True]),
        ('{"a": n}', {"a": 7}),
        ("{n, 1}", frozenset({1, 7})),
        ("len(names)", 3),
        ("len(txn)", 2),
        ("keys(sizes)", frozenset({"x", "y"})),
        ("values(sizes)", [3, 5]),
        ("items(sizes)", [["x", 3], ["y", 5]]),
        ("set(names)", frozenset({"a", "b"})),
        ("set(names) - {txn, from}", frozenset({"a", "b"})),
        ("sorted(names)", ["a", "b", "b"]),
        ("list(sizes)", ["x", "y"]),
        ("min(names)", "a"),
        ("max(n, 9, 2)", 9),
        ("sum(values(sizes))", 8),
        ("abs(0 - n)", 7),
        ('int("-12")', -12),
        ("str(n)", "7"),
        ("upper(txn) + lower(txn)", "T1t1"),
        ('split("a/b", "/")[1]', "b"),
        ("has(msg.from)", True),
        ("has(msg.to)", False),
        ("has(nothing)", False),
        ("has(msg.log[7])", False),
        ('get(msg.to, "nobody")', "nobody"),
        ('get(msg.from, "nobody")', "r1"),
        ("[f.term for f in msg.log if f.term > 3]", [5]),
        ("{f.term for f in msg.log}", frozenset({3, 5})),
        ("{k: v + n for k, v in items(sizes)}", {"x": 10, "y": 12}),
        ("[n for n in names]", ["b", "a", "b"]),
    ],
)
def test_an_expression_has_its_value(text: str, value: Any) -> None:
    found = parse(text).evaluate(EVENT)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "path", "argument"),
    [
        ("txn", "txn", "txn"),
        ("args.txn", "txn", "txn"),
        ("msg.from", "msg.from", None),
        ('args.msg["msg-id"]', 'msg["msg-id"]', None),
        ("log[0]", "log[0]", None),
        ("event.node", "event.node", None),
        ("n + 1", None, None),
        ("get(n, 1)", None, None),
    ],
)
def test_a_path_is_told_from_a_computation(text: str, path: str | None, argument: str | None) -> None:
    found = parse(text)
    assert (found.path, found.argument) == (path, argument)


def test_the_fields_it_looks_at_are_known() -> None:
    found = parse("[f for f in log if f != txn and has(msg.to)] + get(more, rest)")
    assert (found.fields, found.optional) == (frozenset({"log", "txn", "rest"}), frozenset({"msg", "more"}))


def test_over_a_whole_line_args_and_event_are_fields_like_any_other() -> None:
    line = Event(v=1, n=1, node="a", at=(0, 0), act="-", args={"event": {"name": "vote"}, "args": {"x": 1}})
    assert parse("event.name", of_line=True).evaluate(line) == "vote"
    assert parse("args.x", of_line=True).evaluate(line) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no expression"),
        ("a b", "is no expression"),
        ("f(", "is no expression"),
        ("x is y", "is no expression"),
        ("lambda: 1", "is no expression"),
        ("x" * 3000, "3000 characters"),
        ("-" * 900 + "x", "nested more than 60 levels deep"),
        ("(" * 900 + "x" + ")" * 900, "is no expression"),
        (r'"\d"', "is no expression: invalid escape"),
        ("a ** 2", "no other arithmetic"),
        ("a / 2", "no other arithmetic"),
        ("~a", "no other operator"),
        ("1.5", "nothing that a mapping can compute"),
        ("(a := 1)", "nothing that a mapping can compute"),
        ('f"{a}"', "nothing that a mapping can compute"),
        ("a[1:2]", "not a slice"),
        ("[*a]", "nothing is unpacked"),
        ("{**a}", "an object is written"),
        ("[x for x in a for y in b]", "write one `for`"),
        ("[x for x.y in a]", "write one `for`"),
        ('__import__("os")', "there is no function __import__"),
        ("a.keys()", "there is no function a.keys"),
        ("len()", "len takes 1 argument"),
        ("len(x=1)", "len takes plain arguments"),
        ("has(1 + 1)", "write has(path)"),
        ("get(a)", "get(path, otherwise)"),
        ("event", "event stands before one of"),
        ("event.time", "an event has no time"),
        ("_ + 1", "_ stands for a whole argument"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing", "nothing: the event has no nothing"),
        ("msg.to", "msg.to: there is no 'to' in"),
        ("msg.log[2]", "there is no 2 in"),
        ("txn.x", "there is no 'x' in 't1'"),
        ("names[true]", "there is no True in"),
        ("n + txn", "'t1' is no number"),
        ("ok + 1", "True is no number"),
        ("n // 0", "division by zero"),
        ("n % 0", "division by zero"),
        ("n and ok", "7 is neither true nor false"),
        ("1 if n else 2", "7 is neither true nor false"),
        ("n < txn", "'t1' is no number"),
        ("n in n", "7 has no elements"),
        ("set([sizes])", "cannot be in a set"),
        ("keys(names)", "is no object"),
        ("sorted([1, txn])", "'t1' is no number"),
        ("min([])", "nothing to choose from"),
        ("int(txn)", "'t1' is no number"),
        ("upper(n)", "7 is no string"),
        ('split(txn, "")', "cannot split"),
        ("{n: 1}", "keys are strings"),
        ("[a for a, b in names]", "has not 2 elements"),
    ],
)
def test_what_an_event_does_not_have_is_said(text: str, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse(text).evaluate(EVENT)
    assert words in str(caught.value)
    assert str(caught.value).startswith(text)
