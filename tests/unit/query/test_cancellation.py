"""When a cancel request is let through to the private server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from daybreak.query.cancellation import Cancellation


@dataclass
class FakeBackend:
    cancels: int = 0

    async def cancel(self) -> None:
        self.cancels += 1


@dataclass
class FakeEngine:
    cancellable: bool = False
    backend: FakeBackend = field(default_factory=FakeBackend)


async def turns(count: int = 20) -> None:
    """Let everything run that can run now, and timers that are due."""
    for _ in range(count):
        await asyncio.sleep(0.001)


async def scenario(*, prepared: bool) -> tuple[int, int, int]:
    """Cancels sent while a run prepares, after it has, and when all is over."""
    engine = FakeEngine()
    cancellation = Cancellation(engine)  # type: ignore[arg-type]
    over = asyncio.get_running_loop().create_future()
    run = asyncio.ensure_future(cancellation.during(over))
    await turns(1)
    cancel = asyncio.ensure_future(cancellation.cancel())
    await turns()
    before = engine.backend.cancels
    engine.cancellable = prepared
    if prepared:
        await cancel
    during = engine.backend.cancels
    over.set_result(None)
    await run
    engine.cancellable = True
    await cancel
    await cancellation.cancel()
    return before, during, engine.backend.cancels


def test_a_cancel_waits_until_what_runs_is_the_clients() -> None:
    assert asyncio.run(scenario(prepared=True)) == (0, 1, 1)


def test_a_cancel_of_what_ends_before_is_dropped() -> None:
    assert asyncio.run(scenario(prepared=False)) == (0, 0, 0)
