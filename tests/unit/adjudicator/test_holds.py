"""Holds: which accesses they keep away, and for how long they are there."""

from __future__ import annotations

import pytest

from daybreak.adjudicator.holds import Hold, Holds
from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.time import ZERO
from daybreak.base.writes import Access
from tests.support.conflict_table import cells
from tests.support.roles import key, time

W, N, S, R = Access.WRITE, Access.UPDATE, Access.SHARE, Access.VALIDATE
K, OTHER = key("k"), key("other")


def hold(name: str, keys: dict[Key, Access], until: int = 9) -> Hold:
    return Hold(TxnId(name), time(0), keys, time(1), time(until))


@pytest.mark.parametrize(("wanted", "held", "conflict"), cells())
def test_a_hold_keeps_away_what_the_table_says(wanted: Access, held: Access, conflict: bool) -> None:
    holds = Holds()
    holds.add(hold("a", {K: held}))
    assert holds.conflict({OTHER: W, K: wanted}) is (wanted if conflict else None)
    assert holds.conflict({OTHER: W}) is None


def test_a_validated_read_holds_nothing() -> None:
    holds = Holds()
    holds.add(hold("a", {K: R}))
    assert holds.conflict({K: W}) is None
    assert holds.remove(TxnId("a")).keys == {K: R}


def test_a_validated_read_that_meets_a_hold_is_named_first() -> None:
    holds = Holds()
    holds.add(hold("a", {K: W, OTHER: W}))
    assert holds.conflict({OTHER: W, K: R}) is R


def test_two_holds_on_a_key_go_together_where_the_table_allows_and_end_one_by_one() -> None:
    holds = Holds()
    holds.add(hold("a", {K: S}, until=5))
    holds.add(hold("b", {K: N}, until=7))
    holds.check()
    assert (holds.conflict({K: S}), holds.conflict({K: N})) == (None, N)
    assert (len(holds), holds.last()) == (2, time(7))
    assert holds.remove(TxnId("b")).until == time(7)
    assert (holds.conflict({K: N}), holds.conflict({K: W})) == (None, W)
    holds.remove(TxnId("a"))
    assert holds.conflict({K: W}) is None
    assert (len(holds), holds.last()) == (0, ZERO)


def test_two_holds_that_conflict_are_noticed() -> None:
    holds = Holds()
    holds.add(hold("a", {K: N}))
    holds.add(hold("b", {K: N}))
    with pytest.raises(AssertionError, match="P10"):
        holds.check()


def test_clearing_ends_all_of_them() -> None:
    holds = Holds()
    holds.add(hold("a", {K: W}))
    holds.clear()
    assert (holds.conflict({K: W}), holds.get(TxnId("a")), list(holds)) == (None, None, [])
