"""What goes wrong at random in a world, as data: every strike has a name, and each may be left out on its own.

Each kind of fault has a stream of random numbers of its own, and each strike one that comes from it: to leave a strike
out shifts no other, neither in time nor in what it would choose.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Hit(msgspec.Struct, frozen=True):
    """A strike that had an effect; times are microseconds since the world began."""

    name: str
    """Its kind and number: ``crash#3``; of a fault that each journal has on its own, ``rot.1#3``."""
    at_us: int
    target: str
    """What was hit: a node, a link, a key range."""
    what: str = ""
    """What was done to it, where the kind does not say."""
    lasts_us: int = 0
    """How long it lasts; 0: at once over, or for good."""


class Timed(Protocol):
    """A world: time, and what is to happen later."""

    now_us: int

    def at(self, delay_us: int, action: Callable[[], None]) -> None:
        """Do something once `delay_us` have passed."""


def kind_of(name: str) -> str:
    """The kind of a strike by its name, without the journal that it belongs to: ``rot`` of ``rot.1#3``."""
    return name.partition("#")[0].partition(".")[0]


class Strike:
    """One occasion for something to go wrong; `random` is its own."""

    def __init__(self, strikes: Strikes, name: str, seed: int) -> None:
        self._strikes = strikes
        self._seed = seed
        self.name = name
        self.random = random.Random(seed)

    def choose(self, candidates: Sequence[T]) -> T:
        """One of them. The choice is the same if one that was not chosen is missing, so that it survives in a smaller
        cluster."""
        return max(candidates, key=lambda one: random.Random(f"{self._seed}/{one}").random())

    def perhaps(self, kind: str, share: float) -> Strike | None:
        """With the chance `share` another strike, which this one brings about, with the same number; else None."""
        name, seed = f"{kind}#{self.name.partition('#')[2]}", f"{self._strikes.stream_name(kind)}/{self._seed}"
        strike = Strike(self._strikes, name, random.Random(seed).getrandbits(64))
        return strike if strike.random.random() < share and self._strikes.may(name) else None

    def hit(self, target: object, what: str = "", lasts_us: int = 0) -> None:
        """Note that it had an effect, now."""
        self._strikes.note(self.name, target, what, lasts_us)


class Strikes:
    """All that goes wrong at random in one run."""

    def __init__(
        self, world: Timed, seed: int, only: Iterable[str] | None = None, salts: Iterable[tuple[str, str]] = ()
    ) -> None:
        """`only` names the strikes that may happen, None all; `salts` give some kinds other random numbers."""
        self._world = world
        self._begun_us = world.now_us
        self._seed = seed
        self._only = None if only is None else frozenset(only)
        self._salts = dict(salts)
        self._streams: dict[str, random.Random] = {}
        self._numbers: Counter[str] = Counter()
        self.current: Strike | None = None
        """What is happening at this moment."""
        self.hits: list[Hit] = []
        """What happened, in order of time."""
        self.counts: Counter[str] = Counter()
        """How often each kind of fault had an effect, those of single messages included."""

    def stream(self, kind: str) -> random.Random:
        """The random numbers of a kind of fault; ``rot.1`` has others than ``rot.0``, and the same salt."""
        if kind not in self._streams:
            self._streams[kind] = random.Random(self.stream_name(kind))
        return self._streams[kind]

    def stream_name(self, kind: str) -> str:
        """What determines the random numbers of a kind."""
        return f"{self._seed}/fault/{kind}/{self._salts.get(kind_of(kind), '')}"

    def now_and_then(self, kind: str, mean_us: int, action: Callable[[Strike], None]) -> None:
        """From here on do something again and again, after `mean_us` in the mean; 0: never."""
        if mean_us == 0:
            return
        stream = self.stream(kind)

        def due() -> None:
            self.current = self._next(kind)
            if self.current is not None:
                action(self.current)
            self.current = None
            later()

        def later() -> None:
            self._world.at(int(stream.expovariate(1 / mean_us)) + 1, due)

        later()

    def happens(self, kind: str, share: float) -> bool:
        """Whether this message is one of the `share` that something happens to. These have no names, and are counted;
        `only` says nothing of them."""
        if not share or self.stream(kind).random() >= share:
            return False
        self.counts[kind] += 1
        return True

    def _next(self, kind: str) -> Strike | None:
        """The next strike of a kind; None if it is to be left out."""
        self._numbers[kind] += 1
        name, seed = f"{kind}#{self._numbers[kind]}", self.stream(kind).getrandbits(64)
        return Strike(self, name, seed) if self.may(name) else None

    def may(self, name: str) -> bool:
        """Whether a strike is not to be left out."""
        return self._only is None or name in self._only

    def note(self, name: str, target: object, what: str = "", lasts_us: int = 0) -> None:
        """Note that something has gone wrong, now."""
        self.counts[kind_of(name)] += 1
        self.hits.append(Hit(name, self._world.now_us - self._begun_us, str(target), what, lasts_us))


def write_hits(hits: Sequence[Hit], path: Path) -> None:
    """Write what happened to a new file, as JSON with a line for each strike."""
    lines = b",\n".join(map(msgspec.json.encode, hits))
    path.write_bytes(b"[\n" + lines + b"\n]\n" if hits else b"[]\n")


def read_hits(path: Path) -> list[Hit]:
    """What `write_hits` has written."""
    return msgspec.json.decode(path.read_bytes(), type=list[Hit])
