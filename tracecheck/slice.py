"""Which behaviour an event belongs to: the value of the field that the mapping slices by."""

from __future__ import annotations

from tracecheck.read import Entry, Finding


def slice_of(by: str | None, entry: Entry) -> tuple[str | None, Finding | None]:
    """The name of the event's slice, None when there is one for all; or what keeps it from having one."""
    if by is None:
        return None, None
    event = entry.event
    value = event.args.get(by.removeprefix("args.")) if by.startswith("args.") else getattr(event, by)
    if value is None or isinstance(value, dict | list):
        text = f"{event.act} has no {by}, by which the mapping tells behaviours apart"
        return None, Finding("no-slice", text, entry.file, entry.line)
    return str(value), None
