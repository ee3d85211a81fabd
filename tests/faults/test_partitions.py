"""What each endpoint of two regions can do while something fails, and that nothing is lost or done twice: one test for
each case of docs/availability.md, in its order, on one cluster.

Each place is a host of its own, where the machine allows it (`tests.support.hosts`). At both endpoints clients move
money all the while; when a case is over, every transfer is what its client was told.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import pytest

from tests.support.availability import Case, Expected, Side, cases
from tests.support.counters import Counters
from tests.support.hosted import on_hosts
from tests.support.regions import SECONDS, Client, TwoRegions
from tests.support.server import daybreak
from tests.support.transfers import Transfers, judge

pytestmark = pytest.mark.timeout(400)
SEED = 11
COMMITS = 2
"""By the clients of an endpoint, before and after each case, and in it if they can."""
THINK_SECONDS = 0.3
FLAPPING = "run FLAPPING"
FLAPPING_SECONDS = float(os.environ.get("DAYBREAK_FLAP_SECONDS", "4"))
LINKS = ("A-B", "A-W", "B-W")
TOLD = {"40001", "08006", "08007", "57P03", ""}
"""What clients of an endpoint are told that cannot do everything; the last one is a connection that broke, or none."""

MINORITY = "it cannot reach a majority"
NOBODY = "Is the server running on that host|server closed the connection"
"""The second one if the server is killed at just that moment."""


class Bank:
    """The cluster, a load at each of its endpoints, and two counters that count alike."""

    def __init__(self, server: TwoRegions) -> None:
        self.server = server
        self.counters = Counters()
        self.loads = {
            region: Transfers(server.endpoint(region), SEED, writers=1, think=THINK_SECONDS, prefix=f"{region}.")
            for region in server.ports
        }
        self.loads["A"].create()
        with server.at("A") as client:
            self.counters.create(client)

    def start(self) -> None:
        """Let all clients begin."""
        for load in self.loads.values():
            load.errors.clear()
            load.start()
        self.progress(self.loads, "before it")

    def progress(self, regions: Iterable[str], when: str) -> None:
        """Return when the clients of each of these endpoints have committed something."""
        for region in regions:
            self.loads[region].wait_for(COMMITS, f"{region}, {when}")

    def told(self, region: str) -> set[str]:
        """What SQLSTATEs the clients of an endpoint were told since the start."""
        return {state for _, state, _ in self.loads[region].errors}

    def settle(self) -> None:
        """The fault is over: everybody is back, goes on, and has everything; then the verdict."""
        try:
            self.server.well()
            self.progress(self.loads, "after it")
        finally:
            for load in self.loads.values():
                load.stop()
        for region in self.loads:
            judge(self.server.endpoint(region), self.loads.values())


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    with on_hosts(tmp_path_factory.mktemp("regions") / "data") as server:
        yield Bank(server)
        assert server.stop() == 0


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_what_each_endpoint_can_do_when(case: Case, bank: Bank, tmp_path: Path) -> None:
    server, before = bank.server, bank.server.leaders()
    bank.start()
    try:
        with Attempts(bank, case) as attempts:
            begun = time.monotonic()
            attempts.make(give(server, case.orders, tmp_path))
            print(f"{case.name}: {time.monotonic() - begun:.1f} s")
            working = [side.region for side in case.sides if side.works]
            bank.progress(working, "during it")
            attempts.compare(working)
            after = server.leaders()
        for side in case.sides:
            gap = max(bank.loads[side.region].gaps, default=0.0)
            print(f"  {side.region}: longest gap {gap:.1f} s, told {sorted(bank.told(side.region))}")
            assert bank.told(side.region) <= ({"40001"} if side.works else TOLD)
    finally:
        undo(server, case.orders)
        bank.settle()
    for order in case.orders:
        has_happened(server, order, before, after)


def has_happened(server: TwoRegions, order: str, before: dict[str, str], after: dict[str, str]) -> None:
    """That the order did what the case is about: `before` and `after` say who led when it came and when all went on."""
    verb, name, *rest = order.split()
    if verb == "pause":
        assert name in before.values(), "else nobody has to take over"
        assert name not in after.values()
        assert server.leaders() == after, "who was paused and goes on does not believe that it leads"
    elif verb == "clock":
        jumped = server.status()["regions"][name]["clock"]["jumps"] > 0
        assert jumped == (not rest[0].endswith("us")), "what lies within the bound is believed, and nothing else"


# --- faults -------------------------------------------------------------------------------------------------------


def give(server: TwoRegions, orders: Iterable[str], directory: Path) -> Callable[[], object]:
    """Give the orders; returns what takes as long as they last, if they end by themselves."""
    for order in orders:
        if order == FLAPPING:
            timeline = directory / "timeline"
            timeline.write_text(flapping(FLAPPING_SECONDS))
            return lambda: daybreak("chaos", "--data", str(server.data), "run", str(timeline)).check_returncode()
        server.order(order)
    return lambda: None


def undo(server: TwoRegions, orders: Iterable[str]) -> None:
    """Give the orders that end others."""
    ends = {"down": "up {}", "pause": "resume {}", "clock": "clock {} +0s"}
    for verb, process, *_ in map(str.split, orders):
        server.order(ends.get(verb, "heal").format(process))


def flapping(seconds: float) -> str:
    """A timeline: one link after the other is cut, for up to a second, and healed for up to half of one."""
    rng = random.Random(SEED)
    lines, at = [], 0.0
    while at < seconds:
        lines.append(f"{at:.2f} cut {rng.choice(LINKS)}")
        at += rng.uniform(0.2, 1.0)
        lines.append(f"{at:.2f} heal")
        at += rng.uniform(0.1, 0.5)
    return "\n".join(lines)


# --- what clients try ---------------------------------------------------------------------------------------------


class Attempts:
    """Sessions from before the fault, and what they and new ones do in it."""

    def __init__(self, bank: Bank, case: Case) -> None:
        self._bank, self._case = bank, case
        self._open = ExitStack()
        self._pool = self._open.enter_context(ThreadPoolExecutor())
        self._reading: dict[str, Client] = {}
        self._committing: dict[str, Client] = {}

    def __enter__(self) -> Attempts:
        """At each endpoint one session is idle, and one amid a transaction."""
        counters = self._bank.counters
        for region in self._bank.loads:
            self._reading[region] = self._open.enter_context(self._bank.server.at(region))
            client = self._open.enter_context(self._bank.server.at(region, autocommit=False))
            counters.begin(client)
            self._committing[region] = client
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def make(self, lasts: Callable[[], object]) -> None:
        """Everything at once, and what is to go on again and again for as long as the fault `lasts`."""
        over = self._pool.submit(lasts)
        made: list[Future[None]] = []
        for side in self._case.sides:
            made += [
                self._pool.submit(self._join, side, over),
                self._pool.submit(self._read, side, over),
                self._pool.submit(self._commit, side, over),
            ]
        for attempt in made:
            attempt.result()
        over.result()

    def compare(self, regions: Iterable[str]) -> None:
        """What is committed at one endpoint the others see at once, as far as they can do anything."""
        counters = self._bank.counters
        for region in regions:
            count = counters.add(self._committing[region])
            assert [counters.read(self._reading[other]) for other in regions] == [count for _ in regions]

    def _join(self, side: Side, over: Future[object]) -> None:
        server = self._bank.server
        if side.session.works:
            again(over, lambda: server.again(side.region).close())
            return
        with pytest.raises(psycopg.OperationalError, match=MINORITY if "57P03" in side.session.states else NOBODY):
            repeat(lambda: server.at(side.region).close(), "a new session")
        with server.at(side.region, *self._bank.loads) as client:
            self._bank.counters.read(client)  # a client that names all endpoints gets to one that works

    def _read(self, side: Side, over: Future[object]) -> None:
        client = self._reading[side.region]
        if side.read.works:
            again(over, lambda: self._bank.counters.read(client))
        else:
            fails(side.read, lambda: repeat(lambda: self._bank.counters.read(client), "a read"))
            assert client.closed, "its client is to look for another endpoint"

    def _commit(self, side: Side, over: Future[object]) -> None:
        client = self._committing[side.region]
        if side.commit.works:
            with suppress(psycopg.errors.SerializationFailure):
                client.commit()
            again(over, lambda: self._bank.counters.add(client))
        else:
            fails(side.commit, client.commit)


def again(over: Future[object], attempt: Callable[[], object]) -> None:
    """Do something at least once, and until that is over."""
    while True:
        attempt()
        if wait((over,), THINK_SECONDS).done:
            return


def repeat(attempt: Callable[[], object], what: str) -> None:
    """Do something until it fails: what a session knew before the fault it may believe for a moment."""
    deadline = time.monotonic() + SECONDS
    while True:
        attempt()
        assert time.monotonic() < deadline, f"{what} is possible for {SECONDS:g} s"


def fails(expected: Expected, attempt: Callable[[], object]) -> None:
    """It must, and as expected."""
    with pytest.raises(psycopg.Error) as told:
        attempt()
    assert told.value.sqlstate in expected.states, told.value
