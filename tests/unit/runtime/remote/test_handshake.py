"""Who is let in: nobody who differs, and nobody who does not know the secret."""

from __future__ import annotations

import msgspec
import pytest

from daybreak.runtime.remote import handshake
from daybreak.runtime.remote.handshake import Handshake, HandshakeError, Identity

A = Identity("c1", "A", "0.1+f00", b"s" * 32)
A2 = A._replace(process="A2")


def sides(dialler: Identity = A, acceptor: Identity = A2, dials: str = "A2") -> tuple[Handshake, Handshake]:
    """Both sides of a handshake; each knows the three processes of its cluster."""
    known = {"A", "A1", "A2"}
    return Handshake(dialler, known=known, dials=dials), Handshake(acceptor, known=known)


def meet(dialler: Handshake, acceptor: Handshake) -> None:
    """Carry every word over until nobody has one left."""
    to_acceptor, to_dialler = dialler.begin(), acceptor.begin()
    while to_acceptor or to_dialler:
        to_dialler += [answer for word in to_acceptor for answer in acceptor.receive(word)]
        to_acceptor = [answer for word in to_dialler for answer in dialler.receive(word)]
        to_dialler = []


def test_two_of_one_cluster_get_to_know_each_other() -> None:
    dialler, acceptor = sides()
    meet(dialler, acceptor)
    assert (dialler.peer, acceptor.peer) == ("A2", "A")


@pytest.mark.parametrize(
    ("dialler", "acceptor", "dials", "why"),
    [
        (A._replace(cluster="c2"), A2, "A2", "A2 refuses A: it belongs to cluster c2, not c1"),
        (A._replace(build="0.2+bad"), A2, "A2", "A2 refuses A: it is of build 0.2+bad, not 0.1+f00"),
        (A._replace(process="A9"), A2, "A2", "A2 refuses A9: it is no peer"),
        (A, A2, "A1", "A refuses A2: it is not A1"),
        (A._replace(secret=b"t" * 32), A2, "A2", "A refuses A2: its proof is wrong: its secret is not the cluster's"),
    ],
)
def test_who_differs_is_refused_and_told_why(dialler: Identity, acceptor: Identity, dials: str, why: str) -> None:
    with pytest.raises(HandshakeError) as refused:
        meet(*sides(dialler, acceptor, dials))
    assert str(refused.value) == why
    assert refused.value.answer is not None
    with pytest.raises(HandshakeError) as told:
        sides()[0].receive(refused.value.answer)
    assert (str(told.value), told.value.answer) == (why, None)


def test_another_protocol_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(handshake, "PROTOCOL", 2)
        dialler, _ = sides()
    (greeting,) = dialler.begin()
    with pytest.raises(HandshakeError, match=r"^A2 refuses A: it speaks protocol 2, not 1$"):
        sides()[1].receive(greeting)


def test_a_dialler_that_lacks_the_secret_is_not_let_in() -> None:
    """It takes the acceptor's word for it, and makes up a proof of its own."""
    dialler, acceptor = sides()
    (greeting,) = dialler.begin()
    acceptor.receive(greeting)
    with pytest.raises(HandshakeError, match="its proof is wrong"):
        acceptor.receive(msgspec.msgpack.encode(handshake.Proof(b"x" * 32)))
    assert acceptor.peer is None


def test_a_proof_is_worth_nothing_when_sent_back_or_sent_again() -> None:
    dialler, acceptor = sides()
    (greeting,) = dialler.begin()
    answer, acceptors_proof = acceptor.receive(greeting)
    with pytest.raises(HandshakeError, match="its proof is wrong"):
        acceptor.receive(acceptors_proof)
    dialler.receive(answer)
    (diallers_proof,) = dialler.receive(acceptors_proof)
    later = sides()[1]
    later.receive(greeting)
    with pytest.raises(HandshakeError, match="its proof is wrong"):
        later.receive(diallers_proof)


@pytest.mark.parametrize(
    "word",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xc0",
        b"\x90" * 4000,
        b"\x82\xa4type\xa7Refused\xa6reason\xa1\xff",  # no UTF-8
        b"\x82\xa4type\xa7Refused\xa1x" + b"\x91" * 4000,  # nested in a field that nobody knows
    ],
)
def test_what_is_no_greeting_is_refused_without_an_answer(word: bytes) -> None:
    with pytest.raises(HandshakeError, match=r"^A2: what came is no greeting of a peer$") as refused:
        sides()[1].receive(word)
    assert refused.value.answer is None


def test_words_of_a_stranger_do_not_look_like_lines_of_a_log() -> None:
    with pytest.raises(HandshakeError, match=r"^go\?A1: all is well\?\[31m$"):
        sides()[1].receive(msgspec.msgpack.encode(handshake.Refused("go\nA1: all is well\x1b[31m")))
    (greeting,) = sides(dialler=A._replace(cluster="c\nd"))[0].begin()
    with pytest.raises(HandshakeError, match=r"^A2 refuses A: it belongs to cluster c\?d, not c1$"):
        sides()[1].receive(greeting)


def test_the_order_is_kept() -> None:
    dialler, acceptor = sides()
    (greeting,) = dialler.begin()
    with pytest.raises(HandshakeError, match="refuses a stranger: it does not keep to the order"):
        acceptor.receive(msgspec.msgpack.encode(handshake.Proof(b"")))
    acceptor.receive(greeting)
    with pytest.raises(HandshakeError, match="refuses A: it does not keep to the order"):
        acceptor.receive(greeting)
