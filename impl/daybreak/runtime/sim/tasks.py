"""Coroutines without an event loop: enough to write a simulated client as straight code."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator


class SimFuture:
    """A value that comes later; the task that awaits it goes on the moment it is there."""

    def __init__(self) -> None:
        self._outcome: tuple[object, BaseException | None] | None = None
        self._resume: Callable[[], None] | None = None

    def done(self) -> bool:
        """Whether there is a result or an exception."""
        return self._outcome is not None

    def set_result(self, result: object, /) -> None:
        """Give the result."""
        self._finish(result, None)

    def set_exception(self, exception: BaseException, /) -> None:
        """Give an exception instead."""
        self._finish(None, exception)

    def _finish(self, result: object, exception: BaseException | None) -> None:
        assert self._outcome is None, "a future is settled once"
        self._outcome = (result, exception)
        if self._resume is not None:
            self._resume()

    def __await__(self) -> Generator[SimFuture, None, object]:
        if self._outcome is None:
            yield self
        assert self._outcome is not None, "a task is resumed when its future is settled"
        result, exception = self._outcome
        if exception is not None:
            raise exception
        return result

    def when_done(self, resume: Callable[[], None]) -> None:
        """Call `resume` once settled."""
        assert self._resume is None, "one task awaits a future"
        self._resume = resume


def spawn(coroutine: Coroutine[SimFuture, None, None], later: Callable[[Callable[[], None]], None]) -> None:
    """Run a coroutine whose awaits are `SimFuture`s; `later` schedules its next part."""

    def step() -> None:
        try:
            future = coroutine.send(None)
        except StopIteration:
            return
        future.when_done(lambda: later(step))

    later(step)
