"""Keeps child processes running: starts them, starts again those that end, ends all of them in order.

A child's standard input is its life line: it ends when that is closed, by `stop` or by the death of this process. The
first byte there tells it to begin its work, which nobody does before `go`; until then it gets ready. It is in a session
of its own, so the terminal's Ctrl-C does not reach it. What it writes to standard error comes out of ours, each line
once and behind the child's name; a last line that begins with ``daybreak:`` says why it has ended. What it writes to
standard output, if anything, says that it is ready.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import msgspec

from daybreak.errors import OperatorError

log = logging.getLogger(__name__)

REFUSED = "daybreak: "
"""How the line begins with which a child says why it cannot go on."""
REFUSED_CODE = 1
STOP_SECONDS = 20.0
"""A child that has not ended so long after it was told to is killed."""
LAST_WORDS_SECONDS = 1.0
"""So long the last lines of a child that has ended are waited for."""


class Pauses(msgspec.Struct, frozen=True):
    """How long a child that has ended stays away, in seconds; each time twice as long as before."""

    least: float = 0.1
    most: float = 5.0
    steady: float = 10.0
    """A child that has run for so many times its last pause counts as healthy: its next pause is the least one."""


class Child:
    """One child, through all its lives."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self.command = command
        self.process: Process | None = None
        self.started = 0.0
        self.starts = 0
        self.last_word = ""
        """Why it cannot go on, if it has said so in this life."""
        self.ready = False
        """Whether it has said so in this life."""
        self.wanted = asyncio.Event()
        """Unless it is to stay down."""
        self.wanted.set()

    @property
    def pid(self) -> int | None:
        """Its process, or None while there is none."""
        return None if self.process is None or self.process.returncode is not None else self.process.pid

    async def spawn(self) -> Process:
        """Start a life."""
        self.last_word = ""
        self.ready = False
        self.process = await asyncio.create_subprocess_exec(
            *self.command, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
        self.started = time.monotonic()
        self.starts += 1
        return self.process

    def begin(self) -> None:
        """Tell it to begin, if it lives."""
        if self.process is not None and self.process.stdin is not None and not self.process.stdin.is_closing():
            self.process.stdin.write(b"\n")

    async def listen(self, process: Process) -> None:
        """Pass its lines on until it closes its standard error."""
        assert process.stderr is not None, "a pipe was asked for"
        assert process.stdout is not None, "a pipe was asked for"
        hear = asyncio.create_task(self._hear(process.stdout))
        try:
            await self._pass_on(process.stderr)
        finally:
            hear.cancel()

    async def _hear(self, said: asyncio.StreamReader) -> None:
        """Wait for its word that it is ready."""
        while await said.read(1 << 16):
            self.ready = True

    async def _pass_on(self, stderr: asyncio.StreamReader) -> None:
        async for line in _lines(stderr):
            if line.startswith(REFUSED):
                self.last_word = line.removeprefix(REFUSED)
            else:
                sys.stderr.write(f"{self.name}: {line}\n")
                sys.stderr.flush()


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """The lines of `stream`, however long."""
    rest = b""
    while data := await stream.read(1 << 16):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


class Supervisor:
    """See the module."""

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        refused: Callable[[OperatorError], None],
        pauses: Pauses | None = None,
    ) -> None:
        """`refused` is told when a child cannot work with what it finds, before `settle`."""
        self._children = {name: Child(name, command) for name, command in commands.items()}
        self._refused = refused
        self._pauses = pauses or Pauses()
        self._going = False
        self._settled = False
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start all children."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._keep(child)) for child in self._children.values()]

    def go(self) -> None:
        """All may begin, and whoever is started again at once."""
        self._going = True
        for child in self._children.values():
            child.begin()

    def settle(self) -> None:
        """All have come up: from here on one that ends, for whatever reason, is started again."""
        self._settled = True

    async def _keep(self, child: Child) -> None:
        pauses, pause = self._pauses, 0.0
        while not self._stopping:
            await child.wanted.wait()
            process = await child.spawn()
            if self._going:
                child.begin()
            words = asyncio.create_task(child.listen(process))
            code = await process.wait()
            # A process of its own may hold its standard error open; the rest of what it says is then lost.
            await asyncio.wait((words,), timeout=LAST_WORDS_SECONDS)
            words.cancel()
            if self._stopping:
                return
            if not child.wanted.is_set():
                continue
            if code == REFUSED_CODE and child.last_word and not self._settled:
                self._refused(OperatorError(child.last_word))
                return
            healthy = time.monotonic() - child.started >= pauses.steady * pause
            pause = pauses.least if healthy else min(2 * pause, pauses.most)
            why = f": {child.last_word}" if child.last_word else ""
            log.warning(
                "%s (process %d) has ended with code %d%s; it is started again in %g s",
                *(child.name, process.pid, code, why, pause),
            )
            await asyncio.sleep(pause)

    def ready(self, name: str) -> bool:
        """Whether a child has said that it is ready."""
        return self._children[name].ready

    def keep_down(self, name: str) -> None:
        """Kill a child, and do not start it again until `let_up`; KeyError if there is none of this name."""
        child = self._children[name]
        child.wanted.clear()
        if child.process is not None and child.pid is not None:
            child.process.kill()

    def let_up(self, name: str) -> None:
        """Start a child again that was kept down."""
        self._children[name].wanted.set()

    def status(self) -> dict[str, dict[str, object]]:
        """What an operator may want to know, by child."""
        now = time.monotonic()
        return {
            child.name: {
                "pid": child.pid,
                "uptime_seconds": round(now - child.started, 3) if child.pid is not None else None,
                "restarts": max(0, child.starts - 1),
            }
            for child in self._children.values()
        }

    async def stop(self) -> None:
        """Tell all children to end, and wait until they have."""
        self._stopping = True
        for child in self._children.values():
            if child.process is not None and child.process.stdin is not None:
                child.process.stdin.close()
        idle = [task for task, child in zip(self._tasks, self._children.values(), strict=False) if child.pid is None]
        for task in idle:
            task.cancel()
        _, late = await asyncio.wait(self._tasks, timeout=STOP_SECONDS) if self._tasks else (set(), set())
        for child in self._children.values():
            if late and child.process is not None and child.pid is not None:
                log.warning("%s (process %d) does not end and is killed", child.name, child.process.pid)
                child.process.kill()
        await asyncio.gather(*self._tasks, return_exceptions=True)
