"""Coroutines without an event loop."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from daybreak.runtime.sim.tasks import SimFuture, spawn


class Later:
    """Keeps what is to be done until it is told to do it."""

    def __init__(self) -> None:
        self.steps: list[Callable[[], None]] = []

    def __call__(self, step: Callable[[], None]) -> None:
        self.steps.append(step)

    def run(self) -> None:
        """Do all of it, and what follows from it."""
        while self.steps:
            self.steps.pop(0)()


def test_a_task_goes_on_with_the_result_of_what_it_waits_for() -> None:
    later, first, second = Later(), SimFuture(), SimFuture()
    seen: list[object] = []

    async def body() -> None:
        seen.append("begun")
        seen.append(await first)
        seen.append(await second)

    spawn(body(), later)
    assert seen == []
    later.run()
    assert seen == ["begun"]
    first.set_result(1)
    assert seen == ["begun"], "it goes on when its turn comes, not inside of who gives the result"
    later.run()
    second.set_result(2)
    later.run()
    assert seen == ["begun", 1, 2]


def test_a_result_that_is_there_already_is_not_waited_for() -> None:
    later, future = Later(), SimFuture()
    future.set_result(1)
    seen: list[object] = []

    async def body() -> None:
        seen.append(await future)

    spawn(body(), later)
    later.run()
    assert seen == [1]
    assert future.done()


def test_an_exception_is_raised_where_it_is_awaited() -> None:
    later, future = Later(), SimFuture()
    seen: list[BaseException] = []

    async def body() -> None:
        try:
            await future
        except ValueError as error:
            seen.append(error)

    spawn(body(), later)
    later.run()
    error = ValueError("no")
    future.set_exception(error)
    later.run()
    assert seen == [error]


def test_a_future_is_settled_once() -> None:
    future = SimFuture()
    future.set_result(1)
    with pytest.raises(AssertionError, match="settled once"):
        future.set_exception(ValueError("no"))


def test_two_tasks_cannot_wait_for_one_future() -> None:
    later, future = Later(), SimFuture()

    async def body() -> None:
        await future

    spawn(body(), later)
    spawn(body(), later)
    with pytest.raises(AssertionError, match="one task awaits"):
        later.run()
    future.set_result(None)
    later.run()
