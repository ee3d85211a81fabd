"""Messages between processes that are lost, late, doubled or out of order, by order (`runtime.chaos`).

A connection keeps messages in order and loses none, so that is done above it: to what is sent, and to what has come.
One of two processes is enough for a fault both ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from daybreak.runtime.chaos import Chaos
from daybreak.runtime.local.network import Letter
from daybreak.runtime.remote.codec import Registry
from daybreak.runtime.remote.handshake import Identity
from daybreak.runtime.remote.peers import Address, Limits, Peers

Deliver = Callable[[str, list[Letter]], None]


class ChaosPeers(Peers):
    """`Peers` whose letters suffer what `chaos` says."""

    def __init__(
        self,
        me: Identity,
        registry: Registry,
        addresses: dict[str, Address],
        deliver: Deliver,
        limits: Limits | None = None,
        *,
        chaos: Chaos,
    ) -> None:
        super().__init__(me, registry, addresses, self._come, limits)
        self._chaos = chaos
        self._hand_over = deliver

    def send(self, name: str, letter: Letter) -> None:
        """Send a letter to a process, as often and as late as is due."""
        for delay_us in self._chaos.delays_us(name):
            self._in(delay_us, super().send, name, letter)

    def ping(self, name: str, letter: Letter) -> None:
        """As `send`."""
        for delay_us in self._chaos.delays_us(name):
            self._in(delay_us, super().ping, name, letter)

    def _come(self, name: str, letters: list[Letter]) -> None:
        for letter in letters:
            for delay_us in self._chaos.delays_us(name):
                self._in(delay_us, self._hand_over, name, [letter])

    def _in(self, delay_us: int, do: Callable[..., None], *arguments: object) -> None:
        if delay_us == 0:
            do(*arguments)
        else:
            asyncio.get_running_loop().call_later(delay_us / 1e6, do, *arguments)
