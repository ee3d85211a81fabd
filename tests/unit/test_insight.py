"""What a server says of itself and of transactions: every column, and no outcome that is not certain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from daybreak import cluster
from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.limits import FORGET_AFTER_US
from daybreak.base.time import Timestamp
from daybreak.errors import RequestError
from daybreak.insight import ClusterInsight, Parts, Range, Watched
from daybreak.query.insight import Fate, Outcome, moment
from daybreak.query.processor import QueryProcessor
from daybreak.query.sysviews import VIEWS
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.protocols import Message
from daybreak.storage.messages import OutcomeRead, ReadOutcome
from daybreak.trace.recorder import NoTrace
from daybreak.zones import journal_row
from tests.support.processor_bench import Bench
from tests.support.roles import ManualClock, time

STORAGE = NodeId("A1/storage-0")


class Role:
    """A role with the status that the test gives it."""

    def __init__(self, node: str, **status: object) -> None:
        self.node = NodeId(node)
        self._status = status

    def status(self) -> dict[str, object]:
        return self._status


async def no_rows() -> list[dict[str, object]]:
    return []


class Setting:
    """A server with an adjudicator and a storage replica, which answers what `ts` and `since` say."""

    def __init__(self, *, floor: int = 0, stage: str = "serving", adjudicators: int = 1) -> None:
        self.clock = ManualClock()
        self.ts: Timestamp | None = None
        self.since = Timestamp(0)
        self.questions: list[Message] = []
        self.processors: list[QueryProcessor] = []
        roles: dict[str, Watched] = {
            f"adj-{n}": Role(f"A/adj-{n}", stage=stage, floor=time(floor), lease=self.clock.now().latest)
            for n in range(adjudicators)
        }
        parts = Parts(
            ranges=list,
            adjudicators=lambda: roles,
            journals=no_rows,
            replicas=lambda: [Role(STORAGE)],
            processors=lambda: self.processors,
        )
        self.insight = ClusterInsight(parts, self.clock, self.post)

    def post(self, to: NodeId, message: Message) -> None:
        self.questions.append(message)
        assert isinstance(message, ReadOutcome)
        self.insight.on_message(OutcomeRead(message.request, self.ts, self.since))

    def ask(self, txn: str) -> Outcome:
        return asyncio.run(self.insight.outcome(TxnId(txn)))


def name(offset: int) -> str:
    """Of a transaction that began at an offset."""
    return f"{time(offset):x}.3"


def test_a_record_says_committed_and_when() -> None:
    setting = Setting(floor=-10)
    setting.ts = time(-1)
    assert setting.ask(name(-5)) == Outcome(Fate.COMMITTED, time(-1))
    assert setting.questions == [ReadOutcome(1, time(0), TxnId(name(-5)))]


def test_no_record_says_aborted_only_below_every_floor() -> None:
    assert Setting(floor=-10).ask(name(-11)) == Outcome(Fate.ABORTED)
    assert Setting(floor=-10).ask(name(-10)) == Outcome(Fate.UNKNOWN)
    assert Setting(floor=-10, stage="waiting").ask(name(-11)) == Outcome(Fate.UNKNOWN)
    assert Setting(floor=-10, adjudicators=0).ask(name(-11)) == Outcome(Fate.UNKNOWN)


def test_a_name_that_storage_may_have_forgotten_says_nothing() -> None:
    setting = Setting(floor=-10)
    setting.since = time(-15)
    assert setting.ask(name(-15)) == Outcome(Fate.ABORTED)
    assert setting.ask(name(-16)) == Outcome(Fate.UNKNOWN)


def test_this_servers_own_transactions_need_no_record() -> None:
    setting, bench = Setting(), Bench()
    setting.processors.append(bench.role)
    txn = bench.role.open().txn
    assert setting.ask(txn) == Outcome(Fate.IN_PROGRESS)
    bench.role.rollback()
    assert setting.ask(txn) == Outcome(Fate.UNKNOWN)
    setting.insight.aborted(txn)
    assert setting.ask(txn) == Outcome(Fate.ABORTED)
    setting.clock.advance(FORGET_AFTER_US)
    setting.insight.aborted(TxnId("0.0"))
    assert setting.ask(txn) == Outcome(Fate.UNKNOWN)


@pytest.mark.parametrize("text", ["", "1", "x.1", "1.x", "1.1'", "1" * 15 + ".1"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        Setting().ask(text)
    assert (caught.value.sqlstate, caught.value.message) == ("22023", f'invalid transaction identifier: "{text}"')


def test_every_view_has_exactly_its_columns(tmp_path: Path) -> None:
    bench = Bench()
    txn = bench.role.open()
    bench.clock.advance(2_000_000)
    around = cluster.Surroundings(lambda node: bench.clock, lambda node, clock: NoTrace(), cluster.Layout(2))
    node = cluster.journal_node("A1", 0)
    journal = cluster.journal(around, node, LocalDisk(tmp_path / "journal"))
    roles = {"last_index": journal.last_index, "synced": 0, "durable": 0, "failure": None}

    async def journals() -> list[dict[str, object]]:
        return [journal_row(JournalId("adj-0"), "A1", node, {"roles": {node: roles}})]

    def processors() -> Iterable[QueryProcessor]:
        return (bench.role,)

    parts = Parts(
        ranges=lambda: [Range(b"", b"\x80", "adj-0", 12.34), Range(b"\x80", None, "adj-1", 0.0)],
        adjudicators=lambda: {"adj-0": cluster.adjudicator(around, cluster.adjudicator_node("A1", 0))},
        journals=journals,
        replicas=lambda: [cluster.storage(around, cluster.STORAGES[0], LocalDisk(tmp_path / "storage"))],
        processors=processors,
    )
    insight = ClusterInsight(parts, bench.clock, lambda to, message: None)
    for view, (_, columns) in VIEWS.items():
        rows = asyncio.run(insight.rows(view))
        assert rows
        assert all(list(row) == [column.name for column in columns] for row in rows), view
    assert asyncio.run(insight.rows("daybreak_ranges"))[0] == {
        "low_key": "",
        "high_key": "80",
        "adjudicator": "adj-0",
        "transactions_per_second": 12.3,
    }
    [open_one] = asyncio.run(insight.rows("daybreak_transactions"))
    assert (open_one["age"], open_one["started_at"]) == ("2000000 microseconds", moment(txn.start))
