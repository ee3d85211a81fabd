"""Letters go around a cut link, by one hop through a process that hears both ends.

    A1 --x-- A2      Each process says to every other one, again and again, whom it hears (`Ping`). One that does not
     |       |       hear a peer any more hands letters for it (`Carry`) to a process that does, if it hears one; else
     +-- A3 -+       it sends them straight, as always.

A letter is sent one way or the other, never both, and who passes it on sends it straight to whom it is for: nothing
comes twice, or runs in circles. Whatever is lost on the way is lost, as without a relay.

Who a letter is from is known as before: the relay passes on what came from the very process that the letter names as
its origin, and the relay is a peer that has proved who it is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import msgspec

from daybreak.base.ids import NodeId
from daybreak.runtime.local.network import Letter
from daybreak.runtime.remote.codec import CodecError, Registry
from daybreak.runtime.remote.messages import Carry, Ping
from daybreak.runtime.remote.peers import Peers
from daybreak.runtime.remote.routes import Routes

PING_SECONDS = 0.2
"""Between two pings."""
SILENT_SECONDS = 0.65
"""Who has said nothing for so long is not heard: three pings are missing. Well below a lease."""

Deliver = Callable[[str, list[Letter]], None]
"""Takes letters, and the name of the process that they come from."""

_OWN = frozenset((Ping, Carry))
"""What relays say to each other. Looked up by class: letters are many, and `isinstance` is slow for these."""


class Passage(msgspec.Struct):
    """What went around, of the letters to and from a peer, since this process started."""

    relayed: int = 0
    """Letters to it that another process was to pass on."""
    passed: int = 0
    """Letters of it that this process passed on."""
    refused: int = 0
    """Letters that it wanted passed on in another's name, or to nobody, and such as make no sense."""


class Relay:
    """The way to the other processes, straight or around. `start` once, then `close` once."""

    def __init__(
        self,
        process: str,
        processes: Sequence[str],
        registry: Registry,
        deliver: Deliver,
        connect: Callable[[Deliver], Peers],
        *,
        ping_seconds: float = PING_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        """`process` is this one of `processes`; `deliver` gets what comes for its roles. `connect` makes the
        connections, for one who takes what comes by them."""
        others = [name for name in processes if name != process]
        self._process = process
        self._registry = registry
        self._deliver = deliver
        self._routes = Routes(others, silent_seconds)
        self._ping_seconds = ping_seconds
        self._passages = {name: Passage() for name in others}
        self._around: dict[str, str] = {}
        """Through whom letters go to those that are not heard."""
        self._peers = connect(self._receive)
        self._pinging: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen and to dial. OSError if it cannot listen."""
        await self._peers.start()
        self._pinging = asyncio.get_running_loop().create_task(self._ping())

    def send(self, name: str, letter: Letter) -> None:
        """Send a letter to a process. KeyError if there is none of this name, ValueError if the letter is too long."""
        relay = self._around.get(name)
        if relay is None:
            self._peers.send(name, letter)
            return
        carry = Carry(self._process, name, self._registry.encode(letter))
        self._passages[name].relayed += 1
        self._peers.send(relay, Letter(_address(name), _address(self._process), carry, ()))

    def _receive(self, process: str, letters: list[Letter]) -> None:
        """Take what a peer has sent, and hand over what is for roles here."""
        self._routes.heard(process, time.monotonic())
        self._around.pop(process, None)
        plain = [letter for letter in letters if type(letter.message) not in _OWN]
        if len(plain) < len(letters):
            for letter in letters:
                self._hear(process, letter)
        if plain:
            self._deliver(process, plain)

    def _hear(self, process: str, letter: Letter) -> None:
        """Deal with a letter if it is for relays."""
        match letter.message:
            case Ping() as ping:
                self.on_ping(process, ping)
            case Carry() as carry:
                self.on_carry(process, letter, carry)

    def on_ping(self, process: str, message: Ping) -> None:
        """Remember whom a peer hears."""
        self._routes.told(process, message.hears)

    def on_carry(self, process: str, letter: Letter, message: Carry) -> None:
        """Pass on what is in a letter, which `message` is the content of, or hand it over here."""
        passage, others = self._passages[process], self._passages
        if message.target == self._process and message.origin in others:
            try:
                found = self._registry.decode(message.letter)
            except CodecError:
                passage.refused += 1
            else:
                self._deliver(message.origin, [found])
        elif message.target in others and message.origin == process != message.target:
            passage.passed += 1
            self._peers.send(message.target, letter)
        else:
            passage.refused += 1

    async def _ping(self) -> None:
        """Say again and again whom we hear, and find ways around the others."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(self._ping_seconds)
            now = time.monotonic()
            self._routes.excuse(now - before - self._ping_seconds, now)
            self._around = self._routes.around(now)
            ping = Ping(tuple(self._routes.hears(now)))
            for name in self._passages:
                self._peers.ping(name, Letter(_address(name), _address(self._process), ping, ()))

    def is_up(self, name: str) -> bool:
        """Whether there is a connection to a process, or a way around."""
        return self._peers.is_up(name) or name in self._around

    def unheard(self) -> dict[str, str | None]:
        """The processes that are not heard, and through whom letters go to each; None: straight, in vain perhaps."""
        hears = self._routes.hears(time.monotonic())
        return {name: self._around.get(name) for name in self._passages if name not in hears}

    def status(self) -> dict[str, dict[str, object]]:
        """What an operator may want to know, by peer."""
        unheard = self.unheard()
        return {
            name: {
                **said,
                "heard": name not in unheard,
                "around": unheard.get(name),
                **msgspec.structs.asdict(self._passages[name]),
            }
            for name, said in self._peers.status().items()
        }

    def close(self) -> None:
        """Hang up on everybody."""
        if self._pinging is not None:
            self._pinging.cancel()
        self._peers.close()


def _address(process: str) -> NodeId:
    """Where the relay of a process lives."""
    return NodeId(f"{process}/relay-0")
