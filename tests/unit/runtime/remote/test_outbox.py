"""What gives way when a peer reads too slowly."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybreak.runtime.remote.outbox import Outbox

steady = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def content(outbox: Outbox) -> list[bytes]:
    """All that waits, in order; the outbox is empty afterwards."""
    return [outbox.take() for _ in range(len(outbox))]


def filled(*frames: tuple[bytes, bool], limit: int = 10) -> tuple[Outbox, list[int]]:
    """An outbox after these frames, and what each of them made it drop."""
    outbox = Outbox(limit)
    return outbox, [outbox.put(frame, bulk=bulk) for frame, bulk in frames]


def test_the_oldest_go_first() -> None:
    outbox, dropped = filled((b"aaaa", False), (b"bbbb", False), (b"cc", False), (b"dddd", False))
    assert (content(outbox), dropped) == ([b"bbbb", b"cc", b"dddd"], [0, 0, 0, 1])


def test_bulk_stays_in_its_place() -> None:
    outbox, dropped = filled((b"AAAA", True), (b"bbbb", False), (b"CC", True), (b"dddd", False))
    assert (content(outbox), dropped) == ([b"AAAA", b"CC", b"dddd"], [0, 0, 0, 1])


def test_a_frame_for_which_bulk_leaves_no_room_is_not_taken() -> None:
    outbox, dropped = filled((b"AAAAA", True), (b"BBBBB", True), (b"c", False), (b"D", True))
    assert (content(outbox), dropped) == ([b"AAAAA", b"BBBBB"], [0, 0, 1, 1])


def test_a_single_frame_is_taken_whatever_its_size() -> None:
    outbox, dropped = filled((b"small", False), (b"much too large", False))
    assert (content(outbox), dropped) == ([b"much too large"], [0, 1])


def test_clearing_counts() -> None:
    outbox, _ = filled((b"a", False), (b"B", True))
    assert (outbox.clear(), len(outbox), outbox.bytes) == (2, 0, 0)


@steady
@given(st.lists(st.tuples(st.binary(min_size=1, max_size=15), st.booleans()) | st.none(), max_size=60))
def test_memory_is_bounded_and_order_is_kept(steps: list[tuple[bytes, bool] | None]) -> None:
    """A step puts a frame, numbered here to tell equal ones apart, or takes one."""
    outbox, put, gone, left = Outbox(40), 0, 0, []
    for step in steps:
        if step is not None:
            gone += outbox.put(put.to_bytes(2, "big") + step[0], bulk=step[1])
            put += 1
        elif outbox:
            left.append(outbox.take())
        assert outbox.bytes <= 40
    left += content(outbox)
    assert left == sorted(left, key=lambda frame: frame[:2])
    assert (len(left) + gone, outbox.bytes) == (put, 0)
