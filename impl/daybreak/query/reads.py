"""The reads that a query processor waits for: gathered from parts, turned to another replica when one does not answer.

    A/qp-3                                       A1/storage-0
    ReadRange(7, start, a, z) ---------------->
              <--------------------------------- ReadResult(7, a .. f, more)
    ReadRange(8, start, f + 0, z) ------------>
              <--------------------------------- ReadResult(8, f .. k)
    all of it goes to the session as the answer to 7

All parts are of one snapshot, so each may come from another replica. Every part has a number of its own: an answer that
comes late is never taken for that to another part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from daybreak.base.ids import NodeId
from daybreak.base.keys import Key
from daybreak.query.messages import ReadTimeout
from daybreak.runtime.protocols import After, Effects, Send
from daybreak.storage.messages import ReadKeys, ReadRange, ReadResult, Version

Read = ReadKeys | ReadRange
MakeRead = Callable[[int], Read]
"""Makes a read of its number."""


class Answer(NamedTuple):
    """What a read has found, under the number that the session knows it by."""

    request: int
    versions: tuple[Version, ...]


class _Pending(NamedTuple):
    request: int
    """The number that the session knows it by, which is that of its first part."""
    part: Read
    """What is still to come."""
    found: list[Version]


class Reads:
    """A part of the query processor, no role of its own."""

    def __init__(
        self, storages: tuple[NodeId, ...], *, turns: int, numbers: Iterator[int], turn_us: int, retry_us: int
    ) -> None:
        """Begin with storage replica `turns`; `numbers` are those of all questions that the node asks storage.

        Without a first answer for `turn_us` microseconds the next replica is asked, and so on every `retry_us`.
        """
        self._storages = storages
        self._turns = turns
        self._numbers = numbers
        self._turn_us = turn_us
        self._retry_us = retry_us
        self._pending: dict[int, _Pending] = {}
        """By the number of the part that was asked for last."""
        self._refused: dict[int, set[NodeId]] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def ask(self, make: MakeRead) -> tuple[int, Effects]:
        """Ask; the number of the read, and what is to be done."""
        part = make(next(self._numbers))
        return part.request, self._send(_Pending(part.request, part, []))

    def _send(self, pending: _Pending) -> Effects:
        number = pending.part.request
        self._pending[number] = pending
        return [Send(self._storage, pending.part), After(self._turn_us, ReadTimeout(number, self._turns))]

    @property
    def _storage(self) -> NodeId:
        """The storage replica that is asked."""
        return self._storages[self._turns % len(self._storages)]

    def answered(self, message: ReadResult) -> Answer | Effects:
        """Take an answer: all that was to be read, or what is to be done for the rest; nothing if nobody waits."""
        pending = self._pending.pop(message.request, None)
        if pending is None:
            return []
        self._refused.pop(message.request, None)
        pending.found.extend(message.versions)
        if not message.more:
            return Answer(pending.request, tuple(pending.found))
        rest = _rest(pending.part, next(self._numbers), message.versions)
        return self._send(pending._replace(part=rest))

    def too_old(self, source: NodeId, number: int) -> int | Effects:
        """A replica does not have the snapshot: ask another, or give up the read whose number is returned."""
        pending = self._pending.get(number)
        if pending is None:
            return []
        refused = self._refused.setdefault(number, set())
        refused.add(source)
        left = [storage for storage in self._storages if storage not in refused]
        if left:
            return [Send(left[0], pending.part)]
        del self._pending[number], self._refused[number]
        return pending.request

    def timed_out(self, message: ReadTimeout) -> Effects:
        """Turn to another replica, if no other read did so since; a read may be repeated."""
        pending = self._pending.get(message.request)
        if pending is None:
            return []
        if message.turns == self._turns:
            self._turns += 1
        again = ReadTimeout(message.request, self._turns)
        return [Send(self._storage, pending.part), After(self._retry_us, again)]

    def clear(self) -> None:
        """Wait for nothing any more."""
        self._pending.clear()
        self._refused.clear()


def _rest(part: Read, number: int, versions: tuple[Version, ...]) -> Read:
    """What is left to read after `versions`, which are not empty."""
    if isinstance(part, ReadKeys):
        return ReadKeys(number, part.start, part.keys[len(versions) :])
    after = Key(versions[-1][0] + b"\0")
    limit = None if part.limit is None else part.limit - len(versions)
    return msgspec.structs.replace(part, request=number, low=after, limit=limit)
