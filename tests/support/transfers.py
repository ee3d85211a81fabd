"""A bank on a real server: clients that move money between accounts of several adjudicators, readers that look at the
total all the while, and the verdict on what they were told.

Every transfer leaves a receipt of its own, so that afterwards each transaction can be told apart.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

from tests.support.server import Server

TABLES = ("one", "two", "three", "four")
"""Made one after the other, they lie at four adjudicators."""
ROWS, OPENING = 4, 1_000
STRIDE = 100
"""An account is called by the number of its table, times this, and its row."""
PROGRESS_SECONDS = 60.0
THINK_SECONDS = 0.05
"""What each client lets pass after a transaction: the trace is checked afterwards, and grows with each."""
Client = psycopg.Connection[tuple[object, ...]]


class Transfers:
    """The clients' side; they begin with `start` and end with `stop`, and may begin again."""

    def __init__(
        self,
        server: Server,
        seed: int,
        *,
        writers: int = 2,
        readers: int = 1,
        rows: int = ROWS,
        think: float = THINK_SECONDS,
        prefix: str = "",
    ) -> None:
        """Several loads on one database have the same `rows` in each table, and each a `prefix` for its receipts."""
        self._server = server
        self._seed = seed
        self._rows, self._think, self._prefix = rows, think, prefix
        self._jobs = [(self._write, n) for n in range(writers)] + [(self._read, n) for n in range(readers)]
        self._counts: Counter[tuple[Callable[[Client, int, int], None], int]] = Counter()
        """How often each client has begun something."""
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._news = threading.Condition()
        self.acknowledged: set[str] = set()
        self.refused: set[str] = set()
        self.unknown: set[str] = set()
        self.sums: Counter[tuple[object, ...]] = Counter()
        """What readers saw: rows and total."""
        self.errors: list[tuple[float, str, str]] = []
        """What clients were told besides success: when (`time.monotonic`), SQLSTATE, text."""
        self.gaps: list[float] = []
        """Between two commits of any clients since they have last begun, in seconds, in their order."""
        self._last = 0.0

    def create(self) -> None:
        """The tables, and all accounts at their opening balance."""
        with self._server.connect() as client:
            for table in TABLES:
                client.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, v int NOT NULL)".encode())
            client.execute("CREATE TABLE receipts (name text PRIMARY KEY, source int, target int, amount int)")
            for table in TABLES:
                client.execute(
                    f"INSERT INTO {table} SELECT i, {OPENING} FROM generate_series(1, {self._rows}) i".encode()
                )

    def start(self) -> None:
        """Let all begin."""
        self._over.clear()
        self._last = 0.0
        self.gaps.clear()
        self._threads = [threading.Thread(target=self._work, args=job) for job in self._jobs]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each end its transaction, and wait for it."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, commits: int, what: str) -> None:
        """Return once `commits` more transfers have been acknowledged."""
        with self._news:
            goal = len(self.acknowledged) + commits
            done = self._news.wait_for(lambda: len(self.acknowledged) >= goal, PROGRESS_SECONDS)
        assert done, f"no progress in {PROGRESS_SECONDS:g} s: {what}; {self.errors[-3:]}"

    # --- clients --------------------------------------------------------------------------------------------------

    def _work(self, job: Callable[[Client, int, int], None], number: int) -> None:
        """One client, with a new connection whenever the last one is lost."""
        while not self._over.is_set():
            try:
                with self._server.connect(autocommit=False, timeout=5) as client:
                    while not client.closed and not self._over.wait(self._think):
                        self._counts[job, number] += 1
                        job(client, number, self._counts[job, number])
            except psycopg.Error as error:
                self._complain(error)
                self._over.wait(self._think)

    def _complain(self, error: psycopg.Error) -> None:
        self.errors.append((time.monotonic(), error.sqlstate or "", str(error)))

    def _read(self, client: Client, number: int, count: int) -> None:
        """Add everything up, in one snapshot; every other time table by table."""
        query = "SELECT count(*)::int, sum(v)::int FROM "
        try:
            if count % 2:
                union = " UNION ALL ".join(f"SELECT v FROM {table}" for table in TABLES)
                rows: list[Any] = client.execute(f"{query} ({union}) t".encode()).fetchall()
            else:
                rows = [row for table in TABLES for row in client.execute(f"{query} {table}".encode()).fetchall()]
            client.rollback()
        except psycopg.Error as error:
            self._complain(error)
            if not client.closed:
                client.rollback()
            return
        self.sums[(sum(row[0] for row in rows), sum(row[1] for row in rows))] += 1

    def _write(self, client: Client, number: int, count: int) -> None:
        """One transfer between two tables."""
        name = f"{self._prefix}{number}.{count}"
        rng = random.Random(f"{self._seed}/{name}")
        source, target = rng.sample(range(len(TABLES)), 2)
        source, target = (table * STRIDE + rng.randint(1, self._rows) for table in (source, target))
        amount = rng.randint(1, 100)
        asked = False
        try:
            for account, change in ((source, -amount), (target, amount)):
                client.execute(
                    f"UPDATE {TABLES[account // STRIDE]} SET v = v + %s WHERE id = %s".encode(),
                    (change, account % STRIDE),
                )
            client.execute("INSERT INTO receipts VALUES (%s, %s, %s, %s)", (name, source, target, amount))
            asked = True
            client.commit()
        except psycopg.Error as error:
            self._complain(error)
            doubt = asked and (client.closed or error.sqlstate == "08007")
            with self._news:
                (self.unknown if doubt else self.refused).add(name)
                self._news.notify_all()
            if not client.closed:
                client.rollback()
            return
        self._done(name)

    def _done(self, name: str) -> None:
        now = time.monotonic()
        with self._news:
            if self._last:
                self.gaps.append(now - self._last)
            self._last = now
            self.acknowledged.add(name)
            self._news.notify_all()

    # --- the verdict ----------------------------------------------------------------------------------------------

    def check(self) -> None:
        """The verdict, where nobody else moves money."""
        judge(self._server, [self])

    @property
    def accounts(self) -> list[int]:
        """All of them, by their numbers."""
        return [place * STRIDE + n for place in range(len(TABLES)) for n in range(1, self._rows + 1)]


def judge(server: Server, loads: Iterable[Transfers]) -> None:
    """All loads there were on a database, which have stopped: everything acknowledged is there once, nothing that was
    refused, and the balances are what the receipts add up to; no reader has ever seen another total."""
    acknowledged, refused, unknown = set[str](), set[str](), set[str]()
    sums = set[tuple[object, ...]]()
    for load in loads:
        acknowledged |= load.acknowledged
        refused |= load.refused
        unknown |= load.unknown
        sums |= set(load.sums)
        expected = dict.fromkeys(load.accounts, OPENING)
    with server.connect() as client:
        found: Any = client.execute("SELECT name, source, target, amount FROM receipts").fetchall()
        union = " UNION ALL ".join(f"SELECT {p} * {STRIDE} + id, v FROM {table}" for p, table in enumerate(TABLES))
        rows: Any = client.execute(union.encode()).fetchall()
    names = Counter(row[0] for row in found)
    assert not acknowledged - set(names), f"acknowledged but lost: {sorted(acknowledged - set(names))}"
    assert not refused & set(names), f"refused but there: {sorted(refused & set(names))}"
    assert set(names) <= acknowledged | unknown, "from nowhere"
    assert max(names.values()) == 1, f"more than once: {names.most_common(3)}"
    total = (len(expected), OPENING * len(expected))
    for _, source, target, amount in found:
        expected[source] -= amount
        expected[target] += amount
    assert dict(rows) == expected, f"balances {dict(rows)}, but the receipts add up to {expected}"
    assert sums == {total}, f"readers saw {sums}"
