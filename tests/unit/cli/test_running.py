"""What runs until it is told to stop: it is stopped in order, whatever ends it."""

from __future__ import annotations

import asyncio

import pytest

from daybreak.cli.running import run


class Told:
    """A service that notes what is done to it."""

    def __init__(self) -> None:
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: list[str] = []

    async def start(self, waits: asyncio.Event | None = None) -> None:
        try:
            if waits is not None:
                await waits.wait()
            self.done.append("started")
        except asyncio.CancelledError:
            self.done.append("taken back")
            raise

    async def stop(self) -> None:
        self.done.append("stopped")


def test_it_is_ready_once_it_has_started_and_stopped_when_told() -> None:
    async def scenario() -> None:
        service, stop = Told(), asyncio.Event()

        def ready() -> None:
            service.done.append("ready")
            stop.set()

        assert await run(service, service.start(), stop, ready) == 0
        assert service.done == ["started", "ready", "stopped"]

    asyncio.run(scenario())


def test_who_is_told_to_stop_amid_a_start_takes_it_back() -> None:
    async def scenario() -> None:
        service, stop = Told(), asyncio.Event()
        asyncio.get_running_loop().call_soon(stop.set)
        assert await run(service, service.start(asyncio.Event()), stop) == 0
        assert service.done == ["taken back"]

    asyncio.run(scenario())


def test_what_fails_is_stopped_in_order_and_raised() -> None:
    async def scenario() -> None:
        service = Told()
        service.failure.set_exception(RuntimeError("a role failed"))
        with pytest.raises(RuntimeError, match="a role failed"):
            await run(service, service.start(), asyncio.Event())
        assert service.done == ["started", "stopped"]

    asyncio.run(scenario())
