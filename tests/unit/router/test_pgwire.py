"""Framing: whole messages out of any chunks, and nothing out of what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.query import pgmessages as pg
from daybreak.query.pgmessages import ProtocolViolationError
from daybreak.router.pgwire import (
    FRONTEND_TYPES,
    MAX_MESSAGE_BYTES,
    MAX_STARTUP_BYTES,
    Framer,
    cancel_key,
    read_startup,
    startup_parameters,
)

messages = st.lists(st.tuples(st.sampled_from(sorted(FRONTEND_TYPES)), st.binary(max_size=50)), max_size=10)


@given(messages, st.integers(1, 20))
def test_messages_come_out_as_they_went_in_whatever_the_chunks(sent: list[tuple[int, bytes]], step: int) -> None:
    data = b"".join(pg.message(bytes([kind]), body) for kind, body in sent)
    framer, got = Framer(), []
    for at in range(0, len(data), step):
        framer.feed(data[at : at + step])
        got += framer.messages()
    assert got == sent
    assert framer.buffered == 0


@given(st.binary(max_size=300))
def test_random_bytes_are_messages_or_a_violation(data: bytes) -> None:
    framer = Framer()
    framer.feed(data)
    try:
        got = framer.messages()
    except ProtocolViolationError:
        return
    whole = b"".join(pg.message(bytes([kind]), body) for kind, body in got)
    assert data.startswith(whole)
    assert framer.buffered == len(data) - len(whole)


@pytest.mark.parametrize("size", [0, 3, MAX_MESSAGE_BYTES + 1, 0xFFFFFFFF])
def test_a_length_out_of_bounds_is_refused_before_its_bytes_arrive(size: int) -> None:
    framer = Framer()
    framer.feed(b"Q" + size.to_bytes(4, "big"))
    with pytest.raises(ProtocolViolationError, match="invalid message length"):
        framer.messages()


def test_the_longest_message_is_waited_for() -> None:
    framer = Framer()
    framer.feed(b"Q" + MAX_MESSAGE_BYTES.to_bytes(4, "big"))
    assert framer.messages() == []


def test_startup_packets() -> None:
    framer = Framer()
    packet = (3 << 16).to_bytes(4, "big") + b"user\0admin\0\0"
    data = (len(packet) + 4).to_bytes(4, "big") + packet
    framer.feed(data[:6])
    assert framer.startup_packet() is None
    framer.feed(data[6:] + b"rest")
    assert framer.startup_packet() == packet
    assert read_startup(packet) == (3, 0)
    assert startup_parameters(packet) == {"user": "admin"}
    assert framer.buffered == 4


@pytest.mark.parametrize("size", [0, 7, MAX_STARTUP_BYTES + 1])
def test_startup_packets_out_of_bounds(size: int) -> None:
    framer = Framer()
    framer.feed(size.to_bytes(4, "big"))
    with pytest.raises(ProtocolViolationError):
        framer.startup_packet()


@pytest.mark.parametrize("body", [b"user\0admin\0", b"user\0", b"\xff\0x\0\0", b"user\0admin\0\0more"])
def test_malformed_startup_parameters(body: bytes) -> None:
    with pytest.raises(ProtocolViolationError):
        startup_parameters((3 << 16).to_bytes(4, "big") + body)


def test_cancel_key() -> None:
    assert cancel_key(b"code" + b"\0\0\0\1" + b"\0\0\0\2") == (1, 2)
    assert cancel_key(b"code" + b"\0\0\0\1") is None
