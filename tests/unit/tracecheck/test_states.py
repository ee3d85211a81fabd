"""When two states are one: seen by comparing them, by their keys, and by both engines alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.tracecheck.compiled.both import write
from tracecheck.compiled import CompiledEngine
from tracecheck.tlc.engine import TlcEngine

VALUES: list[tuple[Any, Any]] = [
    (1, 1),
    (1, 2),
    ("a", "a"),
    (1, "a"),
    (True, 1),
    (frozenset({1, 2}), frozenset({2, 1})),
    ((1, 2), (1, 3)),
]


@pytest.mark.parametrize("engine", [CompiledEngine, TlcEngine])
@pytest.mark.parametrize(("one", "other"), VALUES)
def test_states_are_the_same_when_their_keys_are(engine: Any, one: Any, other: Any, tmp_path: Path) -> None:
    made = engine(write(tmp_path, ["x' = x /\\ y' = y"], ""))
    first, second, third = (made.state({"x": value, "y": 0}) for value in (one, other, one))
    wanted = type(one) is type(other) and one == other
    assert made.same(first, second) == wanted == (made.key(first) == made.key(second))
    assert made.same(first, third) and made.same(first, first)


def test_what_a_step_leaves_alone_is_one_object(tmp_path: Path) -> None:
    engine = TlcEngine(write(tmp_path, ["x' = x /\\ y' = <<1>>"], ""))
    before = engine.state({"x": (1, 2), "y": 0})
    (after,) = engine.successors(engine.leaves[0], next(engine.bindings(engine.leaves[0], {}, before)), before)
    one = [engine._fingerprints.one_object(engine.look(before, name), engine.look(after, name)) for name in "xy"]
    assert one == [True, False] and not engine.same(before, after)
    assert engine.key(before) == engine.key(before) != engine.key(after)
