"""Kinds that break the log itself: no system that logs properly writes such a thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from tracecheck.mutate.kind import Kind, Site, Subject
from tracecheck.mutate.logs import Event, Line, Place, changed, with_line

_SKIPPED = 1_000
_TOO_LARGE = 1 << 80
_NOWHERE = "act-that-no-mapping-knows"


def _lines(name: str, replace: Callable[[Event], list[Line]], fits: Callable[[Subject, Place], bool]) -> Kind:
    """A kind that writes other lines instead of one."""

    def generate(subject: Subject) -> Iterator[Site]:
        for place in subject.mapped:
            if fits(subject, place):
                event = subject.event(place)
                yield Site(
                    place,
                    subject.describe(place),
                    lambda place=place, event=event: with_line(subject.logs, place, *replace(event)),  # type: ignore[misc]
                )

    return Kind(name, generate, breaks=True)


def _raw(event: Event) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"


def _anywhere(_: Subject, __: Place) -> bool:
    return True


def _followed(subject: Subject, place: Place) -> bool:
    return place.position + 1 < len(subject.logs[place.node])


def _later(_: Subject, place: Place) -> bool:
    return place.position > 0


def _last(subject: Subject, place: Place) -> bool:
    return not _followed(subject, place)


def _has_argument(subject: Subject, place: Place) -> bool:
    return bool(subject.rule(place).types)


def _without_first(event: Event) -> list[Line]:
    return [{**event, "args": dict(list(event["args"].items())[1:])}]


def _of_wrong_type(event: Event) -> list[Line]:
    """No type of the mapping has a value like this."""
    return [{**event, "args": {**event["args"], next(iter(event["args"])): {"": [None]}}}]


def _exchanged(subject: Subject) -> Iterator[Site]:
    for place in subject.mapped:
        if _followed(subject, place):
            following = Place(place.node, place.position + 1)
            one, other = subject.event(place), subject.event(following)
            yield Site(
                place,
                subject.describe(place),
                lambda place=place, following=following, one=one, other=other: with_line(  # type: ignore[misc]
                    with_line(subject.logs, place, other), following, one
                ),
            )


def _too_large(subject: Subject) -> Iterator[Site]:
    for place in subject.mapped:
        for name, kind in subject.rule(place).types.items():
            if kind.kind in ("int", "time"):
                args = {**subject.event(place)["args"], name: _TOO_LARGE}
                yield Site(
                    place,
                    f"{subject.describe(place)}: {name}",
                    lambda place=place, args=args: changed(subject.logs, place, args=args),  # type: ignore[misc]
                )


def _circle(subject: Subject) -> Iterator[Site]:
    """Two nodes each of whose events waits for the other's."""
    for place in subject.mapped:
        event = subject.event(place)
        for node, n in event.get("cause", []):
            if node in subject.logs and n <= len(subject.logs[node]):
                before = Place(node, n - 1)
                cause = [*subject.event(before).get("cause", []), [place.node, event["n"]]]
                yield Site(
                    before,
                    f"{subject.describe(before)} waits for {subject.describe(place)}",
                    lambda before=before, cause=cause: changed(subject.logs, before, cause=cause),  # type: ignore[misc]
                )


LINE_KINDS = (
    _lines("line lost", lambda _: [], _followed),
    _lines("line twice", lambda event: [event, event], _anywhere),
    Kind("lines exchanged", _exchanged, breaks=True),
    _lines("line cut off", lambda event: [_raw(event)[:-9]], _last),
    _lines("line garbled", lambda event: [_raw(event)[1:]], _anywhere),
    _lines("number skipped", lambda event: [{**event, "n": event["n"] + _SKIPPED}], _anywhere),
    _lines("line in another node's log", lambda event: [{**event, "node": event["node"] + "-other"}], _followed),
    _lines("another format", lambda event: [{**event, "v": 99}], _anywhere),
    _lines("time ends before it begins", lambda event: [{**event, "at": [event["at"][1] + 1, 0]}], _anywhere),
    _lines("clock goes backwards", lambda event: [{**event, "at": [0, 0]}], _later),
    _lines("cause that never was", lambda event: [{**event, "cause": [["nobody", 1]]}], _anywhere),
    Kind("causes in a circle", _circle, breaks=True),
    _lines("event of no mapping", lambda event: [{**event, "act": _NOWHERE}], _anywhere),
    _lines("argument missing", _without_first, _has_argument),
    _lines("argument too many", lambda event: [{**event, "args": {**event["args"], "_stray": 1}}], _anywhere),
    _lines("argument of another type", _of_wrong_type, _has_argument),
    Kind("number too large", _too_large, breaks=True),
)
"""All kinds that break the log."""
