"""What crossbars are told: everything, in order, and complete up to a time only with the last of it."""

from __future__ import annotations

import pytest

from daybreak.adjudicator import delivery
from daybreak.adjudicator.delivery import deliveries
from daybreak.base.ids import JournalId
from daybreak.base.time import ZERO, Timestamp
from daybreak.crossbar.messages import Deliver
from daybreak.journal.messages import Entry

J, UPTO, AT = JournalId("adj-0"), Timestamp(99), Timestamp(90)


def test_a_little_is_one_message_and_nothing_is_a_message_too() -> None:
    entries = (Entry(8, 1, b"a"), Entry(9, 1, b"b"))
    assert list(deliveries(J, 7, entries, UPTO, AT)) == [Deliver(J, 7, entries, UPTO, AT)]
    assert list(deliveries(J, 7, (), UPTO, AT)) == [Deliver(J, 7, (), UPTO, AT)]


def test_much_is_several_messages_that_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "DELIVER_BYTES", 3)
    entries = tuple(Entry(index, 1, b"xx") for index in range(8, 13))
    assert list(deliveries(J, 7, entries, UPTO, AT)) == [
        Deliver(J, 7, entries[:2], ZERO, AT),
        Deliver(J, 9, entries[2:4], ZERO, AT),
        Deliver(J, 11, entries[4:], UPTO, AT),
    ]
