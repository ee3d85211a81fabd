"""The shapes of states: what is forgotten of them, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from immutables import Map

from tests.support.toyspec import ToyEngine
from tracecheck.compiled.own import adopt
from tracecheck.shapes import Shapes
from tracecheck.values import ModelValue

RECORD = Map({"phase": "running", "start": (1_790_000_000, 5), "writes": frozenset({"k1"})})


def shape(value: Any) -> str:
    """Of a portable value."""
    return Shapes(ToyEngine(("x",), [])).shape(adopt(value))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "T"),
        (0, "0"),
        (1, "1"),
        (7, "n"),
        (-1, "n"),
        ("committing", "committing"),
        ("t1~1", "."),
        (ModelValue("Nil"), "."),
        ((1_790_000_000, 5), "t"),
        ((0, 0), "0"),
        ((), "<0>"),
        ((True, False, True), "<nFT>"),
        (frozenset(), "{0}"),
        (frozenset({"k1"}), "{1.}"),
        (frozenset({2, 3, 4}), "{nn}"),
        (frozenset(range(200)), "{n01n}"),
        (Map({"adj-0": (0, 0), "adj-1": (0, 0)}), "(n0)"),
        (Map({f"t{number}": number for number in range(200)}), "(n01n)"),
        (RECORD, "[phase:running,start:t,writes:{1.}]"),
    ],
)
def test_a_shape_tells_kinds_and_phases_and_no_names(value: Any, expected: str) -> None:
    assert shape(value) == expected


def test_names_and_times_make_no_difference_and_phases_do() -> None:
    one, other = Map({"t1~1": RECORD}), Map({"t9~2": RECORD.set("start", (5, 5)).set("writes", frozenset({"k7"}))})
    assert shape(one) == shape(other)
    assert shape(one) != shape(Map({"t1~1": RECORD.set("phase", "committing")}))


def test_a_state_has_the_shape_of_each_of_its_variables() -> None:
    engine = ToyEngine(("now", "held"), [])
    shapes = Shapes(engine)  # type: ignore[arg-type]
    assert list(shapes.of(((5, 6), frozenset()))) == ["now=t", "held={0}"]
    assert list(shapes.of(((5, 7), frozenset({3})))) == ["now=t", "held={1n}"]
