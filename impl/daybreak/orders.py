"""What an operator wants done with key ranges and leaders: said to an adjudicator, which answers when it is done, or
why it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from daybreak.adjudicator.messages import MergeRanges, MoveLead, MoveRange, OrderDone, Request, SplitRange
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.placed import Known
from daybreak.base.topology import home_of
from daybreak.control.balancer import Balancer
from daybreak.errors import DaybreakError, RequestError
from daybreak.runtime.protocols import Message

PATIENCE_SECONDS = 5.0
"""How long an owner's answer is waited for."""

Locate = Callable[[Sequence[str]], Awaitable[bytes]]
"""Where in the order of keys some words mean; RequestError if nowhere."""


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """One request at the control socket."""

    do: str
    """``list``, ``split``, ``merge`` or ``move`` a range; ``leaders``, or have one ``lead``."""
    at: tuple[str, ...] = ()
    """A place: `query.keyplaces.place`; or the adjudicator that is to move."""
    to: str | None = None
    """The adjudicator that a range is moved to; the region or zone for a leader, empty for the balancer to choose."""


class Orders:
    """Carries orders out, one message each; `post` sends it, and `on_message` takes what is answered."""

    def __init__(self, balancer: Balancer, locate: Locate, post: Callable[[NodeId, Message], None]) -> None:
        self._balancer = balancer
        self._locate = locate
        self._post = post
        self._requests = 0
        self._waiting: dict[int, asyncio.Future[OrderDone]] = {}

    async def answer(self, line: bytes) -> dict[str, object]:
        """The answer to one line at the control socket: ``done``, a line for the operator, or ``error``, why not."""
        try:
            return await self._carry_out(msgspec.json.decode(line, type=Order))
        except msgspec.MsgspecError as error:
            return {"error": f"not an order: {error}"}
        except DaybreakError as error:
            return {"error": error.message, "hint": error.hint}

    async def _carry_out(self, order: Order) -> dict[str, object]:
        if order.do == "list":
            return {"ranges": self.rows()}
        if order.do == "leaders":
            return {"leaders": self.leaders()}
        if order.do == "lead" and order.to is not None and len(order.at) == 1:
            return await self._lead(order.at[0], order.to)
        at = await self._locate(order.at)
        found = self._balancer.map.find(at)
        if order.do == "split":
            await self._ask(found.owner, lambda number: SplitRange(number, at, kept=True), _at(at))
            return {"done": f"a range of {found.owner} begins at {at.hex()} now"}
        if order.do == "merge":
            await self._ask(found.owner, lambda number: MergeRanges(number, at), _at(at))
            return {"done": f"no range of {found.owner} begins at {at.hex()} any more"}
        if order.do == "move" and order.to is not None:
            return await self._move(found, order.to)
        raise RequestError(f"{order.do!r} is nothing that can be done here", sqlstate="42601")

    async def _move(self, found: Known, to: str) -> dict[str, object]:
        """Move the range with a key, and wait until its new owner has it."""
        heir = self._adjudicator(to)
        await self._ask(found.owner, lambda number: MoveRange(number, found.low, heir), _at(found.low))
        return {"done": f"{to} has the range from {_low(found)} to {_high(found)} now, {found.owner} no more"}

    def _adjudicator(self, name: str) -> JournalId:
        if JournalId(name) not in self._balancer.leaders:
            names = ", ".join(self._balancer.leaders)
            raise RequestError(f"there is no adjudicator {name!r}; there are {names}", sqlstate="22023")
        return JournalId(name)

    async def _lead(self, name: str, where: str) -> dict[str, object]:
        """Have an adjudicator run somewhere and stay there; or, if `where` is empty, wherever the balancer has it."""
        journal, balancer = self._adjudicator(name), self._balancer
        heir = balancer.candidate(journal, where) if where else balancer.leaders[journal]
        if heir is None:
            names = ", ".join(balancer.candidates[journal])
            raise RequestError(f"{name} cannot run in {where!r}; its candidates are {names}", sqlstate="22023")
        await self._ask(journal, lambda number: MoveLead(number, heir, kept_in=where))
        if not where:
            return {"done": f"{name} runs as {heir} now, and may be moved by the server"}
        return {"done": f"{name} runs as {heir} now, and stays in {where}"}

    async def _ask(self, owner: JournalId, make: Callable[[int], Request], at: str = "") -> None:
        """Have an adjudicator do something; RequestError if it does not."""
        self._requests += 1
        number = self._requests
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._post(self._balancer.leaders[owner], make(number))
        try:
            error = (await asyncio.wait_for(future, PATIENCE_SECONDS)).error
        except TimeoutError:
            error = f"no answer within {PATIENCE_SECONDS:.0f} s; it may still be done, see the list"
        finally:
            del self._waiting[number]
        if error is not None:
            raise RequestError(f"{owner}{at}: {error}", sqlstate="55000")

    def on_message(self, message: Message) -> None:
        """Take an owner's answer."""
        assert isinstance(message, OrderDone), "nothing else is said to it"
        future = self._waiting.get(message.request)
        if future is not None and not future.done():
            future.set_result(message)

    def rows(self) -> list[dict[str, object]]:
        """The ranges in key order, as this process knows them; `high_key` is None where there is no end."""
        return [
            {
                "low_key": known.low.hex(),
                "high_key": known.high.hex() or None,
                "adjudicator": known.owner,
                "transactions_per_second": round(self._balancer.per_second(known), 1),
                "kept": self._balancer.kept(known),
            }
            for known in self._balancer.map.listed()
        ]

    def leaders(self) -> list[dict[str, object]]:
        """The adjudicators, as this process knows them."""
        return [
            {
                "adjudicator": journal,
                "node": told.leader,
                "zone": told.leader.partition("/")[0],
                "region": home_of(told.leader),
                "kept_in": told.kept_in or None,
                "transactions_per_second": {region: round(rate, 1) for region, rate in told.origins.items()},
            }
            for journal, told in self._balancer.told.items()
        ]


def _at(low: bytes) -> str:
    return f" at {low.hex() or 'the lowest key'}"


def _low(known: Known) -> str:
    return known.low.hex() or "the lowest key"


def _high(known: Known) -> str:
    return known.high.hex() or "the highest"
