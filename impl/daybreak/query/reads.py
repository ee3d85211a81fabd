"""The reads that a query processor waits for: gathered from parts, turned to another replica when one does not answer.

    A/qp-3                                       A1/storage-0
    ReadRange(7, start, a, z) ---------------->
              <--------------------------------- ReadResult(7, a .. f, more)
    ReadRange(8, start, f + 0, z) ------------>
              <--------------------------------- ReadResult(8, f .. k)
    all of it goes to the session as the answer to 7

All parts are of one snapshot, so each may come from another replica. Every part has a number of its own: an answer that
comes late is never taken for that to another part.

Replicas of another region are asked only when those of the own one do not answer. Then both are, until one of the own
region answers again.
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


class Patience(NamedTuple):
    """How long storage is waited for, in microseconds."""

    turn_us: int
    """Without a first answer for so long the next replica is asked …"""
    retry_us: int
    """… and so on, each time after so long."""
    most_us: int
    """Without any for so long the read is given up."""


class _Pending(NamedTuple):
    request: int
    """The number that the session knows it by, which is that of its first part."""
    part: Read
    """What is still to come."""
    found: list[Version]
    turned: int = 0
    """How often the part was asked for again."""


class Reads:
    """A part of the query processor, no role of its own."""

    def __init__(
        self, storages: tuple[NodeId, ...], near: int, *, turns: int, numbers: Iterator[int], patience: Patience
    ) -> None:
        """Begin with storage replica `turns` of the `near` first ones, which are those of the own region; `numbers` are
        those of all questions that the node asks storage."""
        self._storages = storages
        self._near = near
        self._turns = turns % near
        self._numbers = numbers
        self._patience = patience
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
        timer = After(self._patience.turn_us, ReadTimeout(number, self._turns))
        return [*self._requests(pending.part), timer]

    def _requests(self, part: Read) -> list[Send]:
        """What the replica is asked whose turn it is; if that is one of another region, one of the own as well."""
        number = self._turns % len(self._storages)
        asked = (number,) if number < self._near else (number, 0)
        return [Send(self._storages[index], part) for index in asked]

    def answered(self, source: NodeId, message: ReadResult) -> Answer | Effects:
        """Take an answer: all that was to be read, or what is to be done for the rest; nothing if nobody waits."""
        if self._turns % len(self._storages) >= self._near and source in self._storages[: self._near]:
            self._turns = self._storages.index(source)
        pending = self._pending.pop(message.request, None)
        if pending is None:
            return []
        self._refused.pop(message.request, None)
        pending.found.extend(message.versions)
        if not message.more:
            return Answer(pending.request, tuple(pending.found))
        rest = _rest(pending.part, next(self._numbers), message.versions)
        return self._send(_Pending(pending.request, rest, pending.found))

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

    def timed_out(self, message: ReadTimeout) -> int | Effects:
        """Turn to another replica, if no other read did so since, or give up the read whose number is returned; a read
        may be repeated."""
        pending = self._pending.get(message.request)
        if pending is None:
            return []
        turn_us, retry_us, most_us = self._patience
        if turn_us + pending.turned * retry_us >= most_us:
            del self._pending[message.request]
            self._refused.pop(message.request, None)
            return pending.request
        if message.turns == self._turns:
            self._turns += 1
        self._pending[message.request] = pending._replace(turned=pending.turned + 1)
        return [*self._requests(pending.part), After(retry_us, ReadTimeout(message.request, self._turns))]

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
