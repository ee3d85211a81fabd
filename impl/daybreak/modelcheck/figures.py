"""How far TLC is, read from its own counters while it runs."""

from __future__ import annotations

from typing import Any, NamedTuple


class Figures(NamedTuple):
    """What TLC counts. Random behaviours have no distinct states, no queue and no depth; only they are `traces`."""

    generated: int
    distinct: int = 0
    queue: int = 0
    depth: int = 0
    traces: int = 0


def read(tlc_globals: Any) -> Figures | None:
    """The counters of the one run that the class `TLCGlobals` knows of, or None before its first state."""
    checker, simulator = tlc_globals.mainChecker, tlc_globals.simulator
    if checker is not None:
        return Figures(
            generated=int(checker.getStatesGenerated()),
            distinct=int(checker.getDistinctStatesGenerated()),
            queue=int(checker.getStateQueueSize()),
            depth=int(checker.getProgress()),
        )
    if simulator is not None:
        states, traces = (int(_private(simulator, name).longValue()) for name in ("numOfGenStates", "numOfGenTraces"))
        return Figures(generated=states, traces=traces)
    return None


def tool(tlc_globals: Any) -> Any:
    """The spec as TLC's evaluator has it (`ITool`)."""
    checker = tlc_globals.mainChecker
    return checker.tool if checker is not None else _private(tlc_globals.simulator, "tool")


def _private(thing: Any, name: str) -> Any:
    """The private field `name` of a Java object; TLC shows the counters of a simulation in no other way."""
    owner = thing.getClass()
    while name not in [str(field.getName()) for field in owner.getDeclaredFields()]:
        owner = owner.getSuperclass()
    field = owner.getDeclaredField(name)
    field.setAccessible(True)
    return field.get(thing)
