"""The bytes of a segment."""

from __future__ import annotations

import pytest

from daybreak.errors import OperatorError
from daybreak.journal import frame
from daybreak.journal.frame import (
    HEADER_BYTES,
    SEGMENT_HEADER_BYTES,
    VERSION,
    Frame,
    check_header,
    frame_bytes,
    frames_after,
    pack_frame,
    pack_header,
    unpack_frame,
    unpack_voucher,
)
from daybreak.journal.messages import Entry

ENTRY = Entry(12, 4, b"payload")
DATA = pack_frame(ENTRY, durable=9, synced=10, first=11, offset=100)


def test_a_frame_gives_back_what_was_packed() -> None:
    frame = unpack_frame(b"??" + DATA, 2, first=11, offset=100)
    assert frame == Frame(12, 4, 9, 10, 100, 7)
    assert frame.payload(b"??" + DATA, 2) == b"payload"
    assert frame.end - frame.offset == len(DATA) == frame_bytes(ENTRY)


@pytest.mark.parametrize("at", range(len(DATA)))
def test_no_byte_of_a_frame_can_change_unseen(at: int) -> None:
    spoilt = DATA[:at] + bytes([DATA[at] ^ 0x40]) + DATA[at + 1 :]
    assert unpack_frame(spoilt, 0, first=11, offset=100) is None


@pytest.mark.parametrize("length", range(len(DATA)))
def test_a_part_of_a_frame_is_none(length: int) -> None:
    assert unpack_frame(DATA[:length], 0, first=11, offset=100) is None
    assert unpack_frame(DATA[:length].ljust(len(DATA) + 9, b"\0"), 0, first=11, offset=100) is None


def test_a_frame_is_valid_at_its_place_only() -> None:
    assert unpack_frame(DATA, 0, first=11, offset=101) is None
    assert unpack_frame(DATA, 0, first=12, offset=100) is None


def test_a_payload_that_holds_a_frame_is_not_taken_for_an_entry() -> None:
    outer = pack_frame(Entry(11, 4, DATA), durable=0, synced=0, first=11, offset=SEGMENT_HEADER_BYTES)
    segment = bytearray(pack_header(11) + outer)
    segment[SEGMENT_HEADER_BYTES] ^= 1
    assert frames_after(bytes(segment), 0, first=11) == []


def test_frames_are_found_behind_garbage() -> None:
    data = b"x" * 100 + DATA
    assert frames_after(data, 0, first=11) == [Frame(12, 4, 9, 10, 100, 7)]


def test_a_header_is_that_of_its_segment() -> None:
    header = pack_header(11)
    assert len(header) == SEGMENT_HEADER_BYTES
    assert check_header(header + b"more", 11, "f")
    assert not check_header(header, 12, "f")
    assert not check_header(header[:-1], 11, "f")
    assert not check_header(bytes(SEGMENT_HEADER_BYTES), 11, "f")


def test_another_format_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    header = pack_header(11)
    assert not check_header(header[:8] + (VERSION + 1).to_bytes(4, "big") + header[12:], 11, "f"), "it is damaged"
    for version, age in ((VERSION + 1, "a newer"), (VERSION - 1, "an older")):
        with monkeypatch.context() as other:
            other.setattr(frame, "VERSION", version)
            header = pack_header(11)
        with pytest.raises(OperatorError, match=f"^f: written by {age} version"):
            check_header(header, 11, "f")


def test_a_voucher_is_that_of_its_segment() -> None:
    assert unpack_voucher(pack_header(11), 11) == 0
    head = pack_header(11, 15)
    assert unpack_voucher(head, 11) == 15
    assert unpack_voucher(head, 12) is None
    for offset in range(HEADER_BYTES, SEGMENT_HEADER_BYTES):
        assert unpack_voucher(head[:offset] + bytes([head[offset] ^ 1]) + head[offset + 1 :], 11) is None
    assert unpack_voucher(head[:40], 11) is None
