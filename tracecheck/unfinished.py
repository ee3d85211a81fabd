"""What has begun and not ended where the logs end.

That is no violation, since a behaviour may end anywhere, and the system would perhaps have gone on; but it is worth
knowing of a run that was thought to be complete.
"""

from __future__ import annotations

from collections.abc import Iterable

from tracecheck.codec import ArgumentError
from tracecheck.mapping.rules import Pair
from tracecheck.read import Entry, Finding


class Unfinished:
    """Follows what the mapping says begins and ends: the values of a field, by the events that begin and end them."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._pairs = [(pair, dict[str, Entry]()) for pair in pairs]
        self._begin: dict[str, list[int]] = {}
        self._end: dict[str, list[int]] = {}
        for index, (pair, _) in enumerate(self._pairs):
            for acts, found in ((pair.begin, self._begin), (pair.end, self._end)):
                for act in acts:
                    found.setdefault(act, []).append(index)

    def see(self, entry: Entry) -> None:
        """Takes the next event."""
        act = entry.event.act
        for index in self._begin.get(act, ()):
            pair, begun = self._pairs[index]
            name = self._name(pair, entry)
            if name:
                begun.setdefault(name, entry)
        for index in self._end.get(act, ()):
            pair, begun = self._pairs[index]
            begun.pop(self._name(pair, entry), None)

    @staticmethod
    def _name(pair: Pair, entry: Entry) -> str:
        """The value of the field, empty when the event has none."""
        try:
            return str(pair.field.evaluate(entry.event))
        except ArgumentError:
            return ""

    def findings(self) -> list[Finding]:
        """What is under way: for each field how much, and where the first of it began."""
        found = []
        for pair, begun in self._pairs:
            if begun:
                name, first = next(iter(begun.items()))
                more = f", and {len(begun) - 1} more" if len(begun) > 1 else ""
                text = f"{pair.field.text} {name} begins here and has not ended where the logs end{more}"
                found.append(Finding("unfinished", text, first.file, first.line))
        return found
