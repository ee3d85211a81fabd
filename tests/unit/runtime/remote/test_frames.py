"""Frames at their bounds."""

from __future__ import annotations

import pytest

from daybreak.journal.frame import MAX_PAYLOAD_BYTES
from daybreak.runtime.remote.frames import MAX_BODY_BYTES, MAX_GREETING_BYTES, FrameDecoder, FrameError, frame


def test_a_body_that_is_too_long_is_not_framed() -> None:
    with pytest.raises(ValueError, match=f"a message of {MAX_BODY_BYTES + 1} bytes"):
        frame(bytes(MAX_BODY_BYTES + 1))


def test_the_largest_journal_entry_fits() -> None:
    assert MAX_PAYLOAD_BYTES + 4096 < MAX_BODY_BYTES


def test_a_stranger_can_make_nobody_take_memory() -> None:
    decoder = FrameDecoder()
    decoder.feed((MAX_GREETING_BYTES + 1).to_bytes(4, "big") + bytes(4))
    with pytest.raises(FrameError, match=f"a frame of {MAX_GREETING_BYTES + 1} bytes, at most {MAX_GREETING_BYTES}"):
        decoder.take()


def test_an_empty_body_is_a_frame() -> None:
    decoder = FrameDecoder()
    decoder.feed(frame(b"")[:-1])
    assert decoder.take() is None
    decoder.feed(frame(b"")[-1:])
    assert (decoder.take(), decoder.take()) == (b"", None)
