"""A client's bytes against the router: a real session over a real private database, without a socket.

The bytes are cut here a second time, by other code, to know what may be expected of the answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from daybreak.query import pgmessages as pg
from daybreak.router.connection import Connection
from tests.support.sql_server import SqlServer, private_server, sql_server
from tools.fuzz.target import Check, Target
from tools.fuzz.wirewords import GOOD_START, STARTS, spoilt

TURN_SECONDS = 20.0
"""Whoever has not answered by then never will."""
_KINDS = frozenset(b"123ACDEGHIKNRSTVWZcdnstv")
_CLIENT_KINDS = frozenset(b"BCDEFHPQSXcdfp")
_MAX_BYTES = 10 * 1024 * 1024
_PROBE = pg.query(b"SELECT 'probe'")
_LAST_WORDS = (pg.copy_fail("fuzz"), pg.message(b"S"), _PROBE)
"""Out of a COPY, out of a failed series, and one question."""

_TABLES = (
    pg.query(b"DROP TABLE IF EXISTS t"),
    pg.query(b"DROP TABLE IF EXISTS u"),
    pg.query(b"CREATE TABLE t (id int PRIMARY KEY, b text)"),
    pg.query(b"INSERT INTO t VALUES (1, 'x'), (2, NULL)"),
)


class Case(msgspec.Struct, frozen=True):
    """What a client sends: a startup packet and messages, all of it cut into pieces at `cuts`, if there are any."""

    start: bytes
    messages: tuple[bytes, ...]
    cuts: tuple[int, ...] = ()


class Line(Connection):
    """A connection that says when it has nothing to do until more comes."""

    def __init__(self, serve: Any) -> None:
        super().__init__(serve)
        self.parked = False
        self.changed = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.parked = False
        super().data_received(data)

    async def _wait(self) -> None:
        self.parked = True
        self.changed.set()
        try:
            await super()._wait()
        finally:
            self.parked = False

    async def rest(self) -> bool:
        """Wait until it waits itself, or is over; whether it waits."""
        assert self.task is not None, "it was made"
        self.task.add_done_callback(lambda _: self.changed.set())
        while not self.parked and not self.task.done():
            self.changed.clear()
            await self.changed.wait()
        return not self.task.done()


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self.said: list[bytes] = []
        self.paused = self.closed = False
        self._line = line

    def write(self, data: Any) -> None:
        assert not self.closed, "nothing is said after the end"
        self.said.append(bytes(data))

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self._line.connection_lost, None)

    abort = close


class Listening(logging.Handler):
    """What is logged as a mistake of ours, and what the event loop was left with."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(logging.Formatter().format(record))


async def converse(server: SqlServer, pieces: list[bytes]) -> Wire:
    """Send pieces, each when nothing more comes of the one before, and hang up."""
    line = Line(server.router._serve)
    wire = Wire(line)
    line.connection_made(wire)
    for piece in pieces:
        if not await line.rest() or wire.closed:
            break
        line.data_received(piece)
    if await line.rest():
        assert not wire.paused, "it waits for what it does not read"
        line.connection_lost(None)
    assert line.task is not None, "it was made"
    await asyncio.wait([line.task])
    await asyncio.gather(*server.router._closing)
    assert (server.router.session_count, server.router._connections, server.router.sessions) == (0, set(), [])
    return wire


def framed(data: bytes) -> list[tuple[int, bytes]] | None:
    """The messages of a client's bytes up to its goodbye; None if they are not cut so."""
    found = []
    while data:
        if len(data) < 5:
            return None
        size = int.from_bytes(data[1:5], "big")
        if data[0] not in _CLIENT_KINDS or not 4 <= size <= _MAX_BYTES or len(data) <= size:
            return None
        found.append((data[0], data[5 : size + 1]))
        data = data[size + 1 :]
    return found


def answers(wire: Wire) -> list[tuple[int, bytes]]:
    """The server's messages; AssertionError if its bytes are none."""
    said = list(wire.said)
    while said and said[0] == b"N":
        del said[0]  # no encryption
    data, found = b"".join(said), []
    while data:
        size = int.from_bytes(data[1:5], "big")
        assert data[0] in _KINDS and 4 <= size < len(data), f"no message of a server: {data[:60]!r}"
        found.append((data[0], data[5 : size + 1]))
        data = data[size + 1 :]
    return found


def _judge(case: Case, said: list[tuple[int, bytes]]) -> None:
    """Whether the answers are possible for what was sent."""
    kinds = bytes(kind for kind, _ in said)
    fatal = None
    for number, (kind, body) in enumerate(said):
        if kind == ord("E"):
            fields = pg.error_fields(body)
            assert len(fields["C"]) == 5 and fields["M"], fields
            assert fields["C"] != "XX000" or "F" in fields, f"only PostgreSQL itself may be at a loss: {fields}"
            if fields["S"] == "FATAL":
                assert number == len(said) - 1, "words after the end"
                fatal = fields
        if kind == ord("Z"):
            assert body in (b"I", b"T", b"E")
    if case.start != GOOD_START:
        return
    assert kinds.startswith(b"R") and b"K" in kinds, "who says the right words is let in"
    _judge_session(framed(b"".join((*case.messages, *_LAST_WORDS))), said, fatal)


def _judge_session(
    sent: list[tuple[int, bytes]] | None, said: list[tuple[int, bytes]], fatal: dict[str, str] | None
) -> None:
    assert fatal is None or fatal["C"] == "08P01", f"the session has ended: {fatal}"
    if sent is None:
        return
    kinds = bytes(kind for kind, _ in said)
    asked = bytes(kind for kind, _ in sent)
    asked = asked[: asked.index(b"X")] if b"X" in asked else asked
    assert kinds.count(b"Z") <= 1 + sum(map(asked.count, (b"Q", b"S", b"F"))), "ready more often than it was asked"
    if fatal is None and len(asked) == len(sent):
        assert kinds.endswith(b"Z"), "it is not ready in the end"
        last = said[bytes(kinds[:-1]).rindex(b"Z") + 1 :]
        lost = any(kind == ord("E") and pg.error_fields(body)["C"] == "25P02" for kind, body in last)
        found = [body for kind, body in last if kind == ord("D")]
        assert lost or found == [b"\0\1\0\0\0\5probe"], f"no answer to the last question: {last}"


def check(server: SqlServer, heard: list[str], case: Case) -> None:
    """Send it all, then see that another client is served, which puts the tables right."""
    heard.clear()
    before = server.store.commits
    sent = b"".join((case.start, *case.messages, *_LAST_WORDS))
    edges = [0, *sorted(cut % len(sent) for cut in case.cuts), len(sent)]
    pieces = [sent[low:high] for low, high in pairwise(edges) if low < high]
    try:
        _judge(case, answers(_run(server, pieces)))
    finally:
        _next_client(server, anew=server.store.commits > before)
    assert not heard, heard[0]


def _next_client(server: SqlServer, *, anew: bool) -> None:
    said = answers(_run(server, [b"".join((GOOD_START, *(_TABLES if anew else ()), _PROBE))]))
    kinds = bytes(kind for kind, _ in said)
    assert b"E" not in kinds and kinds.endswith(b"TDCZ"), f"the next client is not served: {said}"


def _run(server: SqlServer, pieces: list[bytes]) -> Wire:
    return server.thread.run(asyncio.wait_for(converse(server, pieces), TURN_SECONDS))


@contextmanager
def opened(directory: Path) -> Iterator[Check]:
    """A server with a table of two rows, which every input finds as it was."""
    listening = Listening()
    with private_server(directory / "private") as running, sql_server(*running) as server:
        _next_client(server, anew=True)
        server.thread.loop.set_exception_handler(lambda _, context: listening.heard.append(str(context)))
        log = logging.getLogger("daybreak")
        log.addHandler(listening)
        try:
            yield lambda case: check(server, listening.heard, case)
        finally:
            log.removeHandler(listening)


TARGET = Target(
    name="wire",
    guards="a client's bytes are answered by whole messages, end no session but its own, and are no error of ours",
    form=Case,
    cases=st.builds(
        Case,
        start=STARTS,
        messages=spoilt().map(tuple),
        cuts=st.just(()) | st.lists(st.integers(0, 400), max_size=4).map(tuple),
    ),
    open=opened,
    round=200,
)
