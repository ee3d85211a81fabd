"""A leader: which votes it needs, which times suit, and what it tells whom, in every order of messages (P12-P14)."""

from __future__ import annotations

from itertools import permutations

import pytest

from daybreak.adjudicator.messages import (
    AskOutcome,
    CommitRequest,
    Committed,
    HeartbeatRequest,
    Leads,
    Outcome,
    Reason,
    Refused,
    Release,
    Tick,
    Unread,
    Voted,
    VotesMissing,
    WhoLeads,
)
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import JournalId, TxnId
from daybreak.base.keys import Key
from daybreak.base.records import decode
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access, Record, Write
from daybreak.journal.messages import Fenced
from daybreak.runtime.protocols import Effect, Effects, Message, Send
from tests.support.adjudicator_bench import JOURNAL, NODE, PEERS, QP, REPLICAS, STEP_US, Bench
from tests.support.roles import ManualClock, far_key, key, sent, time, timers

W = Access.WRITE
K, FAR = key("k"), far_key("k")
ONE, TWO = JournalId("adj-1"), JournalId("adj-2")
A = TxnId("a")
WRITES = (Write(K, W, b"here"), Write(FAR, W, b"there"))
FULL_HOLD = time(Settings().hold_us)


def request(
    txn: str = "a", voters: tuple[JournalId, ...] = (ONE,), start: Timestamp | None = None, written: Key = K
) -> CommitRequest:
    """A request to lead."""
    asked = {voter: PEERS[voter] for voter in voters}
    return CommitRequest(TxnId(txn), time(0) if start is None else start, {written: W}, WRITES, asked, time(0))


def voted(journal: JournalId = ONE, bound: int = -5, until: Timestamp = FULL_HOLD, txn: str = "a") -> Voted:
    """A vote."""
    return Voted(TxnId(txn), journal, time(bound), until)


def hear(bench: Bench, message: Message) -> Effects:
    """Let it hear a message from whom it comes."""
    match message:
        case CommitRequest():
            return bench.hear(message, QP)
        case Voted(_, journal):
            return bench.hear(message, PEERS[journal])
        case _:
            return bench.hear(message, PEERS[ONE])


def answers(effects: Effects) -> list[Effect]:
    """What is said to query processors and to other adjudicators."""
    return [e for e in effects if isinstance(e, Send) and isinstance(e.message, (Committed, Refused, Outcome, Unread))]


def told(reason: Reason, *voters: JournalId, txn: str = "a") -> list[Effect]:
    """What everybody is told of a transaction that does not commit."""
    outcomes = [Send(PEERS[voter], Outcome(TxnId(txn), ZERO)) for voter in voters]
    return [Send(QP, Refused(TxnId(txn), reason)), *outcomes]


def commit_time(bench: Bench) -> object:
    """The time of the last decision."""
    event = bench.sink.events()[-1]
    assert event.act == "Adjudication!Commit"
    return event.args["ts"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_it_decides_once_the_request_and_all_votes_are_there_in_any_order(order: tuple[int, ...]) -> None:
    messages = [request(voters=(ONE, TWO)), voted(ONE), voted(TWO)]
    bench = Bench().serve()
    for number in order[:2]:
        assert answers(hear(bench, messages[number])) == []
        assert answers(hear(bench, messages[number])) == [], "hearing it twice makes no difference"
        assert "Commit" not in bench.sink.acts()
    said = hear(bench, messages[order[2]])
    assert bench.sink.acts()[-2:] == ["Commit", "Durable"]
    assert answers(said) == [
        Send(QP, Committed(A, time(1))),
        *(Send(PEERS[v], Outcome(A, time(1))) for v in (ONE, TWO)),
    ]


def test_the_whole_transaction_is_one_record_here() -> None:
    bench = Bench().serve()
    hear(bench, request())
    hear(bench, voted())
    assert decode(bench.journal.log[-1].payload).record == Record(A, time(1), WRITES)


def test_the_commit_time_exceeds_every_bound_and_what_was_promised_here() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    hear(bench, request(voters=(ONE, TWO)))
    hear(bench, voted(ONE, bound=70))
    hear(bench, voted(TWO, bound=60))
    assert commit_time(bench) == time(71)
    bench.hear(request("b", written=key("b")))
    bench.acknowledge()
    bench.hear(HeartbeatRequest(time(9_000)))
    hear(bench, voted(txn="b", bound=80))
    assert bench.sink.events()[-1].args["ts"] == time(9_001)


@pytest.mark.parametrize("beyond", [0, 1])
def test_the_commit_time_may_reach_the_end_of_a_hold_and_not_exceed_it(beyond: int) -> None:
    bench = Bench().serve()
    hear(bench, request(voters=(ONE, TWO), start=time(10)))
    hear(bench, voted(ONE))
    said = hear(bench, voted(TWO, until=time(11 - beyond)))
    if beyond:
        assert answers(said) == told(Reason.UNAVAILABLE, ONE, TWO)
        assert [event.act for event in bench.sink.events()][-1] == "Commit!Decline"
    else:
        assert sent(said, Committed) == [Committed(A, time(11))]


def test_the_commit_time_never_lies_beyond_the_lease() -> None:
    bench = Bench().serve()
    hear(bench, request())
    said = hear(bench, Voted(A, ONE, bench.lease, Timestamp(bench.lease + 9)))
    assert answers(said) == told(Reason.UNAVAILABLE, ONE)
    assert bench.sink.events()[-1].act == "Adjudication!Decline"


def test_a_conflict_is_refused_before_any_vote_and_its_voters_are_told() -> None:
    bench = Bench().serve()
    bench.ask("first", time(0), {K: W})
    assert answers(hear(bench, request(voters=(ONE, TWO)))) == told(Reason.CONFLICT, ONE, TWO)
    assert bench.sink.acts()[-1] == "Refuse"
    assert hear(bench, voted()) == [Send(PEERS[ONE], Outcome(A, ZERO))], "a vote that comes late is answered"


def test_what_commits_while_votes_are_awaited_is_seen() -> None:
    bench = Bench().serve()
    hear(bench, request())
    assert sent(bench.ask("in between", time(0), {K: W}), Committed)
    assert answers(hear(bench, voted())) == told(Reason.CONFLICT, ONE)
    assert bench.sink.acts()[-1] == "Refuse"


@pytest.mark.parametrize("reason", [Reason.CONFLICT, Reason.SCHEMA, Reason.UNAVAILABLE])
def test_one_refusal_ends_it_for_all(reason: Reason) -> None:
    bench = Bench().serve()
    hear(bench, request(voters=(ONE, TWO)))
    hear(bench, voted(TWO))
    before = len(bench.sink.acts())
    assert answers(hear(bench, Refused(A, reason))) == told(reason, ONE, TWO)
    assert bench.sink.acts()[before:] == (["Decline"] if reason is Reason.UNAVAILABLE else []), "the voter's step, else"
    assert hear(bench, Refused(A, reason)) == []
    assert answers(hear(bench, request(voters=(ONE, TWO)))) == told(reason)


@pytest.mark.parametrize("reason", [Reason.CONFLICT, Reason.UNAVAILABLE])
def test_a_refusal_that_overtakes_the_request_is_remembered(reason: Reason) -> None:
    bench = Bench().serve()
    assert answers(hear(bench, Refused(A, reason))) == []
    assert answers(hear(bench, request())) == told(reason)
    assert hear(bench, voted(TWO)) == [Send(PEERS[TWO], Outcome(A, ZERO))]
    assert "Commit" not in bench.sink.acts()


@pytest.mark.parametrize("heard", [request(voters=(ONE, TWO)), voted(ONE)])
def test_who_waits_too_long_for_the_rest_declines(heard: Message) -> None:
    bench = Bench().serve()
    hear(bench, heard)
    assert [delay for delay, _ in timers([*bench.timers], VotesMissing)] == [Settings().votes_us]
    said = answers(bench.fire(VotesMissing))
    asked = isinstance(heard, CommitRequest)
    assert said == (told(Reason.UNAVAILABLE, ONE, TWO) if asked else [Send(PEERS[ONE], Outcome(A, ZERO))])
    assert bench.sink.events()[-1].act == "Commit!Decline"
    assert answers(hear(bench, request(voters=(ONE, TWO)))) == told(Reason.UNAVAILABLE), "for good"


def test_the_wait_for_votes_ends_with_the_decision() -> None:
    bench = Bench().serve()
    hear(bench, request())
    hear(bench, voted())
    before = bench.sink.acts()
    assert bench.fire(VotesMissing) == []
    assert bench.sink.acts() == before


def test_a_decided_transaction_answers_when_it_is_durable_and_then_whoever_asks() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    hear(bench, request())
    for message in (voted(), voted(), AskOutcome(A, time(0)), Refused(A, Reason.CONFLICT), request()):
        assert answers(hear(bench, message)) == []
    assert answers(bench.acknowledge()) == [Send(QP, Committed(A, time(1))), Send(PEERS[ONE], Outcome(A, time(1)))]
    for message in (voted(), AskOutcome(A, time(0))):
        assert hear(bench, message) == [Send(PEERS[ONE], Outcome(A, time(1)))]
    assert hear(bench, request()) == [Send(QP, Committed(A, time(1)))]
    assert bench.sink.acts()[-2:] == ["Commit", "Durable"]


def test_who_is_asked_for_an_outcome_while_votes_are_missing_waits_for_them() -> None:
    bench = Bench().serve()
    hear(bench, request(voters=(ONE, TWO)))
    assert hear(bench, AskOutcome(A, time(0))) == []
    hear(bench, voted(ONE))
    assert sent(hear(bench, voted(TWO)), Committed)


@pytest.mark.parametrize("early_vote", [False, True])
def test_of_what_it_has_never_been_asked_it_says_never_and_keeps_to_that(early_vote: bool) -> None:
    bench = Bench().serve()
    if early_vote:
        hear(bench, voted())
    assert answers(hear(bench, AskOutcome(A, time(0)))) == [Send(PEERS[ONE], Outcome(A, ZERO))]
    assert bench.sink.events()[-1].act == "Commit!Decline"
    assert answers(hear(bench, request())) == told(Reason.UNAVAILABLE)
    assert hear(bench, voted()) == [Send(PEERS[ONE], Outcome(A, ZERO))]


def test_who_does_not_lead_says_so_and_decides_nothing() -> None:
    bench = Bench()
    assert hear(bench, request()) == [Send(QP, Leads(JOURNAL, None, A))]
    for message in (voted(), Refused(A, Reason.CONFLICT), AskOutcome(A, time(0)), WhoLeads()):
        assert hear(bench, message) == []
    assert bench.sink.acts() == []


def test_who_leads_says_so() -> None:
    assert hear(Bench().serve(), WhoLeads()) == [Send(PEERS[ONE], Leads(JOURNAL, NODE))]


def test_who_gives_its_lease_back_declines_what_is_undecided() -> None:
    bench = Bench().serve()
    hear(bench, request())
    assert answers(bench.hear(Release())) == told(Reason.UNAVAILABLE, ONE)
    assert hear(bench, voted()) == [], "it has nothing left to do"


def test_who_loses_the_journal_knows_nothing_any_more() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    hear(bench, request("decided"))
    hear(bench, voted(txn="decided"))
    hear(bench, request("undecided", written=key("b")))
    before = bench.sink.acts()
    bench.hear(Fenced(bench.journal.promised, bench.journal.promised + 1), REPLICAS[0])
    assert hear(bench, AskOutcome(TxnId("decided"), time(0))) == []
    assert bench.acknowledge() == bench.fire(VotesMissing) == []
    assert bench.sink.acts() == before


# --- a successor ----------------------------------------------------------------------------------------------------


def successor(bench: Bench) -> Bench:
    """Another candidate has taken the journal of `bench` over."""
    bench.journal.holding = False
    after = Bench(clock=ManualClock(bench.clock.now_us), journal=bench.journal)
    after.clock.advance(Settings().lease_us + 1)
    return after.serve()


def test_a_successor_knows_the_outcome_from_the_journal() -> None:
    bench = Bench().serve()
    bench.journal.holding = True
    hear(bench, request())
    hear(bench, voted())
    after = successor(bench)
    assert hear(after, AskOutcome(A, time(0))) == [Send(PEERS[ONE], Outcome(A, time(1)))]
    assert answers(hear(after, request())) == [Send(QP, Committed(A, time(1)))], "asked again"


def test_what_the_journal_does_not_have_never_commits() -> None:
    bench = Bench().serve()
    hear(bench, request())
    after = successor(bench)
    assert answers(hear(after, AskOutcome(A, time(0)))) == [Send(PEERS[ONE], Outcome(A, ZERO))]
    assert after.sink.events()[-1].act == "Commit!Decline"


def test_before_the_journal_is_read_nothing_is_said() -> None:
    bench = Bench().serve()
    assert hear(bench, AskOutcome(A, time(0)))
    after = Bench(clock=bench.clock, journal=bench.journal)
    assert hear(after, AskOutcome(A, time(0))) == []


def trimmed(grants: int = 0) -> Bench:
    """A successor that has not read the record that committed at 1: it was known to be durable."""
    bench = Bench().serve()
    bench.ask("known to be durable", time(0), {K: W})
    for _ in range(grants):
        bench.clock.advance(Settings().renew_us)
        bench.fire(Tick)
    bench.journal.known = len(bench.journal.log)
    return successor(bench)


@pytest.mark.parametrize("grants", [0, 1])
@pytest.mark.parametrize("asked_us", [0, 1])
def test_of_what_may_be_in_the_part_that_was_not_read_it_says_so(asked_us: int, grants: int) -> None:
    after = trimmed(grants)
    answer = Unread(A, time(1)) if asked_us == 0 else Outcome(A, ZERO)
    assert answers(hear(after, AskOutcome(A, time(asked_us)))) == [Send(PEERS[ONE], answer)]


def test_what_may_have_been_decided_before_is_not_decided_again_by_whoever_speaks_of_it() -> None:
    after = trimmed()
    before = after.sink.acts()
    assert answers(hear(after, request())) == [Send(QP, Unread(A, time(1)))]
    for message in (voted(bound=0), Refused(A, Reason.UNAVAILABLE, time(0)), Refused(A, Reason.CONFLICT, time(0))):
        assert hear(after, message) == []
    assert answers(hear(after, AskOutcome(A, time(0)))) == [Send(PEERS[ONE], Unread(A, time(1)))]
    assert after.sink.acts() == before


def test_a_commit_that_is_no_longer_remembered_is_not_denied() -> None:
    bench = Bench().serve()
    hear(bench, request())
    hear(bench, voted())
    bench.live(Settings().remember_us + STEP_US)
    assert hear(bench, AskOutcome(A, time(0))) == [Send(PEERS[ONE], Unread(A, time(1)))]
    assert answers(hear(bench, AskOutcome(TxnId("b"), time(1)))) == [Send(PEERS[ONE], Outcome(TxnId("b"), ZERO))]
