"""Errors in a mapping point at the right line."""

from __future__ import annotations

import tomllib

import pytest

from tracecheck.mapping.places import Places

TEXT = """\
# a comment with [brackets]
top = 1

[types]
txn = "string"          # txn
"msg.from" = "int"
[types."S!A"]
txn = "int"

[events]
"S!A" = { step = "A(txn)", after = { "x[txn]" = "y" } }
"S!B" = [
  { when = "ok", step = "B" },
  { after = { x = 1 } },
  "C",
]
'S!C' = "C"
a.b = "dotted"

[[events."S!D"]]
when = "ok"
[[events."S!D"]]
step = "D"
[hidden]
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("types",), 4),
        (("types", "txn"), 5),
        (("types", "msg.from"), 6),
        (("types", "S!A"), 7),
        (("types", "S!A", "txn"), 8),
        (("events",), 10),
        (("events", "S!A", "step"), 11),
        (("events", "S!A", "x[txn]"), 11),
        (("events", "S!B"), 12),
        (("events", "S!B", "when"), 13),
        (("events", "S!B", "step"), 13),
        (("events", "S!B", "x"), 14),
        (("events", "S!C"), 17),
        (("events", "a", "b"), 18),
        (("events", "S!D", 0, "when"), 21),
        (("events", "S!D", 1), 22),
        (("events", "S!D", 1, "step"), 23),
        (("hidden", "most"), 24),
        (("none",), None),
    ],
)
def test_a_path_has_its_line(path: tuple[str | int, ...], line: int | None) -> None:
    tomllib.loads(TEXT)
    assert Places(TEXT).line(*path) == line
