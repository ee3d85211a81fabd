"""Which behaviour an event belongs to: the value of the field that the mapping slices by."""

from __future__ import annotations

from functools import lru_cache

from tracecheck.codec import ArgumentError
from tracecheck.mapping.expressions import Expression, parse
from tracecheck.read import Entry, Finding

_EVENT_FIELDS = ("slice", "node", "epoch")


def slice_of(by: str | None, entry: Entry) -> tuple[str | None, Finding | None]:
    """The name of the event's slice, None when there is one for all; or what keeps it from having one.

    `by` is slice, node, epoch or an expression over the event that a mapping has been read with.
    """
    if by is None:
        return None, None
    event = entry.event
    if by in _EVENT_FIELDS:
        value = getattr(event, by)
    else:
        try:
            value = _expression(by).evaluate(event)
        except ArgumentError:
            value = None
    if type(value) is str:
        return value, None
    if type(value) is int:
        return str(value), None
    text = f"{event.act} has no {by}, by which the mapping tells behaviours apart"
    return None, Finding("no-slice", text, entry.file, entry.line)


@lru_cache(maxsize=64)
def _expression(text: str) -> Expression:
    return parse(text)
