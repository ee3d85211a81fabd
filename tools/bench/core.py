"""The adjudicator's own core: is a transaction admissible, which commit time does it get, what is remembered of it.

One processor, no messages, no journal: what bounds an adjudicator if all else costs nothing. Requests come in batches,
as they arrive; each transaction writes two keys.
"""

from __future__ import annotations

import random
import time

from daybreak.adjudicator.conflicts import History
from daybreak.base.keys import Key, make_key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access
from tools.bench.report import Figure, figure

KEYS, TRANSACTIONS, BATCH = 200_000, 300_000, 64
AGE_US = 200
"""A transaction's start lies so far behind: some hundred commits, as with many clients."""
SPACE = 64
Request = tuple[Timestamp, dict[Key, Access]]


def measure(rounds: int) -> list[Figure]:
    """Transactions per second of processor time, those that are refused included."""
    rates, refused = zip(*(_run(_batches(seed)) for seed in range(rounds)), strict=True)
    print(f"adjudicator's core: {max(refused):.2%} refused; bounded by Python's dictionaries, two looks a key")
    return [figure("adjudicator's core, two-key transactions (goal 300,000)", "transactions/s", rates)]


def _batches(seed: int) -> list[list[Request]]:
    rng = random.Random(seed)
    keys = [make_key(SPACE, number.to_bytes(8, "big")) for number in range(KEYS)]
    requests = [
        (Timestamp(max(1, number - AGE_US)), dict.fromkeys(rng.sample(keys, 2), Access.WRITE))
        for number in range(1, TRANSACTIONS + 1)
    ]
    return [requests[i : i + BATCH] for i in range(0, TRANSACTIONS, BATCH)]


def _run(batches: list[list[Request]]) -> tuple[float, float]:
    """Transactions per second, and the share of them that was refused."""
    history, latest, refused, clock = History(), Timestamp(0), 0, 0
    begun = time.process_time()
    for batch in batches:
        clock += len(batch)  # The clock is read once for all that have arrived.
        for start, keys in batch:
            if history.conflict(keys, start) is not None:
                refused += 1
                continue
            latest = Timestamp(max(clock, start + 1, latest + 1))
            history.add(keys, latest)
    return TRANSACTIONS / (time.process_time() - begun), refused / TRANSACTIONS
