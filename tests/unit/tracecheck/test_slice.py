"""An event belongs to the behaviour that the mapping's field names."""

from __future__ import annotations

from typing import Any

import pytest

from tracecheck.read import Entry, Event
from tracecheck.slice import slice_of

ARGS = {"msg": {"txn": "t1", "no": 7, "ok": True, "keys": ["a"]}}
EVENT = Event(v=1, n=1, node="A", at=(1, 1), act="S!A", args=ARGS, slice="s1")


def found(by: str | None, **changes: Any) -> tuple[str | None, str | None]:
    """The slice, and what kind of finding keeps the event from having one."""
    fields = {name: getattr(EVENT, name) for name in EVENT.__struct_fields__}
    name, finding = slice_of(by, Entry(Event(**(fields | changes)), "a.ndjson", 3, b""))
    if finding is not None:
        assert (finding.file, finding.line) == ("a.ndjson", 3)
        assert finding.message == f"S!A has no {by}, by which the mapping tells behaviours apart"
    return name, None if finding is None else finding.kind


@pytest.mark.parametrize(
    ("by", "name"),
    [
        (None, None),
        ("slice", "s1"),
        ("node", "A"),
        ("args.msg.txn", "t1"),
        ("msg.no", "7"),
        ('msg.txn + "/" + event.node', "t1/A"),
    ],
)
def test_the_field_names_the_slice(by: str | None, name: str | None) -> None:
    assert found(by) == (name, None)


@pytest.mark.parametrize("by", ["epoch", "args.txn", "args.msg.keys", "args.msg.ok", "args.msg"])
def test_an_event_without_the_field_has_none(by: str) -> None:
    assert found(by) == (None, "no-slice")


def test_an_epoch_is_a_number() -> None:
    assert found("epoch", epoch=4) == ("4", None)
