"""The history checker on random histories: those of an ideal database, and the same with something changed."""

from __future__ import annotations

import random

import msgspec
import pytest

from historycheck.check import check
from historycheck.generate import Shape, generate
from historycheck.model import History, Read, Scan, Transaction, Write

SHAPES = (
    Shape(),
    Shape(transactions=100, clients=12, registers=3, lists=2),
    Shape(transactions=80, clients=3, registers=20, lists=0, scans=40, deletes=40),
    Shape(transactions=60, clients=8, registers=1, lists=8, unknown=20),
)


@pytest.mark.parametrize("part", range(4))
def test_no_false_alarm_on_what_an_ideal_database_did(part: int) -> None:
    for seed in range(100 * part, 100 * part + 100):
        report = check(generate(seed, SHAPES[part]))
        assert (seed, report.anomalies) == (seed, ())


def test_nor_without_the_times() -> None:
    for seed in range(200):
        report = check(generate(seed, SHAPES[seed % 4]), black_box=True)
        assert (seed, report.anomalies) == (seed, ())


def test_ideal_histories_have_all_that_matters() -> None:
    histories = [generate(seed, SHAPES[seed % 4]) for seed in range(40)]
    transactions = [each for history in histories for each in history.transactions]
    assert {each.status for each in transactions} == {"ok", "fail", "info"}
    assert any(isinstance(op, Write) and op.value is None for each in transactions for op in each.ops)
    assert any(isinstance(op, Scan) and op.found for each in transactions for op in each.ops)
    assert sum(bool(check(history).allowed) for history in histories) >= 20
    assert generate(7) == generate(7) != generate(8)


def test_whatever_is_changed_has_a_name_and_is_not_worse_without_times() -> None:
    found: set[str] = set()
    for seed in range(400):
        history = spoil(generate(seed, SHAPES[seed % 4]), random.Random(seed))
        report, without = check(history), check(history, black_box=True)
        assert report.valid or report.undecided or report.anomalies
        if report.valid:
            assert (seed, without.anomalies) == (seed, ())
        found.update(anomaly.name for anomaly in report.anomalies)
    assert {"G1a", "G-single", "internal", "phantom", "real-time violation", "write conflict"} <= found


def spoil(history: History, rng: random.Random) -> History:
    """The same with up to four transactions changed in any way."""
    transactions = list(history.transactions)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(transactions))
        transactions[place] = _change(transactions[place], history, rng)
    return History(tuple(transactions))


def _change(each: Transaction, history: History, rng: random.Random) -> Transaction:
    replace = msgspec.structs.replace
    ops = list(each.ops)
    place = rng.randrange(len(ops))
    op = ops[place]
    how = rng.randrange(6)
    if how == 0:
        return replace(each, start=(each.start or 0) - rng.randrange(20000))
    if how == 1 and each.commit:
        return replace(each, commit=each.commit + rng.randrange(-20000, 20000))
    if how == 2:
        return replace(each, status="fail")
    if how == 3 and isinstance(op, Read):
        others = [o.value for t in history.transactions for o in t.ops if isinstance(o, Read) and o.key == op.key]
        ops[place] = replace(op, value=rng.choice(others))
    elif how == 4 and isinstance(op, Scan):
        ops[place] = replace(op, found=op.found[1:])
    elif how == 5:
        rng.shuffle(ops)
    return replace(each, ops=tuple(ops))
