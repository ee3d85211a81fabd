"""How long messages take between regions, and around a link that is cut."""

from __future__ import annotations

import pytest

from daybreak.base.ids import NodeId
from daybreak.base.topology import TWO_REGIONS
from daybreak.runtime.sim.world import Faults, World
from daybreak.simulation.distance import NOTICED_US, WAY_US, WITNESS_WAY_US, Distance

A, B, W = (NodeId(f"{place}1/journal-0") for place in ("A", "B", "W"))


def distance(*cut: tuple[str, str]) -> tuple[World, Distance]:
    """Two regions and a witness, between which links have just been cut."""
    world = World(1, Faults())
    made = Distance(world, TWO_REGIONS)
    made.cut([frozenset(link) for link in cut])
    return world, made


def test_the_ways_between_places() -> None:
    _, made = distance()
    assert (made.way_us(A, A), made.way_us(A, B), made.way_us(W, B)) == (0, WAY_US, WITNESS_WAY_US)


@pytest.mark.parametrize(
    ("link", "ends", "around_us"),
    [(("A", "B"), (A, B), 2 * WITNESS_WAY_US), (("A", "W"), (W, A), WAY_US + WITNESS_WAY_US)],
)
def test_a_link_that_is_cut_is_gone_around_when_that_was_noticed(
    link: tuple[str, str], ends: tuple[NodeId, NodeId], around_us: int
) -> None:
    world, made = distance(link)
    assert made.way_us(*ends) is None
    world.now_us += NOTICED_US - 1
    assert made.way_us(*ends) is None
    world.now_us += 1
    assert made.way_us(*ends) == around_us
    made.heal([frozenset(link)])
    assert made.way_us(*ends) == distance()[1].way_us(*ends)


def test_nobody_goes_around_by_two_links_of_which_one_is_cut() -> None:
    world, made = distance(("A", "B"), ("A", "W"))
    world.now_us += NOTICED_US
    assert (made.way_us(A, B), made.way_us(A, W), made.way_us(B, W)) == (None, None, WITNESS_WAY_US)


def test_a_second_cut_of_a_link_is_not_noticed_anew() -> None:
    world, made = distance(("A", "B"))
    world.now_us += NOTICED_US
    made.cut([frozenset(("A", "B"))])
    assert made.way_us(A, B) == 2 * WITNESS_WAY_US
