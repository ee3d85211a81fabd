"""Faults on purpose: what is to go wrong in this process, by order of whoever tests it.

One `Chaos` per process. It is looked at where the process meets the world: by `runtime.remote.chaos` for what it says
to other processes and hears of them, by `runtime.local.chaos` for its clock and its disks. The faults and their names
are those of the simulation (`runtime.sim.world.Faults`).
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable
from typing import Literal

import msgspec

from daybreak.errors import RequestError

HELD_US = 50_000
"""A message that is held back is overtaken by others for up to so long."""
SLOW_SECONDS = 0.3
"""What a sync of a slow disk takes besides its own time."""

LinkFault = Literal["cut", "latency", "duplicate", "reorder", "loss"]
DiskState = Literal["ok", "full", "sync-fails", "slow"]


class Link(msgspec.Struct, frozen=True):
    """What goes wrong with the messages between two processes, both ways."""

    cut: float = 0.0
    """Nonzero: none arrives."""
    latency: float = 0.0
    """By so many microseconds each is late; they stay in order."""
    duplicate: float = 0.0
    """Share of messages that arrive twice."""
    reorder: float = 0.0
    """Share of messages that are held back and overtaken by others."""
    loss: float = 0.0
    """Share of messages that never arrive."""


class Disturb(msgspec.Struct, frozen=True, tag=True):
    """Order: let something go wrong with the messages to and from `peer`; None: all other processes."""

    peer: str | None
    fault: LinkFault
    amount: float


class Heal(msgspec.Struct, frozen=True, tag=True):
    """Order: all messages arrive again, once, in order."""


class Jump(msgspec.Struct, frozen=True, tag=True):
    """Order: the machine's clock shows a time that is so far off the true one."""

    by_us: int


class SetDisk(msgspec.Struct, frozen=True, tag=True):
    """Order: how the disks of this process are from here on."""

    state: DiskState


class LoseUnsynced(msgspec.Struct, frozen=True, tag=True):
    """Order: end at once, without anything on the disks that was not synced, as when the power fails."""


class Keep(msgspec.Struct, frozen=True, tag=True):
    """Order, for whoever supervises the processes: kill one and keep it down, or start it again."""

    process: str
    up: bool


Order = Keep | Disturb | Heal | Jump | SetDisk | LoseUnsynced

_SOUND = Link()


def _end() -> None:
    """End this process, as SIGKILL does: nothing is written or closed any more."""
    os.kill(os.getpid(), signal.SIGKILL)


class Chaos:
    """What is to go wrong now; nothing at the beginning."""

    def __init__(self, peers: tuple[str, ...], seed: int | None = None) -> None:
        """`peers` are the names of the other processes."""
        self._links = dict.fromkeys(peers, _SOUND)
        self._random = random.Random(seed)
        self.jumped_us = 0
        """How far the machine's clock is off."""
        self.disk: DiskState = "ok"
        self.fast = threading.Event()
        """Set unless disks are slow."""
        self.fast.set()
        self.on_power_loss: list[Callable[[], None]] = [_end]
        """Called, in this order, by the order to end without what was not synced."""

    def obey(self, order: Order) -> None:
        """Carry out an order. RequestError if it is about a process that is no peer."""
        match order:
            case Disturb(peer, fault, amount):
                for name in self._named(peer):
                    self._links[name] = msgspec.structs.replace(self._links[name], **{fault: amount})
            case Keep():
                raise RequestError("no process keeps itself down")
            case Heal():
                self._links = dict.fromkeys(self._links, _SOUND)
            case Jump(by_us):
                self.jumped_us = by_us
            case SetDisk(state):
                self.disk = state
                (self.fast.clear if state == "slow" else self.fast.set)()
            case LoseUnsynced():
                for lose in self.on_power_loss:
                    lose()

    def _named(self, peer: str | None) -> list[str]:
        if peer not in (None, *self._links) or not self._links:
            raise RequestError(f"there is no other process {peer or ''}".rstrip())
        return [peer] if peer is not None else list(self._links)

    def delays_us(self, peer: str) -> list[int]:
        """When a message between this process and `peer` arrives, each time that it does; 0: at once."""
        link = self._links[peer]
        if link is _SOUND:
            return [0]
        if link.cut or self._strikes(link.loss):
            return []
        copies = 2 if self._strikes(link.duplicate) else 1
        return [int(link.latency) + self._held(link) for _ in range(copies)]

    def _held(self, link: Link) -> int:
        return self._random.randint(1, HELD_US) if self._strikes(link.reorder) else 0

    def _strikes(self, share: float) -> bool:
        return share > 0 and self._random.random() < share
