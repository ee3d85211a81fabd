"""What processes ask each other for operators; no role hears any of it."""

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
