"""A bank: clients that move money between accounts and look at the total, and what must be true of it.

The accounts are spread over several tables, and with these over the adjudicators: most transfers have several owners.

Every transfer also writes a receipt of its own, so that afterwards each transaction can be told apart: one that was
acknowledged has its receipt, one that failed has none, and the balances are what the receipts add up to.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from daybreak.base.keys import Key, make_key, space_bounds
from daybreak.base.writes import Access, Write
from daybreak.errors import DiskFullError, RetryError, UnavailableError, UnknownOutcomeError
from daybreak.query.store import Store, StoreTransaction
from daybreak.simulation.verdict import FoundError
from daybreak.simulation.workload import SessionLostError, Turn

ACCOUNTS = (64, 128, 192, 256)
"""Key spaces of the accounts, of each adjudicator if there are four."""
RECEIPTS = (320, 384, 448, 512)
"""Key spaces of the receipts, one per space of accounts, with the same owner."""
OPENING = 1_000
"""Every account's balance at the beginning."""


def account_key(number: int) -> Key:
    """The key of an account."""
    return make_key(ACCOUNTS[number % len(ACCOUNTS)], number.to_bytes(4, "big"))


def receipt_key(name: str, source: int) -> Key:
    """The key of the receipt of a transfer from account `source`."""
    return make_key(RECEIPTS[source % len(RECEIPTS)], name.encode())


def pack(*numbers: int) -> bytes:
    """Numbers as a value."""
    return b"".join(number.to_bytes(8, "big", signed=True) for number in numbers)


def unpack(value: bytes) -> list[int]:
    """The numbers of a value."""
    return [int.from_bytes(value[i : i + 8], "big", signed=True) for i in range(0, len(value), 8)]


class WrongTotalError(FoundError):
    """A reader saw money appear or vanish: its snapshot was none."""

    def __init__(self, sentence: str) -> None:
        super().__init__("history", sentence)


@dataclass
class Ledger:
    """What the clients were told."""

    committed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    audits: int = 0


class Bank:
    """Transactions over `accounts` accounts."""

    def __init__(self, accounts: int) -> None:
        self.accounts = accounts
        self.total = accounts * OPENING
        self.ledger = Ledger()

    async def open(self, store: Store) -> None:
        """Create all accounts in one transaction."""
        transaction = store.begin()
        transaction.write(
            [Write(account_key(i), Access.WRITE, pack(OPENING)) for i in range(self.accounts)], rows=self.accounts
        )
        await transaction.commit()

    async def turn(self, turn: Turn) -> None:
        """Look at the total, or move money; what the client is told is in the ledger."""
        kind = turn.random.random()
        try:
            if kind < 0.2:
                await self._look(turn.store)
            else:
                await self._move(turn, give_up=kind < 0.3)
        except (UnknownOutcomeError, SessionLostError):
            self.ledger.unknown.add(turn.name)
        except (RetryError, DiskFullError, UnavailableError):
            turn.store.give_up()
            self.ledger.failed.add(turn.name)

    async def _look(self, store: Store) -> None:
        transaction = store.begin()
        await self.audit(transaction)
        await transaction.commit()
        self.ledger.audits += 1

    async def _move(self, turn: Turn, *, give_up: bool) -> None:
        transaction = turn.store.begin()
        await self.transfer(transaction, turn.name, turn.random)
        if turn.random.random() < 0.3:
            await turn.sleep(turn.random.randint(0, 30_000))
        if give_up:
            transaction.rollback()
            self.ledger.failed.add(turn.name)
            return
        await transaction.commit()
        self.ledger.committed.add(turn.name)

    @staticmethod
    async def _rows(transaction: StoreTransaction, spaces: tuple[int, ...]) -> list[tuple[Key, bytes]]:
        """Everything in some key spaces."""
        return [row for space in spaces for row in await transaction.scan(*space_bounds(space))]

    async def transfer(self, transaction: StoreTransaction, name: str, rng: random.Random) -> None:
        """Move a random amount between two random accounts, and leave a receipt; does not commit."""
        source, target = rng.sample(range(self.accounts), 2)
        amount = rng.randint(1, 100)
        keys = [account_key(source), account_key(target)]
        values = await transaction.get(keys)
        balances = [unpack(values[key])[0] for key in keys]
        transaction.write(
            [
                Write(keys[0], Access.UPDATE, pack(balances[0] - amount)),
                Write(keys[1], Access.UPDATE, pack(balances[1] + amount)),
                Write(receipt_key(name, source), Access.WRITE, pack(source, target, amount)),
            ],
            rows=3,
        )

    async def audit(self, transaction: StoreTransaction) -> None:
        """Add all balances up; a snapshot never shows half a transfer."""
        rows = await self._rows(transaction, ACCOUNTS)
        total = sum(unpack(value)[0] for _, value in rows)
        if rows and (total, len(rows)) != (self.total, self.accounts):
            raise WrongTotalError(
                f"{len(rows)} accounts with {total} in all, expected {self.accounts} with {self.total}"
            )

    async def settle(self, store: Store) -> None:
        """Compare the final state with what the clients were told."""
        transaction = store.begin()
        await self.compare(transaction, self.ledger)
        await transaction.commit()

    async def compare(self, transaction: StoreTransaction, ledger: Ledger) -> None:
        """Compare what a transaction sees with a ledger; raises FoundError where they differ."""
        receipts = dict(await self._rows(transaction, RECEIPTS))
        found = {key[4:].decode() for key in receipts}
        _demand(ledger.committed <= found, f"acknowledged but lost: {sorted(ledger.committed - found)}")
        _demand(not ledger.failed & found, f"failed but there: {sorted(ledger.failed & found)}")
        _demand(found <= ledger.committed | ledger.unknown, f"from nowhere: {sorted(found)}")
        expected = dict.fromkeys(range(self.accounts), OPENING)
        for value in receipts.values():
            source, target, amount = unpack(value)
            expected[source] -= amount
            expected[target] += amount
        rows = await self._rows(transaction, ACCOUNTS)
        balances = {int.from_bytes(key[4:], "big"): unpack(value)[0] for key, value in rows}
        _demand(balances == expected, f"balances {balances} are not what the receipts add up to: {expected}")


def _demand(true: bool, sentence: str) -> None:
    """Raise FoundError with a sentence that says what is wrong, unless all is well."""
    if not true:
        raise FoundError("durability", sentence)
