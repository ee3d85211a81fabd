"""What processes say to each other about the connections between them; no role hears it."""

from __future__ import annotations

from typing import ClassVar

from daybreak.runtime.protocols import Message


class Ping(Message, frozen=True):
    """I am there, and hear these processes."""

    causal: ClassVar[bool] = False

    hears: tuple[str, ...]


class Carry(Message, frozen=True):
    """A letter from the process `origin` to the process `target`, which do not hear each other."""

    causal: ClassVar[bool] = False

    origin: str
    target: str
    letter: bytes
