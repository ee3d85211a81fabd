"""Clients who tell each other what they have committed: the one who is told reads it, at whatever endpoint (P3).

They come in pairs, one in each region. One of a pair adds one to a counter; the moment that is acknowledged the other
one, who is told by no message of the cluster, begins a transaction and looks.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from daybreak.base.keys import Key
from daybreak.base.writes import Access, Write
from daybreak.errors import RetryError, UnavailableError, UnknownOutcomeError
from daybreak.query.store import Store
from daybreak.simulation.bank import account_key, pack, unpack
from daybreak.simulation.run import Options, Simulation
from daybreak.simulation.workload import SessionLostError

AGAIN_US = 20_000
"""A client that is told to try again waits for up to so long."""


class Missed(NamedTuple):
    """A client that did not see what it was told of."""

    reader: int
    told: int
    saw: int


class StrongReads(Simulation):
    """A cluster with such clients: `Options.clients` must be even, and each pair makes `Options.transactions` trials
    with `Options.accounts` counters that all share."""

    def __init__(self, seed: int, options: Options, *, trace: Path | None = None) -> None:
        super().__init__(seed, options, trace=trace)
        assert options.clients % 2 == 0, "clients come in pairs"
        self.trials = 0
        """How often a client looked for what it had been told of, …"""
        self.missed: list[Missed] = []
        """… and did not see it."""
        self.acknowledged: Counter[int] = Counter()
        """How often one was added to each counter; perhaps more often, …"""
        self.unknown: Counter[int] = Counter()
        """… as nobody was told in these cases."""
        self.refused = 0
        """How often a client was told to try again."""

    async def _open(self) -> None:
        await self._insist(0, self._zero)
        self._finished += 1

    async def _client(self, number: int) -> None:
        """Both clients of a pair are one coroutine: it knows what one has been told, and tells the other."""
        if number % 2:
            rng = random.Random(f"{self.seed}/{number}")
            for _ in self._turns():
                await self._sleep(rng.randint(0, AGAIN_US))
                writer, reader = rng.sample((number, number + 1), 2)
                await self._trial(writer, reader, rng.randrange(self.options.accounts))
        self._finished += 1

    async def _trial(self, writer: int, reader: int, counter: int) -> None:
        try:
            told = await self._insist(writer, lambda store: self._add(store, counter))
        except (UnknownOutcomeError, SessionLostError):
            self.unknown[counter] += 1
            return
        self.acknowledged[counter] += 1
        saw = await self._insist(reader, lambda store: self._look(store, counter))
        self.trials += 1
        if saw < told:
            self.missed.append(Missed(reader, told, saw))

    async def _insist(self, number: int, work: Callable[[Store], Awaitable[int]]) -> int:
        """The result of a transaction, which is repeated as long as it fails with nothing committed."""
        while True:
            while self.world.role(self._node(number)) is None:
                await self._sleep(AGAIN_US)
            store = self._gateways[number]
            try:
                return await work(store)
            except (RetryError, UnavailableError):
                store.give_up()
                self.refused += 1
                await self._sleep(self.world.random.randint(0, AGAIN_US))

    # --- transactions ---------------------------------------------------------------------------------------------

    async def _zero(self, store: Store) -> int:
        """Make all counters."""
        transaction = store.begin()
        keys = [account_key(number) for number in range(self.options.accounts)]
        transaction.write([Write(key, Access.WRITE, pack(0)) for key in keys], rows=len(keys))
        await transaction.commit()
        return 0

    async def _add(self, store: Store, counter: int) -> int:
        """Add one to a counter; what it is then."""
        transaction, key = store.begin(), account_key(counter)
        value = _value(await transaction.get([key]), key) + 1
        transaction.write([Write(key, Access.UPDATE, pack(value))], rows=1)
        await transaction.commit()
        return value

    async def _look(self, store: Store, counter: int) -> int:
        """What a counter is."""
        transaction, key = store.begin(), account_key(counter)
        value = _value(await transaction.get([key]), key)
        await transaction.commit()
        return value

    async def _settle(self) -> None:
        """No addition is lost that was acknowledged, and there are no others."""
        for counter in range(self.options.accounts):
            least = self.acknowledged[counter]
            most = least + self.unknown[counter]
            value = await self._insist(0, lambda store, counter=counter: self._look(store, counter))  # type: ignore[misc]
            assert least <= value <= most, f"counter {counter} is {value}, but {least} to {most} additions were made"
        self._finished += 1


def _value(found: dict[Key, bytes], key: Key) -> int:
    """Of a counter; one that does not exist cannot be told from one that was never added to."""
    return unpack(found[key])[0] if key in found else 0
