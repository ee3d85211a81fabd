"""What all roles share: dispatch of messages to handlers, and the trace."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError
from daybreak.runtime.protocols import Clock, Effects, Message
from daybreak.trace.recorder import Trace


def handler_name(message: type[Message]) -> str:
    """The handler of a message class: ``CommitRequest`` is handled by ``on_commit_request``."""
    return "on_" + re.sub(r"(?<!^)(?=[A-Z])", "_", message.__name__).lower()


class Role:
    """A state machine without I/O.

    Subclasses have one ``on_<message>(source, message) -> Effects`` per message that they hear, steps bound to spec
    actions by `@performs`, and override `start` and `check_invariants`.
    """

    _handlers: ClassVar[dict[type[Message], str]] = {}

    def __init__(self, node: NodeId, clock: Clock, trace: Trace) -> None:
        self.node = node
        self.clock = clock
        self.trace = trace

    def start(self) -> Effects:
        """What the role does when its node starts, before it hears anything."""
        return []

    def receive(self, source: NodeId, message: Message) -> Effects:
        """Handle one message and return what is to be done."""
        kind = type(message)
        name = self._handlers.get(kind)
        if name is None:
            name = self._handlers[kind] = handler_name(kind)
        handler: Any = getattr(self, name, None)
        if handler is None:
            raise InternalError(f"{self.node} has no handler for {kind.__name__} (from {source})")
        effects: Effects = handler(source, message)
        return effects

    def check_invariants(self) -> None:
        """Raise AssertionError if the role's state is not one that it may be in; called after every step."""
