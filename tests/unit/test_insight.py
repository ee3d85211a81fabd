"""What a server says of itself and of transactions: every column, and no outcome that is not certain."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from daybreak import cluster
from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.limits import FORGET_AFTER_US
from daybreak.base.time import Timestamp
from daybreak.errors import RequestError
from daybreak.insight import Cluster, ClusterInsight, Parts, Range, Told
from daybreak.query.insight import Fate, Outcome, moment
from daybreak.query.processor import QueryProcessor
from daybreak.query.sysviews import VIEWS
from daybreak.replicas import Replicas
from daybreak.runtime.local.disk import LocalDisk
from daybreak.runtime.protocols import Message
from daybreak.storage.messages import ForgetBefore, Forgot, OutcomeRead, ReadOutcome
from daybreak.trace.recorder import NoTrace
from tests.support.processor_bench import Bench
from tests.support.roles import ManualClock, time

STORAGE, J = NodeId("A1/storage-0"), JournalId("adj-0")


def told(node: str, journal: str | None = None, **status: object) -> Told:
    """A node that tells `status`; nothing, if there is none."""
    return Told(NodeId(node), None if journal is None else JournalId(journal), status or None, "silent")


def serving(number: int, zone: str, floor: int, *, stage: str = "serving", lease: int = 0) -> Told:
    """A candidate of an adjudicator."""
    return told(f"{zone}/adj-{number}", f"adj-{number}", stage=stage, floor=time(floor), lease=time(lease))


class Setting:
    """A server that sees a cluster whose storage replica answers what `ts` and `since` say."""

    def __init__(self, *adjudicators: Told) -> None:
        self.clock = ManualClock()
        self.ts: Timestamp | None = None
        self.since = Timestamp(0)
        self.questions: list[Message] = []
        self.processors: list[QueryProcessor] = []
        self.replicas = Replicas((STORAGE,), self.post)

        async def cluster() -> Cluster:
            return Cluster(adjudicators)

        parts = Parts(list, cluster, lambda: self.processors)
        self.insight = ClusterInsight(parts, self.clock, self.replicas)

    def post(self, to: NodeId, message: Message) -> None:
        self.questions.append(message)
        assert isinstance(message, ReadOutcome)
        self.replicas.on_message(OutcomeRead(message.request, self.ts, self.since))

    def ask(self, txn: str) -> Outcome:
        return asyncio.run(self.insight.outcome(TxnId(txn)))


def name(offset: int) -> str:
    """Of a transaction that began at an offset."""
    return f"{time(offset):x}.3"


def test_a_record_says_committed_and_when() -> None:
    setting = Setting(serving(0, "A1", -10))
    setting.ts = time(-1)
    assert setting.ask(name(-5)) == Outcome(Fate.COMMITTED, time(-1))
    assert setting.questions == [ReadOutcome(1, time(0), TxnId(name(-5)))]


def test_no_record_says_aborted_only_below_every_floor() -> None:
    assert Setting(serving(0, "A1", -10)).ask(name(-11)) == Outcome(Fate.ABORTED)
    assert Setting(serving(0, "A1", -10)).ask(name(-10)) == Outcome(Fate.UNKNOWN)
    assert Setting(serving(0, "A1", -10), serving(1, "A2", -20)).ask(name(-11)) == Outcome(Fate.UNKNOWN)
    assert Setting().ask(name(-11)) == Outcome(Fate.UNKNOWN)


def test_an_adjudicator_counts_whichever_candidate_serves_and_is_missed_when_none_does() -> None:
    standby = serving(0, "A1", 0, stage="standby")
    assert Setting(standby, serving(0, "A2", -10)).ask(name(-11)) == Outcome(Fate.ABORTED)
    assert Setting(serving(0, "A2", -10), standby).ask(name(-11)) == Outcome(Fate.ABORTED)
    assert Setting(standby, told("A2/adj-0", "adj-0")).ask(name(-11)) == Outcome(Fate.UNKNOWN)
    assert Setting(standby, serving(1, "A2", -10)).ask(name(-11)) == Outcome(Fate.UNKNOWN)


def test_the_floor_is_the_least_of_all_that_serve() -> None:
    both = Setting(serving(0, "A1", -10), serving(1, "A2", -20), told("A3/adj-1", "adj-1"))
    assert asyncio.run(both.insight.floor()) == time(-20)
    assert asyncio.run(Setting(serving(0, "A1", -10), told("A2/adj-1", "adj-1")).insight.floor()) is None


def test_a_name_that_storage_may_have_forgotten_says_nothing() -> None:
    setting = Setting(serving(0, "A1", -10))
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


def test_every_view_has_exactly_its_columns_also_of_zones_that_say_nothing(tmp_path: Path) -> None:
    bench = Bench()
    txn = bench.role.open()
    bench.clock.advance(2_000_000)
    layout = cluster.Layout(2)
    around = cluster.Surroundings(lambda node: bench.clock, lambda node, clock: NoTrace(), layout)

    def status(node: NodeId) -> dict[str, object]:
        return cluster.zone_role(around, node, LocalDisk(tmp_path / node)).status()

    def rows(view: str, *, silent: bool = False) -> list[dict[str, object]]:
        async def seen() -> Cluster:
            adjudicator, journal = layout.candidates[J][0], layout.replicas[J][0]
            said = [None if silent else status(node) for node in (adjudicator, journal, STORAGE)]
            return Cluster(
                adjudicators=[Told(adjudicator, J, said[0], "down")],
                journals=[Told(journal, J, said[1], "down")],
                replicas=[Told(STORAGE, None, said[2], "down")],
            )

        ranges = [Range(b"", b"\x80", "adj-0", 12.34), Range(b"\x80", None, "adj-1", 0.0)]
        parts = Parts(lambda: ranges, seen, lambda: [bench.role])
        found = asyncio.run(ClusterInsight(parts, bench.clock, Replicas((), lambda to, message: None)).rows([view]))
        assert list(found) == [view]
        return [dict(row) for row in found[view]]

    for view, (_, columns) in VIEWS.items():
        for found in (rows(view), rows(view, silent=True)):
            assert found
            assert all(list(row) == [column.name for column in columns] for row in found), view
    assert rows("daybreak_ranges")[0] == {
        "low_key": "",
        "high_key": "80",
        "adjudicator": "adj-0",
        "transactions_per_second": 12.3,
        "kept": False,
    }
    [open_one] = rows("daybreak_transactions")
    assert (open_one["age"], open_one["started_at"]) == ("2000000 microseconds", moment(txn.start))
    [down] = rows("daybreak_adjudicators", silent=True)
    assert (down["zone"], down["stage"], down["epoch"], down["floor"]) == ("A1", "down", None, None)
    for view in ("daybreak_journals", "daybreak_replicas"):
        assert [row["failure"] for row in rows(view)] == [None]
        assert [row["failure"] for row in rows(view, silent=True)] == ["the zone's process is down"]


# --- questions to storage -------------------------------------------------------------------------------------------


def test_a_question_is_repeated_until_one_replica_has_answered() -> None:
    asked: list[tuple[NodeId, Message]] = []

    def post(to: NodeId, message: Message) -> None:
        asked.append((to, message))
        if len(asked) == 4:
            replicas.on_message(Forgot(1))
            replicas.on_message(Forgot(1))

    replicas = Replicas((STORAGE, NodeId("A2/storage-0")), post)
    assert asyncio.run(replicas.forget(time(5), 20.0))
    assert asked == 2 * [(node, ForgetBefore(1, time(5))) for node in (STORAGE, NodeId("A2/storage-0"))]


def test_without_an_answer_it_is_given_up_in_time() -> None:
    replicas = Replicas((STORAGE,), lambda to, message: None)
    assert not asyncio.run(replicas.complete(time(5), 0.01))
    replicas.on_message(OutcomeRead(1, None, time(0)))


@pytest.mark.parametrize("knowing_first", [True, False])
def test_who_has_kept_a_name_is_believed_before_who_began_later(knowing_first: bool) -> None:
    answers = [OutcomeRead(1, None, time(2)), OutcomeRead(1, time(4), time(0))]
    replicas = Replicas((STORAGE, NodeId("A2/storage-0")), lambda to, message: replicas.on_message(answers.pop()))
    if not knowing_first:
        answers.reverse()
    told = asyncio.run(replicas.outcome(TxnId("1.1"), time(1), time(5), 20.0))
    assert told is not None and told.ts == time(4)


def test_if_nobody_has_kept_a_name_that_is_the_answer() -> None:
    replicas = Replicas((STORAGE,), lambda to, message: replicas.on_message(OutcomeRead(1, None, time(2))))
    assert asyncio.run(replicas.outcome(TxnId("1.1"), time(1), time(5), 20.0)) == OutcomeRead(1, None, time(2))
