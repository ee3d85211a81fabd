"""`@performs`: binds a method to the spec action it is, and writes the event.

A step of a role that changes protocol state is one method, named after the spec's action in snake case, with the
action's parameters as keyword-only arguments. The decorator runs the step and records it before any message of the
step can leave (messages leave when the handler that called the step has returned).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

from daybreak.trace.recorder import Trace


class Performer(Protocol):
    """What a role must have to perform actions."""

    trace: Trace

    def check_invariants(self) -> None: ...


class Performance(NamedTuple):
    """One binding of the action registry."""

    action: str
    """``Module!Action`` of the spec whose step the method is."""
    refines: str | None
    """``Module!Action`` of a higher rung that the same step is, if any."""
    method: str
    """Where the step is coded: ``module:Class.method``."""
    parameters: tuple[str, ...]
    """The method's keyword-only parameters, in order."""


REGISTRY: list[Performance] = []

Step = TypeVar("Step", bound=Callable[..., None])


def performs(action: str, *, refines: str | None = None) -> Callable[[Step], Step]:
    """Declare that a method is the step `action` (``Module!Action``).

    `refines` names the action of a higher rung that the same step carries out; that rung's mapping says with which
    of the event's arguments. A step takes keyword-only arguments and returns nothing.
    """

    def bind(method: Step) -> Step:
        where = f"{method.__module__}:{method.__qualname__}"
        REGISTRY.append(Performance(action, refines, where, _keyword_only(method)))

        @functools.wraps(method)
        def step(self: Performer, **arguments: object) -> None:
            method(self, **arguments)
            self.trace.record(action, arguments)
            self.check_invariants()

        return step  # type: ignore[return-value]  # same parameters, by construction

    return bind


def _keyword_only(method: Callable[..., None]) -> tuple[str, ...]:
    code = method.__code__
    first = code.co_argcount
    return code.co_varnames[first : first + code.co_kwonlyargcount]
