"""Histories judged without times: against all orders of small ones, and against the times of large ones."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest

from historycheck import serialise
from historycheck.blackbox import decide, find, minimise, with_times
from historycheck.check import check
from historycheck.generate import Shape, generate
from historycheck.index import Index
from historycheck.model import History, Read, Value
from historycheck.observed import Observed
from historycheck.times import lacks_times
from tests.support.all_orders import has_order, small_history


@pytest.mark.parametrize("strong", [True, False], ids=["strong", "plain"])
def test_small_histories_have_an_order_if_one_is_found_among_all(strong: bool) -> None:
    verdicts: Counter[bool] = Counter()
    for seed in range(700):
        history = small_history(seed)
        report, _ = decide(Index(history), strong=strong)
        assert not report.undecided
        assert (seed, report.valid) == (seed, has_order(history, strong=strong))
        verdicts[report.valid] += 1
    assert min(verdicts.values()) > 200


def test_z3_alone_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serialise.Search, "guess", lambda search, wish: None)
    monkeypatch.setattr(serialise.Search, "propagate", lambda search: True)
    for seed in range(700, 850):
        history = small_history(seed)
        report, _ = decide(Index(history))
        assert (seed, report.valid) == (seed, has_order(history, strong=True))


def test_every_transaction_of_a_proof_is_needed() -> None:
    small = [small_history(seed) for seed in range(850, 1150)]
    large = [spoil(forget_times(generate(seed, SHAPES[seed % 3])), random.Random(seed)) for seed in range(15)]
    sizes = Counter(map(_check_proof, (*small, *large)))
    assert {0, 2, 3, 4} <= set(sizes)


def _check_proof(history: History) -> int:
    observed = Observed(Index(history))
    answer = find(observed, observed.members)
    if not isinstance(answer, list):
        return 0
    needed = minimise(observed, answer)
    assert isinstance(find(observed, needed), list)
    for member in needed:
        assert not isinstance(find(observed, [other for other in needed if other != member]), list)
    return len(needed)


SHAPES = (
    Shape(),
    Shape(transactions=100, clients=12, registers=3, lists=2),
    Shape(transactions=80, clients=3, registers=20, lists=0, scans=40, deletes=40),
)


def test_the_times_that_are_found_explain_all_reads() -> None:
    for seed in range(60):
        history = forget_times(generate(seed, SHAPES[seed % 3]), clocks=seed % 4 != 0)
        report, spans = decide(Index(history))
        assert (seed, report.anomalies, report.undecided) == (seed, (), "")
        timed = with_times(history.transactions, spans).transactions
        known = History(tuple(one for one in timed if one.start is not None))
        assert not lacks_times(Index(known))
        assert (seed, check(known).anomalies) == (seed, ())


def test_what_times_allow_has_an_order_and_what_has_none_they_refuse() -> None:
    verdicts: Counter[tuple[bool, bool]] = Counter()
    for seed in range(90):
        history = spoil(generate(seed, SHAPES[seed % 3]), random.Random(seed))
        without = check(history, black_box=True)
        verdicts[check(history).valid, without.valid] += 1
        assert not without.undecided
    assert verdicts[True, False] == 0
    assert verdicts[False, False] > 30
    assert verdicts[False, True] > 0


def test_if_the_times_count_the_verdict_is_that_of_the_check_by_times() -> None:
    verdicts: Counter[bool] = Counter()
    for seed in range(90, 180):
        history = generate(seed, SHAPES[seed % 3])
        index = Index(spoil(history, random.Random(seed)) if seed % 3 else shift(history, random.Random(seed)))
        report, _ = decide(index, timed=True)
        assert (seed, report.valid) == (seed, check(History(tuple(index.transactions))).valid)
        verdicts[report.valid] += 1
    assert min(verdicts.values()) > 5


def shift(history: History, rng: random.Random) -> History:
    """The same, but one transaction began at another time of the database."""
    transactions = list(history.transactions)
    number = rng.randrange(len(transactions))
    start = transactions[number].start or 0
    transactions[number] = msgspec.structs.replace(transactions[number], start=start + rng.randrange(-9000, 2000))
    return History(tuple(transactions))


@pytest.mark.parametrize("lists", [0, 4], ids=["registers", "lists and registers"])
def test_three_hundred_transactions_are_decided(lists: int) -> None:
    history = generate(5, Shape(transactions=300, clients=10, registers=10, lists=lists, unknown=4))
    assert check(forget_times(history), black_box=True).valid
    report = check(spoil(forget_times(history), random.Random(1)), black_box=True)
    assert report.anomalies and not report.undecided


def forget_times(history: History, clocks: bool = True) -> History:
    """Without the database's times, and those of the clients if they have no clocks."""
    none: dict[str, None] = {"start": None, "commit": None}
    if not clocks:
        none |= {"invoked": None, "completed": None}
    return History(tuple(msgspec.structs.replace(one, **none) for one in history.transactions))


def spoil(history: History, rng: random.Random) -> History:
    """The same, but one read saw another value."""
    transactions = list(history.transactions)
    reads = [
        (number, place, op)
        for number, one in enumerate(transactions)
        for place, op in enumerate(one.ops)
        if one.status == "ok" and isinstance(op, Read)
    ]
    others: list[Value] = []
    while not others:
        number, place, op = rng.choice(reads)
        others = [other.value for _, _, other in reads if other.key == op.key and other.value != op.value]
    ops = list(transactions[number].ops)
    ops[place] = Read(op.key, rng.choice(others))
    transactions[number] = msgspec.structs.replace(transactions[number], ops=tuple(ops))
    return History(tuple(transactions))
