"""What the SQL layer sees of the client: somewhere to send messages, and a source of messages during COPY."""

from __future__ import annotations

from typing import Protocol


class Client(Protocol):
    """The connection of one session; `router.connection` implements it."""

    def send(self, data: bytes) -> None:
        """Queue whole messages for the client."""

    async def drain(self) -> None:
        """Wait until the client has taken most of what was sent."""

    async def receive(self) -> tuple[int, bytes]:
        """The client's next message: type and body."""


class CommitGuard(Protocol):
    """Told when a commit begins and ends, so that losing the client in between does not cancel it (P16)."""

    shielded: bool
