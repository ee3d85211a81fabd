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
from typing import NamedTuple

from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.limits import FORGET_AFTER_US
from daybreak.base.time import SECOND_US, Timestamp
from daybreak.base.topology import home_of
from daybreak.errors import RequestError
from daybreak.query.insight import Fate, Outcome, moment
from daybreak.query.processor import QueryProcessor
from daybreak.replicas import Replicas
from daybreak.runtime.protocols import Clock

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
    kept: bool = False
    """An operator has split it off from what lies before."""


class Told(NamedTuple):
    """What the process of a node says of it, as the role's `status` does."""

    node: NodeId
    journal: JournalId | None
    """Of an adjudicator or a journal's replica."""
    status: Mapping[str, object] | None
    """None: there is no answer."""
    state: str
    """How that process is, in a word."""

    @property
    def zone(self) -> str:
        """The zone that the node belongs to."""
        return self.node.partition("/")[0]

    @property
    def failure(self) -> str | None:
        """Why nothing is known of it; None: it is."""
        return f"the zone's process is {self.state}" if self.status is None else None

    def columns(self, *names: str) -> dict[str, object]:
        """Columns that are called as in the status."""
        return {name: (self.status or {}).get(name) for name in names}

    def times(self, **names: str) -> dict[str, object]:
        """Columns that are times, by what the status calls them."""
        return {column: moment(_number((self.status or {}).get(name, 0))) for column, name in names.items()}


class Cluster(NamedTuple):
    """What the zones tell of their roles."""

    adjudicators: Sequence[Told] = ()
    journals: Sequence[Told] = ()
    replicas: Sequence[Told] = ()
    """Of storage."""


class Parts(NamedTuple):
    """What a server can look at, as of when it is asked for."""

    ranges: Callable[[], Iterable[Range]]
    cluster: Callable[[], Awaitable[Cluster]]
    processors: Callable[[], Iterable[QueryProcessor]]


class ClusterInsight:
    """`query.insight.Insight` over the roles of a cluster."""

    def __init__(self, parts: Parts, clock: Clock, replicas: Replicas) -> None:
        self._parts = parts
        self._clock = clock
        self._replicas = replicas
        self._views: dict[str, Callable[[Cluster], list[dict[str, object]]]] = {
            "daybreak_adjudicators": _adjudicators,
            "daybreak_journals": _journals,
            "daybreak_replicas": _replicas,
        }
        self._own: dict[str, Callable[[], list[dict[str, object]]]] = {
            "daybreak_ranges": self._ranges,
            "daybreak_transactions": self._transactions,
        }
        self._aborted: dict[TxnId, Timestamp] = {}

    # --- views --------------------------------------------------------------------------------------------------

    async def rows(self, views: Iterable[str]) -> Mapping[str, Sequence[Mapping[str, object]]]:
        """The rows of some views as of now; the zones are asked once."""
        names = tuple(views)
        cluster = await self._parts.cluster() if any(name in self._views for name in names) else Cluster()
        return {name: self._own[name]() if name in self._own else self._views[name](cluster) for name in names}

    def _ranges(self) -> list[dict[str, object]]:
        return [
            {
                "low_key": low.hex(),
                "high_key": high.hex() if high is not None else None,
                "adjudicator": owner,
                "transactions_per_second": round(per_second, 1),
                "kept": kept,
            }
            for low, high, owner, per_second, kept in self._parts.ranges()
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

    async def floor(self) -> Timestamp | None:
        """No transaction that began before this time can be decided on any more; None while that is not certain."""
        leaders = await self._leaders()
        return Timestamp(min(_number(status["floor"]) for status in leaders)) if leaders else None

    async def _leaders(self) -> list[Mapping[str, object]]:
        """The status of who serves each journal, of all journals; none at all if one of them has nobody.

        One that was overtaken and does not know yet will do as well: its successor's floor is higher, and begins
        after its lease.
        """
        told = (await self._parts.cluster()).adjudicators
        serving = {t.journal: t.status for t in told if t.status is not None and t.status["stage"] == SERVING}
        return list(serving.values()) if {t.journal for t in told} == serving.keys() else []

    async def _read(self, txn: TxnId, start: Timestamp) -> Outcome:
        """Look for the record of `txn` in storage."""
        leaders = await self._leaders()
        is_past = bool(leaders) and all(start < _number(status["floor"]) for status in leaders)
        upto = self._clock.now().latest
        if is_past:
            upto = Timestamp(max(upto, *(_number(status["lease"]) for status in leaders)))
            # Asked for earlier, it would have the adjudicators promise ahead of the clock.
            await asyncio.sleep(max(0, upto - self._clock.now().earliest) / SECOND_US)
        answer = await self._replicas.outcome(txn, start, upto, PATIENCE_SECONDS)
        if answer is None:
            return Outcome(Fate.UNKNOWN)
        if answer.ts is not None:
            return Outcome(Fate.COMMITTED, answer.ts)
        return Outcome(Fate.ABORTED if is_past and answer.since <= start else Fate.UNKNOWN)


def _adjudicators(cluster: Cluster) -> list[dict[str, object]]:
    return [
        {
            "adjudicator": told.journal,
            "node": told.node,
            "zone": told.zone,
            "region": home_of(told.node),
            "stage": told.state if told.status is None else told.status["stage"],
            **told.columns("epoch"),
            **told.times(lease_until="lease", promise="promise", last_commit="latest", floor="floor"),
            **told.columns("remembered_keys"),
            "kept_in": (told.status["kept_in"] or None) if told.status and told.status["stage"] == SERVING else None,
        }
        for told in cluster.adjudicators
    ]


def _journals(cluster: Cluster) -> list[dict[str, object]]:
    return [
        {
            "journal": told.journal,
            "zone": told.zone,
            **told.columns("last_index", "synced", "durable"),
            "failure": told.failure or told.columns("failure")["failure"],
        }
        for told in cluster.journals
    ]


def _replicas(cluster: Cluster) -> list[dict[str, object]]:
    return [
        {
            "node": told.node,
            "zone": told.zone,
            **told.times(watermark="watermark", forgotten="forgotten"),
            **told.columns("keys", "waiting_reads"),
            "failure": told.failure,
        }
        for told in cluster.replicas
    ]


def _number(value: object) -> int:
    assert isinstance(value, int), "times of a status are whole microseconds"
    return value
