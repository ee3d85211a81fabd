"""The frame decoder under all inputs: what was framed comes out whole, and nothing else ever does."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from daybreak.runtime.remote.frames import HEADER_BYTES, FrameDecoder, FrameError, frame

steady = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

LIMIT = 1000

BODIES = st.lists(st.binary(max_size=60), max_size=8)
PLACES = st.lists(st.integers(0, 600), max_size=5)
"""Where the bytes are cut into pieces."""


def decoded(chunks: list[bytes]) -> tuple[list[bytes], str | None]:
    """The bodies that come out of `chunks`, and what is wrong with the rest."""
    decoder = FrameDecoder(LIMIT)
    found: list[bytes] = []
    try:
        for chunk in chunks:
            decoder.feed(chunk)
            while (body := decoder.take()) is not None:
                found.append(body)
    except FrameError as error:
        return found, str(error)
    return found, None


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@steady
@given(BODIES, PLACES)
def test_frames_come_out_as_they_went_in_however_they_are_cut(bodies: list[bytes], places: list[int]) -> None:
    data = b"".join(map(frame, bodies))
    assert decoded(cut(data, places)) == (bodies, None)


@steady
@given(BODIES.filter(bool), st.integers(0, 600), st.integers(1, 255), PLACES)
def test_a_spoilt_byte_never_yields_another_body(
    bodies: list[bytes], place: int, flips: int, places: list[int]
) -> None:
    data = bytearray(b"".join(map(frame, bodies)))
    place %= len(data)
    data[place] ^= flips
    end, before = 0, 0
    while (end := end + len(frame(bodies[before]))) <= place:
        before += 1
    found, wrong = decoded(cut(bytes(data), places))
    # A length that was spoilt may also wait for bytes that never come.
    assert found == bodies[:before]
    assert wrong is not None or place - (end - len(frame(bodies[before]))) < 4


@steady
@given(st.binary(max_size=300), PLACES)
@example(b"\xff" * HEADER_BYTES, [])
def test_any_bytes_at_all_are_frames_or_refused(data: bytes, places: list[int]) -> None:
    found, _ = decoded(cut(data, places))
    assert data.startswith(b"".join(map(frame, found)))


@pytest.mark.parametrize("extra", [0, 1])
def test_the_limit_counts_the_body(extra: int) -> None:
    found, wrong = decoded([frame(bytes(LIMIT + extra))])
    assert (len(found), wrong is not None) == (1 - extra, bool(extra))
