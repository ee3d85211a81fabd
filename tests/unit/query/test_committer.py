"""COMMIT when leaders have changed or are lost: other candidates are asked, and in the end the outcome is known."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.messages import (
    AskOutcome,
    CommitRequest,
    Leads,
    Outcome,
    Reason,
    Unread,
    VoteRequest,
    WhoLeads,
)
from daybreak.base.ids import NodeId
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access, Write
from daybreak.query.committer import MAX_TURNS
from daybreak.query.messages import AskAgain, CommitDone, CommitFailed
from daybreak.runtime.protocols import After, Effects, Send
from daybreak.storage.messages import OutcomeRead, ReadOutcome
from tests.support.processor_bench import (
    ADJUDICATOR,
    CANDIDATES,
    JOURNALS,
    NODE,
    OTHER,
    SESSION,
    SETTINGS,
    STORAGE,
    STORAGES,
    Bench,
)
from tests.support.roles import far_key, key, sent, time

FIRST, SECOND = JOURNALS
STANDBYS = CANDIDATES[FIRST][1:]


def to(effects: Effects, kind: type[CommitRequest] | type[VoteRequest]) -> list[NodeId]:
    """To whom requests of a kind are sent."""
    return [e.to for e in effects if isinstance(e, Send) and isinstance(e.message, kind)]


def across(bench: Bench) -> str:
    """COMMIT of a transaction that the first adjudicator leads and the second votes on."""
    txn = bench.role.open().txn
    bench.role.put([Write(key(k), Access.WRITE, b"v") for k in "ab"] + [Write(far_key("a"), Access.WRITE, b"v")], 3)
    bench.role.finish()
    return txn


def test_who_does_not_lead_names_who_does_and_that_one_is_asked_within_the_same_commit() -> None:
    bench = Bench()
    txn = bench.committing()
    said = bench.hear(Leads(FIRST, STANDBYS[0], txn), ADJUDICATOR)
    assert to(said, CommitRequest) == [STANDBYS[0]]
    assert bench.hear(Outcome(txn, time(-1)), STANDBYS[0]) == [Send(SESSION, CommitDone(txn, time(-1)))]
    bench.role.open()
    bench.role.put([Write(key("a"), Access.WRITE, b"v")], 1)
    assert to(bench.role.finish(), CommitRequest) == [STANDBYS[0]], "it is remembered"


def test_another_leader_is_named_to_the_voters_and_another_voter_only_asked() -> None:
    bench = Bench()
    txn = across(bench)
    said = bench.hear(Leads(FIRST, STANDBYS[1], txn), ADJUDICATOR)  # type: ignore[arg-type]
    assert (to(said, CommitRequest), to(said, VoteRequest)) == ([STANDBYS[1]], [OTHER])
    assert [vote.node for vote in sent(said, VoteRequest)] == [STANDBYS[1]]
    said = bench.hear(Leads(SECOND, CANDIDATES[SECOND][1], txn), OTHER)  # type: ignore[arg-type]
    assert (to(said, CommitRequest), to(said, VoteRequest)) == ([], [CANDIDATES[SECOND][1]])


def test_who_is_not_asked_any_more_sends_nobody_elsewhere() -> None:
    bench = Bench()
    txn = bench.committing()
    bench.hear(Leads(FIRST, STANDBYS[0], txn), ADJUDICATOR)
    assert bench.hear(Leads(FIRST, STANDBYS[1], txn), ADJUDICATOR) == []
    assert bench.hear(Leads(FIRST, None, txn), STANDBYS[0]) == [], "it waits, and asks again later"


def test_candidates_that_name_each_other_do_not_keep_it_busy_for_ever() -> None:
    bench = Bench()
    txn, nodes = bench.committing(), [ADJUDICATOR, STANDBYS[0]]
    turns = 0
    while bench.hear(Leads(FIRST, nodes[(turns + 1) % 2], txn), nodes[turns % 2]):
        turns += 1
    assert turns == MAX_TURNS


def test_without_an_answer_all_candidates_are_asked_for_the_outcome_again_and_again() -> None:
    bench = Bench()
    asked = bench.clock.now().earliest
    txn = bench.committing()
    for _ in range(2):
        bench.clock.advance(SETTINGS.outcome_us)
        said = bench.hear(AskAgain(txn), NODE)
        questions = [Send(node, AskOutcome(txn, asked)) for node in CANDIDATES[FIRST]]
        assert said == [*questions, After(SETTINGS.outcome_us, AskAgain(txn))]
    said = bench.hear(Outcome(txn, ZERO), STANDBYS[0])
    assert said[0] == Send(SESSION, CommitFailed(txn, Reason.UNAVAILABLE))
    assert [e.to for e in said[1:] if isinstance(e, Send) and e.message == WhoLeads()] == list(CANDIDATES[FIRST])
    assert bench.sink.acts()[-1] == "Abort"
    assert bench.hear(AskAgain(txn), NODE) == []


def test_who_leads_is_learnt_from_who_says_so_itself() -> None:
    bench = Bench()
    assert bench.hear(Leads(FIRST, STANDBYS[1]), STANDBYS[1]) == []
    bench.role.open()
    bench.role.put([Write(key("a"), Access.WRITE, b"v")], 1)
    assert to(bench.role.finish(), CommitRequest) == [STANDBYS[1]]


@pytest.mark.parametrize("ts", [None, time(-7)])
def test_what_a_new_leader_has_not_read_storage_knows(ts: Timestamp | None) -> None:
    bench = Bench()
    txn = bench.committing()
    said = bench.hear(Unread(txn, time(50)), STANDBYS[0])
    (question, _) = sent(said, ReadOutcome)
    assert [e.to for e in said if isinstance(e, Send)] == list(STORAGES)
    assert (question.start, question.txn) == (time(50), txn)
    assert bench.hear(OutcomeRead(question.request, None, time(1)), STORAGE) == [], "it has forgotten too much"
    assert bench.hear(OutcomeRead(question.request - 1, time(3), ZERO), STORAGE) == [], "to another question"
    said = bench.hear(OutcomeRead(question.request, ts, time(0)), STORAGE)
    done = CommitDone(txn, ts) if ts else CommitFailed(txn, Reason.UNAVAILABLE)
    assert said[0] == Send(SESSION, done)
    assert bench.hear(OutcomeRead(question.request, ts, time(0)), STORAGE) == []
