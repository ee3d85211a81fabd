"""Dispatch: a message finds its handler by its name."""

from __future__ import annotations

import pytest

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError
from daybreak.runtime.protocols import Effects, Message, Send
from daybreak.runtime.role import Role, handler_name
from daybreak.trace.recorder import NoTrace
from tests.support.roles import ManualClock

NODE, OTHER = NodeId("A/a-0"), NodeId("A/b-0")


class CommitRequest(Message, frozen=True):
    """Known to `Desk`."""


class Stray(Message, frozen=True):
    """Known to nobody."""


class Desk(Role):
    """Hands every request back."""

    def on_commit_request(self, source: NodeId, message: CommitRequest) -> Effects:
        """Hand it back."""
        return [Send(source, message)]


class OtherDesk(Role):
    """Takes requests and says nothing."""

    def on_commit_request(self, source: NodeId, message: CommitRequest) -> Effects:
        """Keep it."""
        return []


@pytest.mark.parametrize(
    ("name", "handler"),
    [("Tick", "on_tick"), ("CommitRequest", "on_commit_request"), ("ReadTooOld", "on_read_too_old")],
)
def test_a_handler_is_named_after_its_message(name: str, handler: str) -> None:
    assert handler_name(type(name, (Message,), {})) == handler


def test_a_message_reaches_the_handler_of_the_role_that_hears_it() -> None:
    for kind, effects in ((Desk, [Send(OTHER, CommitRequest())]), (OtherDesk, [])):
        assert kind(NODE, ManualClock(), NoTrace()).receive(OTHER, CommitRequest()) == effects


def test_a_message_that_a_role_does_not_hear_is_a_bug_that_names_both_ends() -> None:
    with pytest.raises(InternalError, match=r"A/a-0 has no handler for Stray \(from A/b-0\)"):
        Desk(NODE, ManualClock(), NoTrace()).receive(OTHER, Stray())


def test_a_role_starts_with_nothing_to_do_unless_it_says_so() -> None:
    role = Desk(NODE, ManualClock(), NoTrace())
    assert role.start() == []
    role.check_invariants()
