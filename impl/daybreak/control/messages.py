"""What processes ask each other for operators, which no role hears, and what the balancer says to itself."""

from __future__ import annotations

from typing import ClassVar

from daybreak.base.ids import NodeId
from daybreak.runtime.protocols import Message


class StatusWanted(Message, frozen=True):
    """How is the receiver's process? The answer goes to `asker`."""

    causal: ClassVar[bool] = False

    request: int
    asker: NodeId


class StatusTold(Message, frozen=True):
    """The answer: `status` is a JSON document."""

    causal: ClassVar[bool] = False

    request: int
    process: str
    status: bytes


class LookTick(Message, frozen=True):
    """The balancer's own timer."""

    causal: ClassVar[bool] = False
