"""Where a leader should be, by what was seen of late: not soon, not for little, and not to and fro."""

from __future__ import annotations

import pytest

from daybreak.base.ids import JournalId, NodeId
from daybreak.base.time import Timestamp
from daybreak.control.leading import Leading, Settings, Told

J = JournalId("adj-0")
HERE, THERE = NodeId("A1/adj-0"), NodeId("B1/adj-0")
SETTINGS = Settings(looks=3, rest_us=1_000)


def candidate(journal: JournalId, where: str) -> NodeId | None:
    """One in each region, in one zone; none at the witness."""
    return {"A": HERE, "A1": HERE, "B": THERE, "B1": THERE}.get(where)


class Looks:
    """Looks at one journal, one after the other."""

    def __init__(self, share: int = 70) -> None:
        self.leading = Leading(Settings(share, SETTINGS.least_per_second, SETTINGS.looks, SETTINGS.rest_us), candidate)
        self.now = 1

    def __call__(self, told: Told, times: int = 1) -> NodeId | None:
        """Who should lead, by the last one."""
        found: list[tuple[JournalId, NodeId]] = []
        for _ in range(times):
            self.now += 1
            found = self.leading.look({J: told}, Timestamp(self.now))
        return found[0][1] if found else None


def test_it_follows_the_transactions_when_several_looks_agree() -> None:
    looks = Looks()
    assert looks(Told(HERE, {"A": 2.0, "B": 8.0}), 2) is None
    assert looks(Told(HERE, {"A": 2.0, "B": 8.0})) == THERE


@pytest.mark.parametrize(
    "told",
    [
        Told(HERE, {"A": 3.1, "B": 6.9}),
        Told(HERE, {"B": 0.9}),
        Told(HERE, {"W": 8.0}),
        Told(THERE, {"A": 2.0, "B": 8.0}),
        Told(HERE),
        Told(HERE, {"B": 9.0}, "A"),
        Told(HERE, {"B": 9.0}, "A1"),
        Told(HERE, {"B": 9.0}, "W"),
    ],
    ids=["a small majority", "little", "no candidate", "it is there", "nothing", "kept", "kept in a zone", "kept away"],
)
def test_it_stays(told: Told) -> None:
    assert Looks()(told, 20) is None


def test_where_an_operator_wants_it_counts_whatever_comes_from_elsewhere() -> None:
    assert Looks()(Told(HERE, {"A": 9.0}, "B"), 3) == THERE
    assert Looks()(Told(HERE, {}, "B1"), 3) == THERE


def test_one_look_that_disagrees_begins_the_count_again() -> None:
    looks, far, near = Looks(), Told(HERE, {"B": 8.0}), Told(HERE, {"A": 8.0})
    for _ in range(5):
        assert looks(far, 2) is None
        assert looks(near) is None


def test_a_leader_that_changes_begins_the_count_again() -> None:
    looks = Looks()
    assert looks(Told(HERE, {"B": 8.0}), 2) is None
    assert looks(Told(THERE, {"A": 8.0})) is None


def test_after_a_move_it_rests() -> None:
    looks = Looks()
    assert looks(Told(HERE, {"B": 8.0}), 3) == THERE
    looks.leading.moved(J, Timestamp(looks.now))
    assert looks(Told(THERE, {"A": 8.0}), SETTINGS.rest_us - 1) is None
    assert looks(Told(THERE, {"A": 8.0})) == HERE


def test_a_share_of_zero_leaves_all_leaders_where_they_are() -> None:
    looks = Looks(share=0)
    assert looks(Told(HERE, {"B": 8.0}), 20) is looks(Told(HERE, {}, "B"), 20) is None
