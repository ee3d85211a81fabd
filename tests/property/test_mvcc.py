"""Versions against a list of all records, replayed for every read (P4)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.base.keys import Key
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access, Record, Write
from daybreak.storage.mvcc import Versions
from tests.support.roles import key

KEYS = [key(name) for name in "abcde"]
values = st.none() | st.sampled_from([b"", b"1", b"2"])
changes = st.dictionaries(st.sampled_from(KEYS), values, min_size=1, max_size=3)
SNAPSHOTS = range(35)


def replay(records: list[Record], start: int) -> dict[Key, tuple[int, bytes | None]]:
    """Time and value of every key that has been written at or before `start`."""
    state: dict[Key, tuple[int, bytes | None]] = {}
    for record in records:
        if record.ts <= start:
            state.update({write.key: (record.ts, write.value) for write in record.writes})
    return state


def compare(versions: Versions, records: list[Record], start: int, low: Key, high: Key) -> None:
    """Reads and a scan at `start` see what a replay gives; of forgotten deletions nothing need be known."""
    expected = replay(records, start)
    for k in KEYS:
        ts, value = versions.read(k, Timestamp(start))
        assert value == expected.get(k, (0, None))[1]
        assert value is None or ts == expected[k][0]
        assert ts in (ZERO, expected.get(k, (0, None))[0])
    rows = [(k, *expected[k]) for k in sorted(expected) if low <= k < high and expected[k][1] is not None]
    assert list(versions.scan(low, high, Timestamp(start))) == rows


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    commits=st.lists(st.tuples(st.integers(1, 3), changes), max_size=10),
    forgets=st.dictionaries(st.integers(0, 9), st.integers(0, 35), max_size=4),
    bounds=st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)),
)
def test_every_snapshot_sees_what_a_replay_of_all_records_gives(
    commits: list[tuple[int, dict[Key, bytes | None]]], forgets: dict[int, int], bounds: tuple[Key, Key]
) -> None:
    versions, records, now, floor = Versions(), list[Record](), 0, 0
    for number, (step, change) in enumerate(commits):
        now += step
        writes = tuple(Write(k, Access.WRITE, value) for k, value in change.items())
        records.append(Record(f"t{number}", now, writes))
        versions.apply(records[-1])
        upto = min(forgets.get(number, 0), now)
        if upto > floor:
            versions.forget(Timestamp(upto))
            floor = upto
        for start in SNAPSHOTS:
            if start >= floor:
                compare(versions, records, start, *bounds)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(commits=st.lists(changes, max_size=12))
def test_after_everything_is_forgotten_only_rows_are_left(commits: list[dict[Key, bytes | None]]) -> None:
    versions, records = Versions(), list[Record]()
    for ts, change in enumerate(commits, 1):
        records.append(Record(f"t{ts}", ts, tuple(Write(k, Access.WRITE, v) for k, v in change.items())))
        versions.apply(records[-1])
    versions.forget(Timestamp(len(commits)))
    rows = [k for k, (_, value) in replay(records, len(commits)).items() if value is not None]
    assert len(versions) == len(rows)
    assert all(versions.read(k, Timestamp(len(commits) - 1)) == (ZERO, None) for k in rows if commits[-1].get(k))
