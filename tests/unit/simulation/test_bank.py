"""The bank of the simulations, and that it notices each way in which money or receipts can go wrong."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable

import pytest

from daybreak.base.keys import Key
from daybreak.base.writes import Access, Write
from daybreak.errors import ConflictError
from daybreak.simulation.bank import OPENING, Bank, Ledger, WrongTotalError, account_key, pack, receipt_key, unpack
from tests.support.memory_store import MemoryStore


async def put(store: MemoryStore, values: dict[Key, bytes | None]) -> None:
    """Commit some values."""
    transaction = store.begin()
    transaction.write([Write(key, Access.WRITE, value) for key, value in values.items()], rows=len(values))
    await transaction.commit()


async def opened(transfers: int = 5) -> tuple[Bank, MemoryStore, Ledger]:
    """A bank after some transfers, with a ledger that tells the truth."""
    bank, store, ledger, rng = Bank(4), MemoryStore(), Ledger(), random.Random(1)
    await bank.open(store)
    for name in map(str, range(transfers)):
        transaction = store.begin()
        await bank.transfer(transaction, name, rng)
        await transaction.commit()
        ledger.committed.add(name)
    return bank, store, ledger


def run(body: Awaitable[None]) -> None:
    """Run the body of a test."""

    async def main() -> None:
        await body

    asyncio.run(main())


def test_numbers_come_out_as_they_went_in() -> None:
    assert unpack(pack(0, -1, 10**12)) == [0, -1, 10**12]


def test_transfers_leave_the_total_and_receipts_that_add_up() -> None:
    async def body() -> None:
        bank, store, ledger = await opened(transfers=50)
        await bank.audit(store.begin())
        await bank.compare(store.begin(), ledger)
        balances = await store.begin().get([account_key(i) for i in range(4)])
        assert sum(unpack(value)[0] for value in balances.values()) == 4 * OPENING == bank.total
        assert {unpack(value)[0] for value in balances.values()} != {OPENING}

    run(body())


def test_two_transfers_on_one_account_conflict() -> None:
    async def body() -> None:
        bank, store, _ = await opened()
        bank.accounts = 2
        first, second, rng = store.begin(), store.begin(), random.Random(1)
        await bank.transfer(first, "a", rng)
        await bank.transfer(second, "b", rng)
        await first.commit()
        with pytest.raises(ConflictError):
            await second.commit()

    run(body())


def test_an_audit_before_the_bank_is_open_sees_nothing_wrong() -> None:
    run(Bank(4).audit(MemoryStore().begin()))


@pytest.mark.parametrize("value", [pack(OPENING * 9), None])
def test_an_audit_notices_money_or_accounts_that_appear_or_vanish(value: bytes | None) -> None:
    async def body() -> None:
        bank, store, _ = await opened()
        await put(store, {account_key(1): value})
        with pytest.raises(WrongTotalError, match="expected 4 with 4000"):
            await bank.audit(store.begin())

    run(body())


def test_an_audit_notices_an_account_too_many() -> None:
    async def body() -> None:
        bank, store, _ = await opened()
        await put(store, {account_key(9): pack(0)})
        with pytest.raises(WrongTotalError):
            await bank.audit(store.begin())

    run(body())


def test_settling_notices_an_acknowledged_transfer_that_is_lost() -> None:
    async def body() -> None:
        bank, store, ledger = await opened()
        ledger.committed.add("lost")
        with pytest.raises(AssertionError, match=r"acknowledged but lost: \['lost'\]"):
            await bank.compare(store.begin(), ledger)

    run(body())


def test_settling_notices_a_failed_transfer_that_is_there() -> None:
    async def body() -> None:
        bank, store, ledger = await opened()
        ledger.committed.remove("3")
        ledger.failed.add("3")
        with pytest.raises(AssertionError, match=r"failed but there: \['3'\]"):
            await bank.compare(store.begin(), ledger)

    run(body())


def test_settling_accepts_a_transfer_of_unknown_outcome_either_way_and_no_other() -> None:
    async def body() -> None:
        bank, store, ledger = await opened()
        ledger.committed.remove("3")
        ledger.unknown |= {"3", "never happened"}
        await bank.compare(store.begin(), ledger)
        ledger.unknown.remove("3")
        with pytest.raises(AssertionError, match="from nowhere"):
            await bank.compare(store.begin(), ledger)

    run(body())


def test_settling_notices_balances_that_are_not_what_the_receipts_say() -> None:
    async def body() -> None:
        bank, store, ledger = await opened()
        await put(store, {receipt_key("4", 0): pack(0, 1, 10_000)})
        with pytest.raises(AssertionError, match="not what the receipts add up to"):
            await bank.compare(store.begin(), ledger)

    run(body())
