"""Reads in parts: one answer to the session, each part asked for once the one before it has come."""

from __future__ import annotations

from daybreak.base.keys import Key
from daybreak.query.messages import ReadDone, ReadFailed, ReadTimeout
from daybreak.runtime.protocols import Send
from daybreak.storage.messages import ReadKeys, ReadRange, ReadResult, ReadTooOld, Version
from tests.support.processor_bench import NODE, OTHER_STORAGE, SESSION, STORAGE, Bench
from tests.support.roles import key, sent, time, timers

A, B, C, D, Z = map(key, "abcdz")


def row(at: Key) -> Version:
    """A version of a key."""
    return at, time(-1), bytes(at)


def test_what_is_left_of_a_range_is_asked_for_behind_the_last_key_and_with_what_is_left_of_the_limit() -> None:
    bench = Bench()
    start = bench.role.open().start
    request, _ = bench.role.scan(A, Z, 5)
    effects = bench.hear(ReadResult(request, (row(A), row(B)), more=True), STORAGE)
    assert sent(effects, ReadRange, STORAGE) == [ReadRange(request + 1, start, Key(B + b"\0"), Z, 3)]
    assert len(timers(effects, ReadTimeout)) == 1
    done = bench.hear(ReadResult(request + 1, (row(C),)), STORAGE)
    assert done == [Send(SESSION, ReadDone(request, (row(A), row(B), row(C))))]
    assert bench.sink.acts() == ["Begin", "Read"]


def test_what_is_left_of_some_keys_is_asked_for() -> None:
    bench = Bench()
    start = bench.role.open().start
    request, _ = bench.role.get([A, B, C])
    effects = bench.hear(ReadResult(request, (row(A),), more=True), STORAGE)
    assert sent(effects, ReadKeys, STORAGE) == [ReadKeys(request + 1, start, (B, C))]
    done = bench.hear(ReadResult(request + 1, (row(B), row(C))), STORAGE)
    assert done == [Send(SESSION, ReadDone(request, (row(A), row(B), row(C))))]


def test_a_part_that_comes_twice_counts_once() -> None:
    bench = Bench()
    bench.role.open()
    request, _ = bench.role.scan(A, Z, None)
    first = ReadResult(request, (row(A),), more=True)
    assert len(sent(bench.hear(first, STORAGE), ReadRange)) == 1
    assert bench.hear(first, OTHER_STORAGE) == []
    done = bench.hear(ReadResult(request + 1, (row(B),)), STORAGE)
    assert sent(done, ReadDone) == [ReadDone(request, (row(A), row(B)))]


def test_a_later_part_may_come_from_the_other_replica() -> None:
    bench = Bench()
    start = bench.role.open().start
    request, _ = bench.role.scan(A, Z, None)
    effects = bench.hear(ReadResult(request, (row(A),), more=True), STORAGE)
    rest = ReadRange(request + 1, start, Key(A + b"\0"), Z, None)
    ((_, timeout),) = timers(effects, ReadTimeout)
    assert sent(bench.hear(timeout, NODE), ReadRange, OTHER_STORAGE) == [rest]
    done = bench.hear(ReadResult(request + 1, (row(B),)), OTHER_STORAGE)
    assert done == [Send(SESSION, ReadDone(request, (row(A), row(B))))]


def test_a_later_part_that_nobody_keeps_any_more_fails_the_whole_read() -> None:
    bench = Bench()
    bench.role.open()
    request, _ = bench.role.scan(A, Z, None)
    bench.hear(ReadResult(request, (row(A),), more=True), STORAGE)
    assert len(sent(bench.hear(ReadTooOld(request + 1), STORAGE), ReadRange, OTHER_STORAGE)) == 1
    assert bench.hear(ReadTooOld(request + 1), OTHER_STORAGE) == [Send(SESSION, ReadFailed(request))]


# --- another region -------------------------------------------------------------------------------------------------


def near_bench() -> tuple[Bench, int]:
    """A bench whose region has the first replica only, and a read that it has not answered in time."""
    bench = Bench(near=1)
    bench.role.open()
    request, effects = bench.role.get([A])
    assert [e.to for e in effects if isinstance(e, Send)] == [OTHER_STORAGE], "that of the own region"
    ((_, timeout),) = timers(effects, ReadTimeout)
    turned = bench.hear(timeout, NODE)
    assert [e.to for e in turned if isinstance(e, Send)] == [STORAGE, OTHER_STORAGE], "both are asked"
    return bench, request


def test_another_region_s_replica_is_asked_until_one_of_the_own_region_answers_again() -> None:
    bench, request = near_bench()
    bench.hear(ReadResult(request, (row(A),)), STORAGE)
    again, effects = bench.role.get([B])
    assert [e.to for e in effects if isinstance(e, Send)] == [STORAGE, OTHER_STORAGE], "no wait at every read"
    bench.hear(ReadResult(again, (row(B),)), STORAGE)
    bench.hear(ReadResult(again, (row(B),)), OTHER_STORAGE)
    _, effects = bench.role.get([C])
    assert [e.to for e in effects if isinstance(e, Send)] == [OTHER_STORAGE]


def test_a_read_that_nobody_answers_is_given_up_after_its_time() -> None:
    bench, request = near_bench()
    timeout = ReadTimeout(request, 1)
    said = [bench.hear(timeout, NODE) for _ in range(4)]
    assert [sent(effects, ReadFailed) for effects in said] == [[]] * 4
    assert bench.hear(timeout, NODE) == [Send(SESSION, ReadFailed(request, lost=True))]
    assert bench.hear(timeout, NODE) == []
    assert bench.hear(ReadResult(request, (row(A),)), STORAGE) == [], "it comes too late"
