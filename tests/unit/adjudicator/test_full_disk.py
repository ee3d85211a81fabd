"""What an adjudicator does while the disks of its journal's zones are full."""

from __future__ import annotations

from daybreak.adjudicator.messages import Committed, HeartbeatRequest, Reason, Refused, Tick
from daybreak.base.writes import Access
from daybreak.journal.messages import Appended, Doubt, NoRoom, Whole
from tests.support.adjudicator_bench import QP, REPLICAS, Bench
from tests.support.roles import key, sent, time

K = key("k")


def test_with_two_full_zones_commits_are_refused_before_anything_is_written() -> None:
    bench = Bench().serve()
    for replica in REPLICAS[:2]:
        bench.hear(NoRoom(1), replica)
    written = len(bench.journal.log)
    (answer,) = sent(bench.ask("a", time(0), {K: Access.WRITE}), Refused, QP)
    assert answer.reason is Reason.DISK_FULL
    assert len(bench.journal.log) == written


def test_with_one_full_zone_commits_go_on() -> None:
    bench = Bench().serve()
    bench.hear(NoRoom(1), REPLICAS[0])
    assert sent(bench.ask("a", time(0), {K: Access.WRITE}), Committed, QP)


def test_with_full_zones_reads_go_on_and_leases_are_renewed() -> None:
    bench = Bench().serve()
    for replica in REPLICAS:
        bench.hear(Appended(1, len(bench.journal.log), room=False), replica)
    (answer,) = sent(bench.ask("a", time(0), {K: Access.WRITE}), Refused, QP)
    assert answer.reason is Reason.DISK_FULL
    lease = bench.lease
    bench.clock.advance(1_000_000)
    bench.fire(Tick)
    assert bench.lease > lease
    bench.hear(HeartbeatRequest(time(1_000_500)))
    assert bench.promise >= time(1_000_500)


def test_a_replica_in_doubt_is_answered() -> None:
    bench = Bench().serve()
    (answer,) = sent(bench.role.receive(REPLICAS[0], Doubt(1, 9)), Whole, REPLICAS[0])
    assert (answer.incident, answer.upto) == (9, len(bench.journal.log))
