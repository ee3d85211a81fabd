"""What two processes of a cluster say to each other, with somebody in between who changes it.

He may spoil bytes on the line, which checksums find; or whole words, and frame them anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from daybreak.base.ids import NodeId
from daybreak.journal.messages import Append, Entry, Fetch
from daybreak.runtime.local.network import Letter
from daybreak.runtime.remote.connection import Connection
from daybreak.runtime.remote.frames import HEADER_BYTES, MAX_GREETING_BYTES, frame
from daybreak.runtime.remote.handshake import Greeting, Handshake, Identity, Proof, Refused
from daybreak.wire import registry
from tools.fuzz.target import Check, Target

REGISTRY = registry()
_WORDS = msgspec.msgpack.Encoder()
GREETING_WORDS = 2
"""So many words each side has to say before it is let in: its greeting and its proof."""
HERE, THERE = NodeId("A/adj-0"), NodeId("B/journal-0")
LETTERS = (
    Letter(THERE, HERE, Append(3, 1, 2, (Entry(2, 3, b"payload"),), 1), (("A/qp-1", 7),)),
    Letter(THERE, HERE, Fetch(1, 2), ()),
)


class Change(msgspec.Struct, frozen=True):
    """What becomes of the `number`-th word that one side says; `side` 0 dials. `at` is a part of 256 of its length."""

    side: int
    number: int
    how: str
    at: int = 0
    by: int = 1
    data: bytes = b""


class Case(msgspec.Struct, frozen=True):
    """What is changed, and how many bytes the line carries at once."""

    changes: tuple[Change, ...]
    piece: int


class Line(asyncio.Transport):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever held up."""

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    abort = close


class Side:
    """One process's end, and what it was told."""

    def __init__(self, name: str, other: str, *, dials: bool) -> None:
        identity = Identity("c", name, "build", b"s" * 32)
        handshake = Handshake(identity, known={other}, dials=other if dials else None)
        self.letters: list[Letter] = []
        self.why: str | None = None
        self.line = Line()
        self.connection = Connection(handshake, REGISTRY, self)
        self.connection.connection_made(self.line)
        self.said: list[bytes] = []
        """Its own words, framed."""
        self.meant: list[bytes] = []
        """Those of the other side, as they were said."""
        self.heard = b""

    def opened(self, connection: Connection) -> None:
        truth = b"".join(self.meant[:GREETING_WORDS])
        assert self.heard[: len(truth)] == truth, "a changed greeting or proof was believed"

    def arrived(self, connection: Connection, letters: list[Letter]) -> None:
        assert connection.peer, "letters of a stranger"
        self.letters += letters

    def writable(self, connection: Connection) -> None:
        raise AssertionError("it was never full")

    def closed(self, connection: Connection, why: str | None) -> None:
        self.why = why

    def take(self) -> list[bytes]:
        """The words it has written since."""
        data, words, self.line.written = self.line.written, [], b""
        while data:
            size = HEADER_BYTES + int.from_bytes(data[:4], "big")
            words.append(data[HEADER_BYTES:size])
            assert frame(words[-1]) == data[:size]
            data = data[size:]
        return words


def changed(word: bytes, change: Change) -> bytes:
    """The bytes that go on instead of the frame of `word`."""
    framed = frame(word)
    at = len(word) * change.at // 256
    if change.how == "spoil":
        at = len(framed) * change.at // 256
        return framed[:at] + bytes([framed[at] ^ change.by]) + framed[at + 1 :]
    if change.how == "cut":
        return framed[: len(framed) * change.at // 256]
    if change.how == "twice":
        return framed * 2
    if change.how == "drop":
        return b""
    if change.how == "insert":
        return frame(change.data) + framed
    if change.how == "raw":
        return change.data
    if change.how == "flip" and word:
        return frame(word[:at] + bytes([word[at] ^ change.by]) + word[at + 1 :])
    return frame(word[:at] + change.data + word[at + change.by :])


def _carry(source: Side, target: Side, changes: dict[int, Change], piece: int) -> bool:
    """Bring over what was said; whether anything was."""
    words = source.take()
    data = b""
    for word in words:
        change = changes.get(len(source.said))
        source.said.append(frame(word))
        data += frame(word) if change is None else changed(word, change)
    target.meant = source.said
    for at in range(0, len(data), piece):
        target.heard += data[at : at + piece]
        target.connection.data_received(data[at : at + piece])
    return bool(words)


async def _meet(case: Case) -> None:
    sides = (Side("A", "B", dials=True), Side("B", "A", dials=False))
    changes: list[dict[int, Change]] = [{}, {}]
    for change in case.changes:
        changes[change.side][change.number] = change
    greeted = False
    while True:
        moved = [_carry(sides[n], sides[1 - n], changes[n], case.piece) for n in (0, 1)]
        if not any(moved) and not greeted and sides[0].connection.peer:
            greeted = True
            for letter in LETTERS:
                sides[0].connection.write(frame(REGISTRY.encode(letter)))
        elif not any(moved):
            break
    for side in sides:
        _judge(side, case)


def _judge(side: Side, case: Case) -> None:
    side.connection.connection_lost(None)
    assert side.why is None or (side.why.isprintable() and side.line.closed), repr(side.why)
    if not case.changes:
        assert (side.why, side.line.closed) == (None, False) and side.connection.peer
    # The handshake does not protect what comes after it, TLS does: words put in later may be believed.
    if not any(change.how in ("flip", "insert", "twice", "put", "raw") for change in case.changes):
        meant = LETTERS if side.connection.peer == "A" else ()
        assert side.letters == [letter for letter in meant if letter in side.letters], "letters that nobody sent"
    for letter in side.letters:
        assert REGISTRY.decode(REGISTRY.encode(letter)) == letter
    if not case.changes and side.connection.peer == "A":
        assert side.letters == list(LETTERS)


@contextmanager
def opened(directory: Path) -> Iterator[Check]:
    """An event loop that is never waited for."""
    with asyncio.Runner() as runner:
        yield lambda case: runner.run(_meet(case))


def _nested(depth: int) -> bytes:
    return b"\x82\xa4type\xa7Refused\xa1x" + b"\x91" * depth


_FOREIGN = st.one_of(
    st.binary(max_size=24),
    st.builds(Greeting, st.just(1), *[st.sampled_from(["c", "A", "B", "build", "x\ny"])] * 3, st.just(b"")).map(
        _WORDS.encode
    ),
    st.builds(Proof, st.binary(max_size=32)).map(_WORDS.encode),
    st.builds(Refused, st.sampled_from(["no", "", "two\nlines", "é\x1b[31m", "x" * 3000])).map(_WORDS.encode),
    st.sampled_from([_nested(500), _nested(4000), bytes(MAX_GREETING_BYTES + 1), b"\xff" * HEADER_BYTES]),
    st.sampled_from([REGISTRY.encode(letter) for letter in LETTERS]),
    st.sampled_from([b"\x95\xa1x\xa1y\xaejournal.Append\x90" + b"\x91" * 2000, b"\x95\xa1x\xa1\xff\xa1z\x90\x90"]),
)
_HOWS = ("spoil", "cut", "twice", "drop", "insert", "raw", "flip", "put")

TARGET = Target(
    name="frames",
    guards="changed words of a peer let nobody in, are no letters, and end no more than their connection",
    form=Case,
    cases=st.builds(
        Case,
        changes=st.lists(
            st.builds(
                Change,
                side=st.integers(0, 1),
                number=st.integers(0, 4),
                how=st.sampled_from(_HOWS),
                at=st.integers(0, 255),
                by=st.integers(1, 255),
                data=_FOREIGN,
            ),
            max_size=3,
        ).map(tuple),
        piece=st.sampled_from([1, 7, 64, 100_000]),
    ),
    open=opened,
)
