"""COMMIT while key ranges move: the query processor asks again, and the client does not notice."""

from __future__ import annotations

from daybreak.adjudicator.messages import CommitRequest, Committed, Outcome, Reason, Redirect, Refused
from daybreak.base.ids import TxnId
from daybreak.base.placed import Known
from daybreak.base.time import ZERO
from daybreak.query.messages import AskAgain, CommitDone, CommitFailed, CommitTimeout, NextAttempt
from tests.support.processor_bench import ADJUDICATOR, JOURNALS, NODE, OTHER, SESSION, Bench
from tests.support.roles import sent, timers

EVERYTHING_OF_OTHER = (Known(b"", b"", JOURNALS[1], 5),)


def again(txn: TxnId, number: int) -> TxnId:
    """The name of an attempt."""
    return TxnId(f"{txn}~{number}")


def test_who_knows_a_better_owner_asks_it_at_once() -> None:
    bench = Bench()
    txn = bench.committing()
    assert bench.hear(Redirect(txn, EVERYTHING_OF_OTHER)) == [], "the leader has not closed the attempt yet"
    effects = bench.hear(Refused(txn, Reason.MOVED))
    (request,) = sent(effects, CommitRequest, OTHER)
    assert request.txn == again(txn, 1)
    assert bench.sink.acts()[-1] == "AskAgain"
    effects = bench.hear(Committed(again(txn, 1), bench.clock.now().earliest), OTHER)
    assert [done.txn for done in sent(effects, CommitDone, SESSION)] == [txn]
    assert bench.sink.events()[-1].args == {"txn": again(txn, 1)}


def test_while_a_range_is_on_its_way_the_pauses_grow() -> None:
    bench = Bench()
    name = txn = bench.committing()
    pauses = []
    for number in range(1, 8):
        ((pause, tick),) = timers(bench.hear(Refused(name, Reason.MOVED)), NextAttempt)
        pauses.append(pause)
        name = again(txn, number)
        assert [request.txn for request in sent(bench.hear(tick, NODE), CommitRequest, ADJUDICATOR)] == [name]
    assert pauses == [2_000, 4_000, 8_000, 16_000, 32_000, 50_000, 50_000]


def test_what_comes_for_an_attempt_that_is_over_changes_nothing() -> None:
    bench = Bench()
    txn = bench.committing()
    bench.hear(Refused(txn, Reason.MOVED))
    for late in (Refused(txn, Reason.MOVED), Refused(txn, Reason.CONFLICT), Outcome(txn, ZERO)):
        assert bench.hear(late) == []
    bench.hear(NextAttempt(txn), NODE)
    for late in (Refused(txn, Reason.CONFLICT), Outcome(txn, ZERO)):
        assert bench.hear(late) == []
    assert bench.hear(NextAttempt(txn), NODE) == bench.hear(AskAgain(txn), NODE) == []
    assert bench.sink.acts().count("AskAgain") == 1
    effects = bench.hear(Refused(again(txn, 1), Reason.CONFLICT))
    assert sent(effects, CommitFailed, SESSION) == [CommitFailed(txn, "conflict")]


def test_between_two_attempts_the_outcome_is_known() -> None:
    bench = Bench()
    txn = bench.committing()
    bench.hear(Refused(txn, Reason.MOVED))
    effects = bench.hear(CommitTimeout(txn), NODE)
    assert sent(effects, CommitFailed, SESSION) == [CommitFailed(txn, "unavailable")]
    assert bench.sink.acts()[-1] == "Abort"


def test_a_later_attempt_without_an_answer_is_unknown() -> None:
    bench = Bench()
    txn = bench.committing()
    bench.hear(Redirect(txn, EVERYTHING_OF_OTHER))
    bench.hear(Refused(txn, Reason.MOVED))
    effects = bench.hear(CommitTimeout(txn), NODE)
    assert sent(effects, CommitFailed, SESSION) == [CommitFailed(txn, "unknown")]
    assert bench.sink.acts()[-1] == "Abandon"
