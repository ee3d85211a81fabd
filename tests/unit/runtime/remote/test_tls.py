"""TLS between processes: the two of one cluster get through to each other, and nobody else to anybody."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from daybreak.control.authority import Authority
from daybreak.errors import OperatorError
from daybreak.runtime.remote.frames import frame
from daybreak.runtime.remote.peers import Limits, TcpAddress
from daybreak.runtime.remote.tls import Channel, Tls, TlsError
from tests.support.certificates import CLUSTER, EXPIRED, VALID, Certificates
from tests.support.processes import Party, identity, limited, note, tcp, until

QUICK = Limits(beat_seconds=0.02, silent_seconds=5.0, least_wait_seconds=0.001, most_wait_seconds=0.02)
SECRET = b"nobody else is to read this"


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "tls")


def shake(dialler: Channel, acceptor: Channel) -> None:
    """Carry bytes to and fro until both are done."""
    said = b""
    while not (dialler.peer and acceptor.peer):
        dialler.receive(said)
        acceptor.receive(dialler.outgoing())
        said = acceptor.outgoing()


@asynccontextmanager
async def running(*parties: Party) -> AsyncIterator[None]:
    """Some processes, for as long as this lasts."""
    for party in parties:
        await party.peers.start()
    try:
        yield
    finally:
        for party in parties:
            party.peers.close()
        await until(lambda: not any(party.peers._connections for party in parties))


# --- those who belong together --------------------------------------------------------------------------------------


def test_two_processes_know_each_other_by_their_certificates(certificates: Certificates) -> None:
    a, a2 = certificates.tls("A"), certificates.tls("A2")
    dialler, acceptor = a.channel("A2", dials="A2"), a2.channel("10.0.0.1", dials=None)
    shake(dialler, acceptor)
    assert (dialler.peer, acceptor.peer) == ("A2", "A")
    assert acceptor.valid_until == a.valid_until != ""
    long = bytes(range(256)) * 1000
    for sender, receiver in ((dialler, acceptor), (acceptor, dialler)):
        sender.write(SECRET + long)
        sent = sender.outgoing()
        assert SECRET not in sent
        half = len(sent) // 2
        assert receiver.receive(sent[:half]) + receiver.receive(sent[half:]) == SECRET + long


def test_letters_go_through_tls_in_order_and_both_ways(certificates: Certificates) -> None:
    async def test() -> None:
        addresses = tcp()
        a, a2 = (Party(identity(name), addresses, QUICK, certificates.tls(name)) for name in ("A", "A2"))
        async with running(a, a2):
            await until(lambda: a.peers.is_up("A2") and a2.peers.is_up("A"))
            sent = [note(number, bytes(number * 1000 % 70_000)) for number in range(200)]
            for letter in sent:
                a.peers.send("A2", letter)
                a2.peers.send("A", letter)
            assert [await a2.hear() for _ in sent] == sent
            assert [await a.hear() for _ in sent] == sent

    limited(test())


def test_what_changes_a_bit_on_the_way_is_noticed(certificates: Certificates) -> None:
    dialler, acceptor = (certificates.tls(name).channel("it", dials=to) for name, to in (("A", "A2"), ("A2", None)))
    shake(dialler, acceptor)
    dialler.write(SECRET)
    sent = bytearray(dialler.outgoing())
    sent[-1] ^= 1
    with pytest.raises(TlsError, match=r"^A2 refuses it: .*bad record mac"):
        acceptor.receive(bytes(sent))


def test_a_renewed_certificate_is_shown_from_the_next_connection_on(
    certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    a, a2 = certificates.tls("A"), certificates.tls("A2")
    before = a.valid_until

    def shown() -> str:
        dialler, acceptor = a.channel("A2", dials="A2"), a2.channel("A", dials=None)
        shake(dialler, acceptor)
        return acceptor.valid_until

    assert shown() == before
    file = certificates.issue("A", VALID * 2)
    assert shown() == a.valid_until != before
    certificates.issue("A", EXPIRED)
    assert [shown(), shown()] == [a.valid_until] * 2
    assert [record.message for record in caplog.records] == [
        f"{file}: the certificate of A has expired; what it replaces is used on"
    ]


def test_a_certificate_that_ends_soon_is_told_of(certificates: Certificates, caplog: pytest.LogCaptureFixture) -> None:
    file = certificates.issue("A", timedelta(days=29))
    tls = certificates.tls("A")
    assert [record.message for record in caplog.records] == [
        f"{file}: ends on {tls.valid_until}; have another one made with daybreak cluster renew"
    ]


# --- what a process has to show -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (lambda c: c.issue("A", EXPIRED), "the certificate of A has expired"),
        (lambda c: c.issue("A", name="B"), "the certificate of A is that of B"),
        (lambda c: c.issue("A", cluster="d"), "the certificate of A is for no process of this cluster"),
        (
            lambda c: c.put("A", Authority.make(CLUSTER).issue(CLUSTER, "A", VALID)),
            "the certificate of A is not of the cluster's authority (",
        ),
        (lambda c: c.put("A", b"nonsense"), "holds no usable certificate or key: "),
        (lambda c: c.issue("A").chmod(0o640), "others may read the key of A; run: chmod 600 "),
        (lambda c: None, "cannot be read: No such file"),
    ],
)
def test_who_would_not_be_believed_does_not_even_start(
    certificates: Certificates, prepare: Callable[[Certificates], object], why: str
) -> None:
    prepare(certificates)
    with pytest.raises(OperatorError) as refused:
        Tls(certificates.directory, CLUSTER, "A")
    assert refused.value.message.startswith(f"{certificates.directory / 'A.pem'}: {why}")


# --- who is not let in ----------------------------------------------------------------------------------------------


def strange(file: Path | None = None, *, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """What somebody shows who believes everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = newest
    if file is not None:
        context.load_cert_chain(file)
    return context


def foreign(certificates: Certificates) -> Path:
    """A certificate for A, of another authority."""
    return certificates.put("foreign", Authority.make(CLUSTER).issue(CLUSTER, "A", VALID))


@pytest.mark.parametrize(
    ("context", "why"),
    [
        (lambda c: None, "it does not speak TLS"),
        (lambda c: strange(), "it has no certificate"),
        (lambda c: strange(c.issue("A"), newest=ssl.TLSVersion.TLSv1_2), "it does not speak TLS 1.3"),
        (
            lambda c: strange(foreign(c)),
            "its certificate is not of the cluster's authority (unable to get local issuer certificate)",
        ),
        (lambda c: strange(c.issue("A", EXPIRED)), "its certificate has expired"),
        (lambda c: strange(c.issue("A", cluster="d")), "its certificate is for no process of this cluster"),
    ],
)
def test_a_stranger_is_refused_and_told_of_in_one_line(
    certificates: Certificates,
    context: Callable[[Certificates], ssl.SSLContext | None],
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        addresses = tcp()
        a2 = Party(identity("A2"), addresses, QUICK, certificates.tls("A2"))
        async with running(a2):
            address = addresses["A2"]
            assert isinstance(address, TcpAddress)
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                reader, writer = await asyncio.open_connection(*address, ssl=context(certificates))
                try:
                    writer.write(b"GET / HTTP/1.1\r\n\r\n")
                    await reader.read()
                finally:
                    writer.close()
            await until(lambda: not a2.peers._connections)

    limited(test())
    assert [record.message for record in caplog.records] == [f"A2 refuses 127.0.0.1: {why}"]


@pytest.mark.parametrize(
    ("certified", "secret", "said"),
    [
        (("A1", "A2"), b"s" * 32, {"A2 refuses A: its certificate is that of A1"}),
        (("A", "A1"), b"s" * 32, {"A refuses A2: its certificate is that of A1"}),
        (("A", "A2"), b"x" * 32, {"A refuses A2: its proof is wrong: its secret is not the cluster's"}),
    ],
)
def test_who_is_not_the_process_that_it_says_or_lacks_the_secret_is_refused(
    certificates: Certificates,
    certified: tuple[str, str],
    secret: bytes,
    said: set[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        addresses = tcp()
        a = Party(identity("A", secret=secret), addresses, QUICK, certificates.tls(certified[0]))
        a2 = Party(identity("A2"), addresses, QUICK, certificates.tls(certified[1]))
        async with running(a, a2):
            await until(lambda: caplog.records)
            assert not a.peers.is_up("A2") and not a2.peers.is_up("A")

    limited(test())
    assert {record.message for record in caplog.records} == said


def test_who_is_refused_for_its_certificate_says_so_itself(
    certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """As one does whose certificate has expired while it ran: its own log tells, too."""

    async def test() -> None:
        addresses = tcp()
        tls = certificates.tls("A")
        a = Party(identity("A"), addresses, QUICK, tls)
        a2 = Party(identity("A2"), addresses, QUICK, certificates.tls("A2"))
        tls._loaded.dialling.load_cert_chain(certificates.issue("old", EXPIRED, name="A"))
        async with running(a, a2):
            await until(lambda: len(caplog.records) >= 2)

    limited(test())
    assert {record.message for record in caplog.records} == {
        "A2 refuses 127.0.0.1: its certificate has expired",
        "A2 refuses the certificate of A: it has expired, by the clock there",
    }


def test_before_its_certificate_is_known_nothing_of_a_peer_is_read(certificates: Certificates) -> None:
    """What is sent along with a hello that nobody has answered yet is no letter."""
    acceptor = certificates.tls("A2").channel("it", dials=None)
    with pytest.raises(TlsError):
        acceptor.receive(frame(b"letter"))
    assert acceptor.peer == ""
