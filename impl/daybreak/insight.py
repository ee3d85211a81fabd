"""What a server tells its SQL layer of the cluster: the rows of the operators' views, and outcomes of transactions.

An outcome is looked for in this order; what is said is certain, or it is "unknown":

    open in a session of this server                                  in progress
    its query processor gave it up before COMMIT, or was refused      aborted
    a storage replica that is complete up to now has its record       committed, with its time
    ... has no such record, and no adjudicator can commit it any more aborted

An adjudicator cannot commit a transaction that began before its floor (P10). One that it has decided before has a
commit time within its lease (P2). So the replica is asked when all floors are above the start, for everything up to
the last lease: a record that was not there by then never will be. A restart raises every floor (P19).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from daybreak.base.ids import NodeId, TxnId
from daybreak.base.limits import FORGET_AFTER_US
from daybreak.base.time import SECOND_US, Timestamp
from daybreak.errors import RequestError
from daybreak.query.insight import Fate, Outcome, moment
from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Clock, Message
from daybreak.storage.messages import OutcomeRead, ReadOutcome

ASKER = NodeId("A/insight-0")
PATIENCE_SECONDS = 5.0
"""How long a storage replica's answer is waited for."""
SERVING = "serving"
"""The stage of an adjudicator that has its floor and its lease."""

_NAME = re.compile(r"([0-9a-f]{1,14})\.[0-9]+")


class Range(NamedTuple):
    """The keys in ``[low, high)``, None being no bound, who owns them, and how busy they are."""

    low: bytes
    high: bytes | None
    adjudicator: str
    per_second: float
    """Transactions with keys of it, of late."""


class Watched(Protocol):
    """A role that tells of itself; its `status` is one of `Adjudicator.status` or `storage.replica.Replica.status`."""

    @property
    def node(self) -> NodeId: ...

    def status(self) -> dict[str, object]: ...


class Parts(NamedTuple):
    """The roles that a server can look at, as of when they are asked for."""

    ranges: Callable[[], Iterable[Range]]
    adjudicators: Callable[[], Mapping[str, Watched]]
    """By the name of their journal."""
    journals: Callable[[], Awaitable[Sequence[Mapping[str, object]]]]
    """A row for each replica of each journal: they live in other processes, which have to be asked."""
    replicas: Callable[[], Iterable[Watched]]
    """Of storage."""
    processors: Callable[[], Iterable[QueryProcessor]]


class ClusterInsight:
    """`query.insight.Insight` over the roles of a server; `post` sends a message as `ASKER`."""

    def __init__(self, parts: Parts, clock: Clock, post: Callable[[NodeId, Message], None]) -> None:
        self._parts = parts
        self._clock = clock
        self._post = post
        self._views: dict[str, Callable[[], list[dict[str, object]]]] = {
            "daybreak_ranges": self._ranges,
            "daybreak_adjudicators": self._adjudicators,
            "daybreak_replicas": self._replicas,
            "daybreak_transactions": self._transactions,
        }
        self._aborted: dict[TxnId, Timestamp] = {}
        self._requests = 0
        self._asked: dict[int, asyncio.Future[OutcomeRead]] = {}

    # --- views --------------------------------------------------------------------------------------------------

    async def rows(self, view: str) -> Sequence[Mapping[str, object]]:
        """The rows of a view as of now."""
        if view == "daybreak_journals":
            return await self._parts.journals()
        return self._views[view]()

    def _ranges(self) -> list[dict[str, object]]:
        return [
            {
                "low_key": low.hex(),
                "high_key": high.hex() if high is not None else None,
                "adjudicator": owner,
                "transactions_per_second": round(per_second, 1),
            }
            for low, high, owner, per_second in self._parts.ranges()
        ]

    def _adjudicators(self) -> list[dict[str, object]]:
        return [
            {
                "adjudicator": name,
                "node": role.node,
                "stage": role.status()["stage"],
                "epoch": role.status()["epoch"],
                "lease_until": _time(role, "lease"),
                "promise": _time(role, "promise"),
                "last_commit": _time(role, "latest"),
                "floor": _time(role, "floor"),
                "remembered_keys": role.status()["remembered_keys"],
            }
            for name, role in self._parts.adjudicators().items()
        ]

    def _replicas(self) -> list[dict[str, object]]:
        return [
            {
                "node": role.node,
                "zone": role.node.partition("/")[0],
                "watermark": _time(role, "watermark"),
                "forgotten": _time(role, "forgotten"),
                "keys": role.status()["keys"],
                "waiting_reads": role.status()["waiting_reads"],
            }
            for role in self._parts.replicas()
        ]

    def _transactions(self) -> list[dict[str, object]]:
        now = self._clock.now().latest
        return [
            {
                "transaction_id": txn.txn,
                "node": role.node,
                "started_at": moment(txn.start),
                "age": f"{max(0, now - txn.start)} microseconds",
                "phase": txn.phase,
                "modified_rows": txn.rows,
                "written_keys": len(txn.writes),
                "checked_keys": len(txn.accesses),
            }
            for role in self._parts.processors()
            if role.active is not None
            for txn in (role.transaction,)
        ]

    # --- outcomes -----------------------------------------------------------------------------------------------

    def aborted(self, txn: TxnId) -> None:
        """A query processor of this server has ended `txn`, and no adjudicator can commit it."""
        now = self._clock.now().latest
        self._aborted[txn] = now
        for old, ended in list(self._aborted.items()):
            if ended > now - FORGET_AFTER_US:
                break
            del self._aborted[old]

    async def outcome(self, txn: TxnId) -> Outcome:
        """What has become of `txn`. Raises `RequestError` for what is no transaction's name."""
        found = _NAME.fullmatch(txn)
        if found is None:
            raise RequestError(
                f'invalid transaction identifier: "{txn}"',
                sqlstate="22023",
                hint="sys.daybreak_current_transaction() tells that of the current transaction.",
            )
        if any(role.active == txn for role in self._parts.processors()):
            return Outcome(Fate.IN_PROGRESS)
        if txn in self._aborted:
            return Outcome(Fate.ABORTED)
        return await self._read(txn, Timestamp(int(found[1], 16)))

    async def _read(self, txn: TxnId, start: Timestamp) -> Outcome:
        """Look for the record of `txn` in storage."""
        adjudicators = [role.status() for role in self._parts.adjudicators().values()]
        is_past = bool(adjudicators) and all(
            status["stage"] == SERVING and start < _number(status["floor"]) for status in adjudicators
        )
        upto = self._clock.now().latest
        if is_past:
            upto = Timestamp(max(upto, *(_number(status["lease"]) for status in adjudicators)))
            # Asked for earlier, it would have the adjudicators promise ahead of the clock.
            await asyncio.sleep(max(0, upto - self._clock.now().earliest) / SECOND_US)
        answer = await self._ask(txn, upto)
        if answer is None:
            return Outcome(Fate.UNKNOWN)
        if answer.ts is not None:
            return Outcome(Fate.COMMITTED, answer.ts)
        return Outcome(Fate.ABORTED if is_past and answer.since <= start else Fate.UNKNOWN)

    async def _ask(self, txn: TxnId, upto: Timestamp) -> OutcomeRead | None:
        """The first answer of a storage replica; None if none comes in time."""
        self._requests += 1
        number = self._requests
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        for role in self._parts.replicas():
            self._post(role.node, ReadOutcome(number, upto, txn))
        try:
            return await asyncio.wait_for(future, PATIENCE_SECONDS)
        except TimeoutError:
            return None
        finally:
            del self._asked[number]

    def on_message(self, message: Message) -> None:
        """Take the answer of a storage replica."""
        assert isinstance(message, OutcomeRead), "nothing else is said to it"
        future = self._asked.get(message.request)
        if future is not None and not future.done():
            future.set_result(message)


def _number(value: object) -> int:
    assert isinstance(value, int), "times of a status are whole microseconds"
    return value


def _time(role: Watched, name: str) -> str | None:
    return moment(_number(role.status()[name]))
