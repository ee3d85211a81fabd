"""Random transactions of all kinds over a few rows, some of which everybody wants.

What they see is no matter of theirs: it is a history, for `historycheck` to judge.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import NamedTuple

from daybreak.base.writes import Access
from daybreak.errors import DiskFullError, RequestError, RetryError, UnavailableError, UnknownOutcomeError
from daybreak.query.indexbuild import DuplicateFoundError
from daybreak.simulation.rows import TABLES, Kind, Row, View, bounds, numbered
from daybreak.simulation.schema import Building, Schema, TakenError
from daybreak.simulation.witness import WatchedSession
from daybreak.simulation.workload import SessionLostError, Turn

LONG_US = 500_000
"""A long transaction thinks for up to so long, …"""
SHORT_US = 20_000
"""… and another one, if it does at all."""


@dataclass(frozen=True)
class Mix:
    """What clients do, each by the name of its kind (`KINDS`); one is drawn for each turn."""

    kinds: tuple[str, ...] = ()
    """Empty: all of them."""
    skew: float = 0.8
    """Of Zipf's law over the rows: 0 makes all of them equally wanted."""
    retries: int = 2
    """How often a transaction that was refused is tried again."""


class Session(NamedTuple):
    """A client in one attempt of one transaction."""

    view: View
    random: Random
    sleep: Callable[[int], Awaitable[None]]
    fresh: Callable[[], str]
    """A value that nobody else ever writes."""
    row: Callable[[Kind], Row]
    """One that is wanted."""
    drop: Callable[[int], None]
    """Has the connection lost after some microseconds."""
    schema: Schema


Work = Callable[[Session], Awaitable[None]]
"""What is done in a transaction, which is then committed."""


class AbandonedError(Exception):
    """The client has changed its mind."""


async def point(session: Session) -> None:
    """Set a register, mostly after a look at it."""
    row, view = session.row("r"), session.view
    (before,) = await view.read(row)
    view.write(row, session.fresh(), Access.WRITE if before is None else Access.UPDATE)
    if session.random.random() < 0.3:
        await view.read(row)


async def append(session: Session) -> None:
    """Add to one list or two."""
    for _ in range(session.random.randint(1, 2)):
        await session.view.append(session.row("l"), session.fresh())


async def scan(session: Session) -> None:
    """Look at a part of a table, and set a register that may belong to it."""
    one, other = session.row("r"), session.row("r")
    await session.view.scan(*bounds(one.table, [one.number, other.number]))
    await point(session)


async def multi(session: Session) -> None:
    """Read some rows, of several tables, and write others."""
    rows = sorted({session.row("r") for _ in range(session.random.randint(2, 4))})
    values = await session.view.read(*rows)
    for row, before in zip(rows, values, strict=True):
        if session.random.random() < 0.7:
            session.view.write(row, session.fresh(), Access.WRITE if before is None else Access.UPDATE)
    await append(session)


async def lock(session: Session) -> None:
    """FOR UPDATE of one row, to change another one."""
    await session.view.lock(session.row("r"))
    await point(session)


async def share(session: Session) -> None:
    """FOR KEY SHARE of one row, to change another one, as a foreign key does."""
    await session.view.share(session.row("r"))
    await point(session)


async def delete(session: Session) -> None:
    """Delete a row, or make it if there is none."""
    row = session.row("r")
    (before,) = await session.view.read(row)
    session.view.write(row, session.fresh() if before is None else None, Access.WRITE)


async def read_only(session: Session) -> None:
    """Look at rows of all tables, and at parts of tables."""
    view = session.view
    await view.read(session.row("r"), session.row("l"))
    for table in session.random.sample(range(TABLES), 2):
        one, other = session.row("r").number, session.row("r").number
        await view.scan(*bounds(table, [one, other]))
    await view.read(session.row("r"), session.row("l"))


async def long(session: Session) -> None:
    """Think between reading and writing."""
    row, view = session.row("r"), session.view
    (before,) = await view.read(row)
    await session.sleep(session.random.randint(0, LONG_US))
    await view.read(session.row("r"), row)
    view.write(row, session.fresh(), Access.WRITE if before is None else Access.UPDATE)
    await session.sleep(session.random.randint(0, LONG_US))


async def abandoned(session: Session) -> None:
    """Write something, and go, or lose the connection at any moment from then on."""
    await multi(session)
    if session.random.random() < 0.5:
        raise AbandonedError
    session.drop(session.random.randint(0, SHORT_US))


async def many(session: Session) -> None:
    """Write to every table."""
    for table in range(TABLES):
        row = numbered("r", session.row("r").number // TABLES * TABLES + table)
        session.view.write(row, session.fresh(), Access.WRITE)


async def people(session: Session) -> None:
    """Change a row of the table with an index."""
    await session.schema.edit(session.view, session.row("r").number, session.fresh(), session.random)


KINDS: Mapping[str, Work] = {
    work.__name__: work
    for work in (point, append, scan, multi, lock, share, delete, read_only, long, abandoned, many, people)
}
INDEX = "index"
"""Another kind: several transactions, which drop an index or build it."""


class Mixed:
    """A workload over `rows` registers and as many lists."""

    def __init__(self, mix: Mix, rows: int) -> None:
        self._mix = mix
        self._kinds = mix.kinds or (*KINDS, INDEX)
        self._schema = Schema()
        self._rows = range(rows)
        self._weights = [1 / (number + 1) ** mix.skew for number in self._rows]

    async def open(self, store: WatchedSession) -> None:
        """Make all registers, with values that no other attempt to do so has; lists come with their first element."""
        transaction = store.begin()
        view = View(transaction)
        for number in self._rows:
            view.write(numbered("r", number), f"{transaction.txn}.{number}", Access.WRITE)
        await self._schema.create(transaction)
        await transaction.commit()

    async def turn(self, turn: Turn) -> None:
        """Do one transaction, or build an index."""
        kind = turn.random.choice(self._kinds)
        if kind == INDEX:
            await self._index(turn)
        else:
            await self._insist(turn, KINDS[kind])

    async def _index(self, turn: Turn) -> None:
        """Drop the index, or build it, one transaction after the other."""
        building: Building | None = None
        left: Building | None = None

        async def step(session: Session) -> None:
            nonlocal left
            left = await self._schema.build(building, session.view)

        while await self._insist(turn, step) and left is not None:
            building = left

    async def _insist(self, turn: Turn, work: Work) -> bool:
        """Do a transaction, again if it is refused; whether it has committed, as far as is known."""
        for number in range(self._mix.retries + 1):
            try:
                await self._attempt(turn, number, work)
                return True
            except (UnknownOutcomeError, SessionLostError):
                return False
            except RetryError:
                turn.store.give_up()
                await turn.sleep(turn.random.randint(0, SHORT_US))
            except (AbandonedError, DiskFullError, DuplicateFoundError, RequestError, TakenError, UnavailableError):
                turn.store.give_up()
                return False
        return False

    async def _attempt(self, turn: Turn, number: int, work: Work) -> None:
        transaction, values = turn.store.begin(), 0

        def fresh() -> str:
            nonlocal values
            values += 1
            return f"{turn.name}.{number}.{values}"

        row = partial(self._row, turn.random)
        await work(Session(View(transaction), turn.random, turn.sleep, fresh, row, turn.drop, self._schema))
        if turn.random.random() < 0.3:
            await turn.sleep(turn.random.randint(0, SHORT_US))
        await transaction.commit()

    def _row(self, rng: Random, kind: Kind) -> Row:
        return numbered(kind, rng.choices(self._rows, self._weights)[0])

    async def settle(self, store: WatchedSession) -> None:
        """Whether the index agrees with its table; what else was seen is for others to judge."""
        transaction = store.begin()
        view = View(transaction)
        await view.read(*(numbered("r", number) for number in self._rows), *(numbered("l", n) for n in self._rows))
        await self._schema.settle(view)
        await transaction.commit()
