"""Slices by owner, the leader, and catalog marks."""

from __future__ import annotations

from daybreak.base.ids import JournalId
from daybreak.base.keys import make_key
from daybreak.base.placementmap import PlacementMap
from daybreak.base.ranges import Ranges, mark_key
from daybreak.base.writes import Access
from daybreak.query.slices import divide
from tests.support.roles import CATALOG, far_key, key

W, N, S, R = Access.WRITE, Access.UPDATE, Access.SHARE, Access.VALIDATE
J = [JournalId(f"adj-{number}") for number in range(3)]
TWO = PlacementMap(Ranges.even(J[:2]))


def test_one_owner_gets_everything_and_leads() -> None:
    accesses = {far_key("a"): W, far_key("b"): S}
    assert divide(accesses, TWO) == (J[1], {J[1]: accesses})


def test_each_owner_gets_its_keys_with_their_classes() -> None:
    _, slices = divide({key("a"): W, far_key("b"): S, key("c"): N}, TWO)
    assert slices == {J[0]: {key("a"): W, key("c"): N}, J[1]: {far_key("b"): S}}


def test_the_owner_of_most_keys_leads_and_of_several_the_first() -> None:
    assert divide({far_key("a"): W, far_key("b"): W, key("c"): W}, TWO)[0] == J[1]
    assert divide({far_key("a"): W, key("c"): W}, TWO)[0] == J[0]


def test_the_catalog_is_checked_by_the_leader_and_makes_nobody_an_owner() -> None:
    accesses = {CATALOG: R, far_key("a"): W}
    assert TWO.owner(CATALOG) == J[0]
    assert divide(accesses, TWO) == (J[1], {J[1]: {far_key("a"): W, mark_key(J[1]): R}})


def test_who_changes_the_catalog_asks_every_adjudicator() -> None:
    ranges = PlacementMap(Ranges.even(J))
    change = make_key(1, b"change")
    leader, slices = divide({CATALOG: W, change: W}, ranges)
    assert leader == ranges.owner(CATALOG) == J[0]
    assert slices == {
        J[0]: {CATALOG: W, change: W, mark_key(J[0]): W},
        J[1]: {mark_key(J[1]): W},
        J[2]: {mark_key(J[2]): W},
    }


def test_a_user_and_a_change_of_the_catalog_meet_at_the_users_leader_in_conflicting_classes() -> None:
    _, change = divide({CATALOG: W}, TWO)
    for written in (key("a"), far_key("a")):
        leader, use = divide({CATALOG: R, written: W}, TWO)
        mark = mark_key(leader)
        assert (use[leader][mark], change[leader][mark]) == (R, W)
