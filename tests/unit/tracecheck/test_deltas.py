"""Changes of values: what they make, and which cannot be made."""

from __future__ import annotations

from typing import Any

import pytest
from immutables import Map

from tracecheck.deltas import DeltaError, changed

NODES = Map({"r1": (), "r2": (3,)})


@pytest.mark.parametrize(
    ("value", "operation", "path", "operand", "result"),
    [
        (1, "update", (), 2, 2),
        (frozenset({1}), "add", (), 2, frozenset({1, 2})),
        (frozenset({1}), "add", (), 1, frozenset({1})),
        (frozenset({1, 2}), "remove", (), 2, frozenset({1})),
        (frozenset({1}), "clear", (), (), frozenset()),
        ((1,), "append", (), 2, (1, 2)),
        ((1,), "clear", (), (), ()),
        (Map({"a": 1, "b": 2}), "remove", (), "a", Map({"b": 2})),
        (NODES, "append", ("r2",), 4, Map({"r1": (), "r2": (3, 4)})),
        (NODES, "update", ("r2", 1), 7, Map({"r1": (), "r2": (7,)})),
        (NODES, "update", ("r3",), (), Map({"r1": (), "r2": (3,), "r3": ()})),
        (((1, 2), (3,)), "append", (2,), 4, ((1, 2), (3, 4))),
        ((), "update", ("a",), 1, Map({"a": 1})),
        (Map({"a": 1}), "remove", (), "a", ()),
    ],
)
def test_a_change_is_made(value: Any, operation: str, path: tuple[Any, ...], operand: Any, result: Any) -> None:
    assert changed(value, operation, path, operand) == result


@pytest.mark.parametrize(
    ("value", "operation", "path", "words"),
    [
        (1, "add", (), "1 is no set, so nothing can be added"),
        (frozenset({1}), "append", (), "{1} is no sequence"),
        (1, "remove", (), "1 is no function"),
        (NODES, "append", ("r3",), 'there is no "r3" in'),
        (NODES, "update", ("r3", 1), 'there is no "r3" in'),
        (NODES, "update", ("r1", 1, 2), "there is no 1 in <<>>"),
        (3, "update", ("a",), "3 is no function"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(value: Any, operation: str, path: tuple[Any, ...], words: str) -> None:
    with pytest.raises(DeltaError) as caught:
        changed(value, operation, path, 2)
    assert words in str(caught.value)
