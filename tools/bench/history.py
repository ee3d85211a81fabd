"""The history checker with known times: how long a hundred thousand transactions take, one processor, and what decides.

The history is made by an ideal database with twenty clients; reads, writes, appends, scans, deletes, and some lost
answers. The same is measured once more with an append missed by one reader, which has to be found and named.
"""

from __future__ import annotations

import time

import msgspec

from daybreak.errors import OperatorError
from historycheck import History, Read, Report, check
from historycheck.generate import Shape, generate
from tools.bench.report import Figure, figure

GOAL_S = 20
TRANSACTIONS = 100_000


def measure(rounds: int, transactions: int = TRANSACTIONS) -> list[Figure]:
    """Seconds of processor time to decide a history that is right, and one that is not."""
    shape = Shape(transactions=transactions, clients=20, registers=transactions // 100, lists=transactions // 50)
    right: list[float] = []
    wrong: list[float] = []
    for seed in range(rounds):
        history = generate(seed, shape)
        took, report = _timed(history)
        if not report.valid:
            raise OperatorError(f"the history of an ideal database, seed {seed}, was not found right: {report}"[:500])
        right.append(took)
        took, report = _timed(_miss_one(history))
        if not report.anomalies:
            raise OperatorError(f"a missed append was not found, seed {seed}")
        wrong.append(took)
    what = f"history checker, {transactions:,} transactions with times"
    print(f"{what}: bounded by one comparison per read in Python; write skew is looked for in every right one")
    return [
        figure(f"{what} (goal {GOAL_S})", "s", right),
        figure(f"{what}, one append missed and found (goal {GOAL_S})", "s", wrong),
    ]


def _timed(history: History) -> tuple[float, Report]:
    begun = time.process_time()
    report = check(history)
    return time.process_time() - begun, report


def _miss_one(history: History) -> History:
    """The same, but that a reader in its middle has missed the last append to a list."""
    transactions = list(history.transactions)
    for place in range(len(transactions) // 2, len(transactions)):
        each = transactions[place]
        match each.ops:
            case (Read(key=key, value=(_, *_) as value), *rest) if each.status == "ok":
                assert isinstance(value, tuple)
                transactions[place] = msgspec.structs.replace(each, ops=(Read(key, value[:-1]), *rest))
                return History(tuple(transactions))
    raise OperatorError("nobody in the second half has read a list")
