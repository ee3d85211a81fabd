"""Clients of both endpoints that move money, and what they were told."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque

import psycopg

from tools.demo.server import Client, Cluster

ACCOUNTS, OPENING = 20, 1_000
TOTAL = ACCOUNTS * OPENING
CLIENTS = 2
"""In each region."""
THINK_SECONDS = 0.15
"""What each of them lets pass after a transaction."""
RECENT_SECONDS = 3.0


class Traffic:
    """The clients of one region; they `start`, and `stop` in the end."""

    def __init__(self, cluster: Cluster, region: str) -> None:
        self._cluster = cluster
        self.region = region
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(CLIENTS)]
        self._lock = threading.Lock()
        self.acknowledged: set[str] = set()
        self.unknown: set[str] = set()
        self.wrong: list[int] = []
        """Totals that were none."""
        self.told: Counter[str] = Counter()
        """What clients were told instead of success, by SQLSTATE."""
        self.last_error = ""
        self._commits: deque[tuple[float, float]] = deque(maxlen=1_000)
        """When, and how long COMMIT took, in seconds."""

    def start(self) -> None:
        """Let all begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each end its transaction, and wait for it."""
        self._over.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    @property
    def last_commit(self) -> float:
        """When one was acknowledged last, as `time.monotonic` has it; 0: never."""
        with self._lock:
            return self._commits[-1][0] if self._commits else 0.0

    def recently(self) -> tuple[float, float]:
        """Commits per second of late, and the median of how long they took, in milliseconds."""
        since = time.monotonic() - RECENT_SECONDS
        with self._lock:
            took = sorted(seconds for at, seconds in self._commits if at > since)
        return len(took) / RECENT_SECONDS, took[len(took) // 2] * 1e3 if took else 0.0

    # --- clients --------------------------------------------------------------------------------------------------

    def _work(self, number: int) -> None:
        rng, count = random.Random(f"{self.region}/{number}"), 0
        while not self._over.is_set():
            try:
                with self._cluster.connect(self.region) as client:
                    while not client.closed and not self._over.wait(THINK_SECONDS):
                        count += 1
                        self._transfer(client, f"{self.region}{number}.{count}", rng)
            except psycopg.Error as error:
                self._complain(error)
                self._over.wait(THINK_SECONDS)

    def _complain(self, error: psycopg.Error) -> None:
        with self._lock:
            # A connection that is refused has no SQLSTATE in psycopg, but libpq's words.
            refused = "57P03" if "not accepting" in str(error) else "08001"
            self.told[error.sqlstate or refused] += 1
            self.last_error = (
                error.diag.message_primary or str(error).rpartition("FATAL:")[2].strip().partition("\n")[0]
            )

    def _transfer(self, client: Client, name: str, rng: random.Random) -> None:
        """Move money between two accounts, and leave a receipt; look at the total before."""
        asked = 0.0
        try:
            (total,) = client.execute("SELECT sum(v)::int FROM account").fetchall()[0]
            if total != TOTAL:
                self.wrong.append(total)
            amount = rng.randint(1, 50)
            for account, change in zip(rng.sample(range(ACCOUNTS), 2), (-amount, amount), strict=True):
                client.execute("UPDATE account SET v = v + %s WHERE id = %s", (change, account))
            client.execute("INSERT INTO receipt VALUES (%s)", (name,))
            asked = time.monotonic()
            client.commit()
        except psycopg.Error as error:
            self._complain(error)
            if asked and error.sqlstate != "40001":
                self.unknown.add(name)
            if not client.closed:
                client.rollback()
            return
        now = time.monotonic()
        with self._lock:
            self.acknowledged.add(name)
            self._commits.append((now, now - asked))


def open_bank(cluster: Cluster) -> None:
    """The tables, and all accounts."""
    with cluster.connect("A", autocommit=True) as client:
        client.execute("CREATE TABLE account (id int PRIMARY KEY, v int NOT NULL)")
        client.execute("CREATE TABLE receipt (name text PRIMARY KEY)")
        client.execute(f"INSERT INTO account SELECT n, {OPENING} FROM generate_series(0, {ACCOUNTS - 1}) n".encode())


def complaints(receipts: set[str], total: int, traffic: list[Traffic]) -> list[str]:
    """What is wrong with what is there in the end, given what clients were told; nothing, if all is well."""
    acknowledged = {name for one in traffic for name in one.acknowledged}
    unknown = {name for one in traffic for name in one.unknown}
    found = []
    if acknowledged - receipts:
        found.append(f"acknowledged but lost: {sorted(acknowledged - receipts)}")
    if receipts - acknowledged - unknown:
        found.append(f"refused but there: {sorted(receipts - acknowledged - unknown)}")
    if total != TOTAL:
        found.append(f"the accounts have {total} in all, not {TOTAL}")
    if any(one.wrong for one in traffic):
        found.append(f"clients saw totals of {[total for one in traffic for total in one.wrong]}, not {TOTAL}")
    return found
