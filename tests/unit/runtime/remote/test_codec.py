"""Messages as bytes: every class there and back, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybreak.base.ids import NodeId
from daybreak.journal.messages import Append, Entry, Fetch
from daybreak.runtime.local.network import Letter
from daybreak.runtime.protocols import Message
from daybreak.runtime.remote.codec import CodecError, Registry, wire_name
from daybreak.wire import registry

steady = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

A, B = NodeId("A1/journal-0"), NodeId("A1/adj-0")
LETTER = Letter(A, B, Append(3, 1, 2, (Entry(2, 3, b"payload"),), 1), (("A/qp-1", 7),))


class Other(Message, frozen=True):
    """A message that no registry of the product has."""

    n: int


def shaped(name: str, **fields: type) -> type[Message]:
    """A message class of the module ``x.journal.messages``."""
    place = "x.journal.messages"
    made = msgspec.defstruct(name, list(fields.items()), bases=(Message,), frozen=True, module=place)
    assert issubclass(made, Message)
    return made


def test_there_and_back() -> None:
    codec = registry()
    assert codec.decode(codec.encode(LETTER)) == LETTER


def test_one_message_to_several_nodes_and_then_another() -> None:
    codec = registry()
    letters = [LETTER, LETTER._replace(to=B), LETTER._replace(message=Fetch(1, 2))]
    assert [codec.decode(codec.encode(letter)) for letter in letters] == letters


def test_the_name_of_a_class_has_its_role() -> None:
    assert wire_name(Append) == "journal.Append"


def test_a_class_that_is_not_registered_is_not_sent() -> None:
    with pytest.raises(KeyError):
        registry().encode(LETTER._replace(message=Other(1)))


def test_a_class_that_is_not_registered_is_not_read() -> None:
    data = Registry([Other]).encode(LETTER._replace(message=Other(1)))
    with pytest.raises(CodecError, match=r"a message 'remote\.Other', which nobody here knows"):
        registry().decode(data)


def test_two_classes_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"two messages are called journal\.Append"):
        Registry([Append, shaped("Append", n=int)])


def test_the_fingerprint_follows_the_fields() -> None:
    shapes = (shaped("M", n=int), shaped("M", n=str), shaped("M", m=int), shaped("M"))
    prints = [Registry([shape]).fingerprint for shape in shapes]
    assert len(set(prints)) == 4
    assert Registry([shaped("M", n=int)]).fingerprint == prints[0]


def test_the_fingerprint_is_that_of_every_other_process() -> None:
    command = [sys.executable, "-c", "from daybreak.wire import registry; print(registry().fingerprint)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == registry().fingerprint


class TestAnyBytes:
    """Bytes that a peer may send by mistake."""

    CODEC: ClassVar[Registry] = registry()

    @steady
    @given(st.binary(max_size=200))
    def test_are_no_message(self, data: bytes) -> None:
        with pytest.raises(CodecError):
            self.CODEC.decode(data)

    @steady
    @given(st.integers(0, 200), st.integers(1, 255))
    def test_nor_does_a_spoilt_one_crash(self, place: int, flips: int) -> None:
        data = bytearray(self.CODEC.encode(LETTER))
        data[place % len(data)] ^= flips
        try:
            assert self.CODEC.decode(bytes(data)) != LETTER
        except CodecError as error:
            assert "message" in str(error)
