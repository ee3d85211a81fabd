"""Run a service until it is told to stop, or fails: what the processes of a cluster have in common."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Protocol


class Service(Protocol):
    """What runs between a start and `stop`."""

    @property
    def failure(self) -> asyncio.Future[None]:
        """Gets the exception with which it failed by itself."""

    async def stop(self) -> None:
        """End it in order."""


def stop_signals() -> asyncio.Event:
    """Set by SIGTERM and SIGINT from now on."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def begin_by_stdin(stop: asyncio.Event) -> asyncio.Event:
    """Set by the first byte on standard input, whose end sets `stop`: whoever started us wants us to, or is gone."""
    loop, begin, stdin = asyncio.get_running_loop(), asyncio.Event(), sys.stdin.fileno()

    def read() -> None:
        if os.read(stdin, 1024):
            begin.set()
        else:
            loop.remove_reader(stdin)
            stop.set()

    loop.add_reader(stdin, read)
    return begin


async def run(
    service: Service, start: Coroutine[Any, Any, None], stop: asyncio.Event, ready: Callable[[], None] = lambda: None
) -> int:
    """Carry out `start`, say `ready`, and wait for `stop`; 0. What fails is raised, after an orderly stop.

    A start that is cancelled, since it was told to stop before, takes back itself what it has done.
    """
    loop = asyncio.get_running_loop()
    stopping, starting = loop.create_task(stop.wait()), loop.create_task(start)
    await asyncio.wait((stopping, starting), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait((starting,))
        return 0
    await starting
    try:
        ready()
        await asyncio.wait((stopping, service.failure), return_when=asyncio.FIRST_COMPLETED)
        if service.failure.done():
            await service.failure
    finally:
        await service.stop()
    return 0
