"""What the quantifiers on the way to an action draw, given all, some or none of the values; and how values come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.tracecheck.compiled.both import CONFIG, HEAD
from tracecheck.codec import ArgumentError, parse_type
from tracecheck.compiled import CompiledEngine
from tracecheck.engine import EvaluationError, OutsideError
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.spec import locate
from tracecheck.values import ModelValue, Value

SPEC = r"""
Init == x = 2 /\ y = {}
One(a, b) == x' = a + b /\ UNCHANGED y
Two(a, f) == x' = f /\ y' = a
Pair(a, b) == x' = <<a, b>> /\ UNCHANGED y
Far(n) == x' = n /\ UNCHANGED y
Inner(k, d) == \/ \E a \in 1..k : One(a, d)
               \/ One(k, d + 1)
Next ==
    \/ \E a \in 1..3, b \in 4..x + 3 : One(a, b)
    \/ \E a \in SUBSET {"p", "q"} : \E f \in [a -> 1..2] : Two(a, f)
    \/ \E <<a, b>> \in {<<1, 2>>, <<3, 4>>, <<3, 5>>} : Pair(a, b)
    \/ \E n \in Nat : Far(n)
    \/ \E k \in 1..2 : Inner(k, k * 10)
    \/ \E a \in {i \in 1..5 : i > x} : One(a, a)
    \/ Pair(x, 0)
"""


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> tuple[CompiledEngine, TlcEngine]:
    directory: Path = tmp_path_factory.mktemp("paths")
    (directory / "M.tla").write_text(HEAD + SPEC + "====\n")
    (directory / "M.cfg").write_text(CONFIG)
    files = locate(directory / "M.tla")
    return CompiledEngine(files), TlcEngine(files)


def drawn(engine: Any, index: int, given: dict[str, Any]) -> Any:
    """The arguments and successors for each binding, or the error."""
    state, leaf = engine.initial()[0], engine.leaves[index]
    held = {name: engine.adopt(value) for name, value in given.items()}
    found = []
    try:
        for binding in engine.bindings(leaf, held, state):
            arguments = tuple(engine.export(value) for value in engine.arguments(leaf, binding, state))
            successors = [engine.export(engine.look(s, "x")) for s in engine.successors(leaf, binding, state)]
            found.append((arguments, tuple(successors)))
    except OutsideError as error:
        return error.names, error.value, error.bound, Path(error.file).name, error.line
    except EvaluationError:
        return "error"
    assert len(found) == len(set(found))
    return set(found)


CASES: list[tuple[int, dict[str, Any]]] = [
    (0, {}),
    (0, {"a": 2}),
    (0, {"a": 2, "b": 5}),
    (0, {"b": 4}),
    (0, {"a": 9, "b": 5}),
    (0, {"a": 2, "b": 6}),
    (0, {"b": 9}),
    (0, {"a": "text", "b": 5}),
    (1, {}),
    (1, {"a": frozenset({"p"})}),
    (1, {"f": (1,)}),
    (2, {"a": 3}),
    (2, {"b": 5}),
    (2, {"a": 3, "b": 4}),
    (2, {"a": 1, "b": 4}),
    (2, {"a": 7}),
    (3, {}),
    (3, {"n": 5}),
    (3, {"n": -5}),
    (4, {}),
    (4, {"k": 2}),
    (4, {"k": 2, "a": 2}),
    (4, {"k": 1, "a": 2}),
    (4, {"a": 2}),
    (5, {"k": 2}),
    (5, {}),
    (6, {}),
    (6, {"a": 4}),
    (6, {"a": 2}),
    (7, {}),
]


@pytest.mark.parametrize(("index", "given"), CASES)
def test_both_engines_draw_the_same(
    engines: tuple[CompiledEngine, TlcEngine], index: int, given: dict[str, Any]
) -> None:
    ours, theirs = (drawn(engine, index, given) for engine in engines)
    assert ours == theirs


def test_choices_come_one_at_a_time_in_one_order(engines: tuple[CompiledEngine, TlcEngine]) -> None:
    engine = engines[0]
    state, leaf = engine.initial()[0], engine.leaves[0]
    listed = list(engine.bindings(leaf, {}, state))
    assert listed == list(engine.bindings(leaf, {}, state)) == [(a, b) for a in (1, 2, 3) for b in (4, 5)]
    assert next(engine.bindings(leaf, {"b": 5}, state)) == (1, 5)


TYPES = [
    ("string", "a"),
    ("string", 1),
    ("int", 5),
    ("int", 2**31),
    ("bool", True),
    ("time", 1_500_000),
    ("time", -1),
    ("model", "m1"),
    ("model", "other"),
    ("set(int)", [1, 2, 1]),
    ("set(int)", 1),
    ("seq(string)", ["a", "b"]),
    ("seq(int)", list(range(100))),
    ("seq(int)", ["a"]),
    ("map(string, time)", {"a": 1}),
    ("map(string, int)", {f"k{i}": i for i in range(100)}),
    ("map(int, string)", {"1": "a", "2": "b"}),
    ("map(int, string)", {"x": "a"}),
    ("record(a: int, b: set(string))", {"a": 1, "b": []}),
    ("record(a: int)", {"b": 1}),
    ("option(int, m1)", None),
    ("tuple(int, string)", [1, "a"]),
    ("value", {"a": [1, True, {"b": "c"}]}),
]


@pytest.mark.parametrize(("kind", "value"), TYPES)
def test_logged_values_become_the_same_values_and_errors(
    engines: tuple[CompiledEngine, TlcEngine], kind: str, value: Any
) -> None:
    found: list[Any] = []
    for engine in engines:
        try:
            found.append(engine.export(engine.encoder(parse_type(kind))(value, "arg")))
        except ArgumentError as error:
            found.append(str(error))
    assert found[0] == found[1]


def test_states_are_shown_alike(engines: tuple[CompiledEngine, TlcEngine]) -> None:
    values: dict[str, Value] = {"x": (1, "a", ModelValue("m1")), "y": frozenset({3, 12, 4})}
    shown = [engine.show(engine.state(values)) for engine in engines]
    assert shown[0] == shown[1] == {"x": '<<1, "a", m1>>', "y": "{3, 4, 12}"}
