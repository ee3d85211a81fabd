"""`@performs`: a step is an event, written before anything that follows from the step can leave."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daybreak.base.ids import NodeId
from daybreak.runtime.protocols import Effects, Message, Send
from daybreak.runtime.role import Role
from daybreak.trace.action import REGISTRY, Performance, performs
from tests.support.roles import ManualClock, MemorySink, traced

NODE = NodeId("A/counter-0")


class Count(Message, frozen=True):
    """Makes a counter count."""

    by: int


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Forget what the test binds."""
    before = list(REGISTRY)
    yield
    REGISTRY[:] = before


def counter() -> tuple[Role, MemorySink, list[str]]:
    """A role with one step, its trace, and what happened in which order."""
    happened: list[str] = []

    class Counter(Role):
        total = 0

        def on_count(self, source: NodeId, message: Count) -> Effects:
            lines = len(sink.lines)
            self.count(by=message.by)
            happened.append("left")
            assert len(sink.lines) == lines + 1, "the event is written before the handler returns what is to leave"
            return [Send(source, message)]

        @performs("Counting!Count", refines="Upper!Move")
        def count(self, *, by: int) -> None:
            assert sink.lines == [], "the event is written after the step"
            happened.append("step")
            self.total += by

        def check_invariants(self) -> None:
            happened.append("checked")
            assert self.total <= 10, "too much"

    clock = ManualClock()
    trace, sink = traced(NODE, clock)
    return Counter(NODE, clock, trace), sink, happened


def test_a_step_is_done_then_written_then_checked_and_then_its_messages_leave() -> None:
    role, sink, happened = counter()
    assert role.receive(NODE, Count(3)) == [Send(NODE, Count(3))]
    assert happened == ["step", "checked", "left"]
    (event,) = sink.events()
    assert (event.act, event.args) == ("Counting!Count", {"by": 3})


def test_a_step_that_breaks_an_invariant_is_in_the_trace_and_fails() -> None:
    role, sink, _ = counter()
    with pytest.raises(AssertionError, match="too much"):
        role.receive(NODE, Count(11))
    assert sink.acts() == ["Count"]


def test_a_step_that_fails_is_no_event() -> None:
    class Failing(Role):
        @performs("Counting!Fail")
        def fail(self) -> None:
            raise ValueError("no")

    clock = ManualClock()
    trace, sink = traced(NODE, clock)
    with pytest.raises(ValueError, match="no"):
        Failing(NODE, clock, trace).fail()
    assert sink.lines == []


def test_the_registry_names_action_method_and_parameters() -> None:
    counter()
    assert REGISTRY[-1] == Performance(
        "Counting!Count", "Upper!Move", f"{__name__}:counter.<locals>.Counter.count", ("by",)
    )


def test_parameters_with_a_default_do_not_hide_those_without() -> None:
    @performs("Counting!Many")
    def many(self: Role, *, a: int, b: int = 2, c: int) -> None:
        """Take three."""

    assert REGISTRY[-1].parameters == ("a", "b", "c")
    assert many.__name__ == "many"


def test_a_step_takes_keywords_only() -> None:
    class Counter(Role):
        @performs("Counting!Count")
        def count(self, *, by: int) -> None:
            """Count."""

    clock = ManualClock()
    role = Counter(NODE, clock, traced(NODE, clock)[0])
    with pytest.raises(TypeError, match="positional"):
        role.count(3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected"):
        role.count(by=1, to=2)  # type: ignore[call-arg]


def test_every_action_is_named_like_its_method() -> None:
    import daybreak.cluster  # noqa: F401  binds the steps of all roles

    assert REGISTRY
    for performance in REGISTRY:
        action = performance.action.partition("!")[2]
        method = performance.method.rpartition(".")[2]
        assert action.lower() == method.replace("_", ""), performance
        assert performance.parameters, f"{performance.action} says nothing"
