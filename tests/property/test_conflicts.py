"""The conflict history against a list of all commits that is searched from end to end (P10, P15)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.adjudicator.conflicts import History
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access
from tests.support.conflict_table import CONFLICTING
from tests.support.roles import key

KEYS = [key(name) for name in "abcd"]
accesses = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(Access), min_size=1, max_size=4)
times = st.integers(1, 30).map(Timestamp)


class EveryCommit:
    """All commits ever made."""

    def __init__(self) -> None:
        self.commits: list[tuple[Timestamp, dict[Key, Access]]] = []

    def conflicting(self, wanted: dict[Key, Access], start: Timestamp) -> set[Access]:
        """The classes of those accesses of `wanted` that conflict with a commit after `start`."""
        return {
            access
            for ts, made in self.commits
            for k, access in wanted.items()
            if ts > start and k in made and (access, made[k]) in CONFLICTING
        }


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    commits=st.lists(st.tuples(st.integers(1, 3), accesses), max_size=10),
    forgets=st.dictionaries(st.integers(0, 9), times, max_size=3),
    questions=st.lists(st.tuples(accesses, times), min_size=1, max_size=20),
)
def test_the_history_finds_a_conflict_exactly_when_there_is_one(
    commits: list[tuple[int, dict[Key, Access]]],
    forgets: dict[int, Timestamp],
    questions: list[tuple[dict[Key, Access], Timestamp]],
) -> None:
    history, every, now, floor = History(), EveryCommit(), 0, 0
    for number, (step, made) in enumerate(commits):
        now += step
        history.add(made, Timestamp(now))
        every.commits.append((Timestamp(now), made))
        if number in forgets:
            floor = max(floor, min(forgets[number], now))
            history.forget(Timestamp(floor))
        for wanted, start in questions:
            if start < floor:
                continue
            found, expected = history.conflict(wanted, start), every.conflicting(wanted, start)
            assert (found is None) == (not expected)
            assert found is None or found in expected
            assert (found is Access.VALIDATE) == (Access.VALIDATE in expected)
    kept = {k for ts, made in every.commits if ts > floor for k, a in made.items() if a is not Access.VALIDATE}
    assert len(history) == len(kept), "nothing is kept that lies at or below the floor"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    steps=st.lists(st.tuples(st.integers(1, 3), accesses, st.booleans()), max_size=12),
    moving=st.sets(st.sampled_from(KEYS)),
    above=times,
    limit=st.sampled_from([1, 3, 100]),
    questions=st.lists(st.tuples(accesses, times), min_size=1, max_size=20),
)
def test_a_history_that_moves_answers_as_before_above_its_floor(
    steps: list[tuple[int, dict[Key, Access], bool]],
    moving: set[Key],
    above: Timestamp,
    limit: int,
    questions: list[tuple[dict[Key, Access], Timestamp]],
) -> None:
    history, every, now = History(), EveryCommit(), 0
    for step, made, late in steps:
        if late:  # of another range, whose history has come
            ts = Timestamp(max(1, now - 2 * step))
            history.learn(made, ts)
        else:
            now += step
            ts = Timestamp(max(now, history.newest() + 1))
            now = ts
            history.add(made, ts)
        every.commits.append((ts, made))
    found, floor = history.recent(moving.__contains__, above, limit)
    assert floor >= above and (floor == above or len(found) >= limit)
    assert all(k in moving and ts > above for ts, k, _ in found)
    moved = History()
    for ts, k, access in found:
        moved.learn({k: access}, ts)
    history.drop(moving)
    for wanted, start in questions:
        here = {k: access for k, access in wanted.items() if k in moving}
        left = {k: access for k, access in wanted.items() if k not in moving}
        assert (history.conflict(left, start) is None) == (not every.conflicting(left, start))
        if start >= floor:
            assert (moved.conflict(here, start) is None) == (not every.conflicting(here, start))
