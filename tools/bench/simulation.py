"""How much faster than real time a simulated cluster runs: a calm one, of three zones, under a steady load.

Clients come at fixed times, so the load is the same however fast the machine is. Transfers read two accounts, change
both and leave a receipt, about half of them with two owners; lookups read one account. The rest of the cluster is what
the simulation always runs: all roles unchanged, their invariants checked after every step. The run is measured from
the first transaction to the last, without a trace, with one, and with one that is compared with every spec afterwards.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from daybreak.base.places import rungs
from daybreak.errors import ConflictError, OperatorError
from daybreak.query.store import Store
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.bank import account_key
from daybreak.simulation.run import Options, Simulation
from daybreak.storage.checkpoint import Settings as StorageSettings
from tools.bench.report import Figure, figure
from tracecheck import CONFORMS, Plan, check_all

PER_SECOND, SECONDS = 200, 10
"""Transactions per virtual second, and virtual seconds of a run, …"""
CHECKED_SECONDS = 2
"""… and of one whose trace is compared with the specs."""
CLIENTS, ACCOUNTS, ADJUDICATORS = 16, 2_000, 2
GOAL = 100
FAULTS = Faults(delay_us=(200, 800), spike=0.0, sync_us=(300, 700), crash_every_us=0)
"""Zones of one region, and disks of servers."""


class Run(NamedTuple):
    """The measured part of a run."""

    virtual_s: float
    processor_s: float
    transactions: int
    messages: int
    """Timers of nodes included."""

    @property
    def speed(self) -> float:
        """Virtual seconds per second of one processor."""
        return self.virtual_s / self.processor_s


class Calm(Simulation):
    """A cluster in which nothing goes wrong, under `PER_SECOND` transactions a second: transfers, or else `lookups`."""

    def __init__(self, seed: int, seconds: int = SECONDS, *, lookups: bool = False, trace: Path | None = None) -> None:
        options = Options(
            clients=CLIENTS,
            transactions=seconds * PER_SECOND // CLIENTS,
            accounts=ACCOUNTS,
            adjudicators=ADJUDICATORS,
            segment_bytes=1024 * 1024,
            storage=StorageSettings(),
            faults=FAULTS,
        )
        super().__init__(seed, options, trace=trace)
        self._lookups = lookups
        self._begun = (0, 0.0, 0)
        self.measured: Run | None = None
        """None before the last client has ended."""

    async def _client(self, number: int) -> None:
        rng = random.Random(f"{self.seed}/{number}")
        if number == 1:
            self._begun = (self.world.now_us, time.process_time(), self.world.delivered)
        every_us = CLIENTS * 1_000_000 // PER_SECOND
        due_us = self.world.now_us + number * every_us // CLIENTS
        for count in range(self.options.transactions):
            await self._sleep(max(0, due_us - self.world.now_us))
            due_us += every_us
            store = self._gateways[number]
            await (self._look_up(store, rng) if self._lookups else self._pay(f"{number}.{count}", store, rng))
        self._finished += 1
        if self._finished == CLIENTS:
            self._measure()

    async def _look_up(self, store: Store, rng: random.Random) -> None:
        transaction = store.begin()
        await transaction.get([account_key(rng.randrange(ACCOUNTS))])
        await transaction.commit()

    async def _pay(self, name: str, store: Store, rng: random.Random) -> None:
        transaction = store.begin()
        await self.bank.transfer(transaction, name, rng)
        try:
            await transaction.commit()
            self.ledger.committed.add(name)
        except ConflictError:
            self.ledger.failed.add(name)

    def _measure(self) -> None:
        us, spent, delivered = self._begun
        world, count = self.world, CLIENTS * self.options.transactions
        self.measured = Run((world.now_us - us) / 1e6, time.process_time() - spent, count, world.delivered - delivered)


def measure(rounds: int) -> list[Figure]:
    """Virtual seconds per second of one processor."""
    plans = [Plan(rung.spec, rung.mapping) for rung in rungs(ADJUDICATORS)]
    what = f"simulation, {PER_SECOND} transfers/s"
    runs = {
        f"{what}, no trace (goal {GOAL})": [run(seed) for seed in range(rounds)],
        f"{what}, trace": [traced(seed) for seed in range(rounds)],
        f"simulation, {PER_SECOND} lookups/s, no trace": [run(seed, lookups=True) for seed in range(rounds)],
    }
    for name, found in runs.items():
        print(f"{name}: {explain(found[0])}")
    runs[f"{what}, trace compared with all specs"] = [checked(seed, plans) for seed in range(rounds)]
    return [figure(name, "virtual s/s", [one.speed for one in found]) for name, found in runs.items()]


def run(seed: int, seconds: int = SECONDS, *, lookups: bool = False, trace: Path | None = None) -> Run:
    """One run to its end, of which the part under load is measured."""
    simulation = Calm(seed, seconds, lookups=lookups, trace=trace)
    simulation.run()
    assert simulation.measured is not None, "all clients have ended"
    return simulation.measured


def traced(seed: int) -> Run:
    """A run with a trace."""
    with tempfile.TemporaryDirectory(prefix="daybreak-bench-") as name:
        return run(seed, trace=Path(name))


def checked(seed: int, plans: list[Plan]) -> Run:
    """A run with a trace that is then compared with specs, and the time of both.

    A trace that does not conform measures nothing: OperatorError.
    """
    with tempfile.TemporaryDirectory(prefix="daybreak-bench-") as name:
        found = run(seed, CHECKED_SECONDS, trace=Path(name))
        begun = time.process_time()
        for result in check_all(plans, [name]):
            if result.verdict != CONFORMS:
                raise OperatorError(f"the simulated run of seed {seed} does not conform: {result.reason}")
        return found._replace(processor_s=found.processor_s + time.process_time() - begun)


def explain(found: Run) -> str:
    """What bounds the speed: messages, and the time that each takes, beside what the goal leaves for it."""
    return (
        f"{found.messages / found.transactions:.1f} messages and timers per transaction, "
        f"{found.processor_s / found.messages * 1e6:.1f} us of processor time for each; "
        f"{GOAL} virtual seconds a second leave {found.virtual_s / GOAL / found.messages * 1e6:.1f} us"
    )
