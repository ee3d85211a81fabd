"""Connections between processes over real sockets: made, kept, lost, made again."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daybreak.runtime.local.network import Letter
from daybreak.runtime.remote.frames import MAX_BODY_BYTES, frame
from daybreak.runtime.remote.peers import Address, Limits, TcpAddress
from tests.support.processes import Note, Parcel, Party, identity, limited, note, tcp, unix, until

QUICK = Limits(beat_seconds=0.02, silent_seconds=5.0, least_wait_seconds=0.001, most_wait_seconds=0.02)
Addresses = dict[str, Address]


@pytest.fixture(params=["unix", "tcp"])
def addresses(request: pytest.FixtureRequest, tmp_path: Path) -> Addresses:
    """Where processes A and A2 listen."""
    return unix(tmp_path) if request.param == "unix" else tcp()


@asynccontextmanager
async def two(addresses: Addresses, limits: Limits = QUICK, *, connected: bool = True) -> AsyncIterator[list[Party]]:
    """Processes A, which dials, and A2."""
    parties = [Party(identity(name), addresses, limits) for name in ("A", "A2")]
    for party in parties:
        await party.peers.start()
    try:
        if connected:
            await until(lambda: parties[0].peers.is_up("A2") and parties[1].peers.is_up("A"))
        yield parties
    finally:
        for party in parties:
            party.peers.close()
        await until(lambda: not parties[0].peers.is_up("A2") and not parties[1].peers.is_up("A"))


def traffic(party: Party, name: str) -> dict[str, object]:
    """What a process counts of one peer."""
    found = party.peers.status()[name]
    assert isinstance(found, dict)
    return found


def number_of(letter: Letter) -> int:
    """The number that a note carries."""
    assert isinstance(letter.message, Note)
    return letter.message.number


def test_letters_arrive_in_order_with_all_that_belongs_to_them(addresses: Addresses) -> None:
    async def test() -> None:
        async with two(addresses) as (a, a2):
            sent = [note(number, bytes(number % 7)) for number in range(500)]
            for letter in sent:
                a.peers.send("A2", letter)
            assert [await a2.hear() for _ in sent] == sent
            back = Letter(sent[0].source, sent[0].to, sent[0].message, ())
            a2.peers.send("A", back)
            assert await a.hear() == back
            assert (traffic(a, "A2")["sent"], traffic(a2, "A")["received"], traffic(a, "A2")["unsent"]) == (500, 500, 0)
            assert (traffic(a, "A2")["kinds"], traffic(a2, "A")["kinds"]) == ({"Note": 500}, {"Note": 1})

    limited(test())


def test_without_a_connection_letters_are_lost_and_counted(tmp_path: Path) -> None:
    async def test() -> None:
        addresses = unix(tmp_path)
        a = Party(identity("A"), addresses, QUICK)
        await a.peers.start()
        a.peers.send("A2", note(1))
        a2 = Party(identity("A2"), addresses, QUICK)
        await a2.peers.start()
        await until(lambda: a.peers.is_up("A2"))
        a.peers.send("A2", note(2))
        assert await a2.hear() == note(2)
        assert traffic(a, "A2")["unsent"] == 1
        a.peers.close()
        a2.peers.close()

    limited(test())


def test_a_peer_that_comes_back_is_found(addresses: Addresses) -> None:
    async def test() -> None:
        async with two(addresses) as (a, first):
            first.peers.close()
            await until(lambda: not a.peers.is_up("A2"))
            second = Party(identity("A2"), addresses, QUICK)
            await second.peers.start()
            await until(lambda: a.peers.is_up("A2"))
            a.peers.send("A2", note(7))
            assert await second.hear() == note(7)
            assert traffic(a, "A2")["connections"] == 2
            second.peers.close()

    limited(test())


async def dead_peer(addresses: Addresses, talk: Callable[[bytes], list[bytes]]) -> tuple[asyncio.Server, list[str]]:
    """A process A2 that answers what it hears with `talk`; what happens to its connections."""
    happened: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        happened.append("accepted")
        for answer in talk(await reader.read(1 << 16)):
            writer.write(answer)
        while await reader.read(1 << 16):
            pass
        happened.append("closed")
        writer.close()

    address = addresses["A2"]
    assert isinstance(address, TcpAddress)
    return await asyncio.start_server(serve, *address), happened


def test_a_peer_that_never_answers_is_given_up_and_dialled_again(caplog: pytest.LogCaptureFixture) -> None:
    """As the machine at the other end of a half-open connection would."""

    async def test() -> None:
        addresses = tcp()
        server, happened = await dead_peer(addresses, lambda heard: [])
        a = Party(identity("A"), addresses, Limits(beat_seconds=0.01, silent_seconds=0.05, most_wait_seconds=0.02))
        await a.peers.start()
        await until(lambda: happened[:3] == ["accepted", "closed", "accepted"])
        a.peers.close()
        server.close()

    limited(test())
    assert [record.message for record in caplog.records] == ["A2 has said nothing for 0.05 s and is given up"]


def test_who_is_not_there_is_told_of_once_and_when_it_has_come(caplog: pytest.LogCaptureFixture) -> None:
    addresses = tcp()

    async def test() -> None:
        a2 = Party(identity("A2"), addresses, Limits(missing_seconds=15, least_wait_seconds=0.001))
        await a2.peers.start()
        for seconds in (14, 16, 17):
            a2.peers._miss(time.monotonic() + seconds)
            assert len(caplog.records) == (seconds > 15)
        a = Party(identity("A"), addresses, QUICK)
        await a.peers.start()
        await until(lambda: a2.peers.is_up("A"))
        for party in (a, a2):
            party.peers.close()

    limited(test())
    assert [record.message for record in caplog.records] == [
        f"A2 is not reached by A, which should be at {addresses['A']}",
        "A2 and A have found each other",
    ]


def test_who_is_dialled_in_vain_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    addresses = tcp()

    async def test() -> None:
        a = Party(identity("A"), addresses, Limits(beat_seconds=0.01, missing_seconds=0.05))
        await a.peers.start()
        await until(lambda: caplog.records)
        a.peers.close()

    limited(test())
    (record,) = caplog.records
    assert record.message == f"A does not reach A2, which should be at {addresses['A2']}"


def test_silence_amid_a_connection_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One side beats too seldom for the other: it looks dead, is given up, and dialled again."""

    async def test() -> None:
        addresses = unix(tmp_path)
        slow = Limits(beat_seconds=60.0, silent_seconds=600.0)
        a = Party(identity("A"), addresses, Limits(beat_seconds=0.01, silent_seconds=0.05, least_wait_seconds=0.001))
        a2 = Party(identity("A2"), addresses, slow)
        for party in (a, a2):
            await party.peers.start()
        await until(lambda: traffic(a, "A2")["connections"] == 3)
        for party in (a, a2):
            party.peers.close()

    limited(test())
    assert {record.message for record in caplog.records} == {"A2 has said nothing for 0.05 s and is given up"}


def test_who_beats_is_not_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        limits = Limits(beat_seconds=0.01, silent_seconds=1.0)
        async with two(unix(tmp_path), limits) as (a, a2):
            loop = asyncio.get_running_loop()
            later = loop.time() + 1.5
            await until(lambda: loop.time() > later)
            assert (traffic(a, "A2")["connections"], traffic(a2, "A")["connections"]) == (1, 1)

    limited(test())
    assert caplog.records == []


def test_a_slow_reader_costs_bounded_memory_and_the_oldest_letters(tmp_path: Path) -> None:
    async def test() -> None:
        limits = Limits(outbox_bytes=100_000, beat_seconds=60.0, silent_seconds=600.0)
        async with two(unix(tmp_path), limits) as (a, a2):
            parcels = [0, 1500]
            for number in range(3000):  # in one go: nobody reads meanwhile
                a.peers.send("A2", note(number, bytes(1000), Parcel if number in parcels else Note))
                assert int(str(traffic(a, "A2")["waiting_bytes"])) <= 100_000
            await until(lambda: a2.letters and a2.letters[-1] == note(2999, bytes(1000)))
            numbers = [number_of(letter) for letter in a2.letters]
            assert numbers == sorted(set(numbers)), "in order"
            assert 1500 in numbers, "a bulk transfer waits"
            assert traffic(a, "A2")["dropped"] == 3000 - len(numbers) > 2000

    limited(test())


# --- who is not let in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"secret": b"x" * 32}, "A refuses A2: its proof is wrong: its secret is not the cluster's"),
        ({"build": "other"}, "A2 refuses A: it is of build b, not other"),
    ],
)
def test_a_stranger_is_refused_with_one_line_on_either_side(
    addresses: Addresses, wrong: dict[str, str], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        attempts = []
        a = Party(identity("A"), addresses, QUICK)
        a2 = Party(identity("A2", **wrong), addresses, QUICK)  # type: ignore[arg-type]
        made = a2.peers._accepted
        a2.peers._accepted = lambda: attempts.append(1) or made()  # type: ignore[func-returns-value, method-assign]
        for party in (a, a2):
            await party.peers.start()
        await until(lambda: len(attempts) > 3)
        assert not a.peers.is_up("A2")
        for party in (a, a2):
            party.peers.close()

    limited(test())
    assert [record.message for record in caplog.records] == [said, said]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "a frame of 1195725856 bytes, at most 4096 are allowed"),
        (frame(b"hello")[:-1] + b"x", "a frame's checksum does not match"),
        ((MAX_BODY_BYTES).to_bytes(4, "big") + bytes(4), f"a frame of {MAX_BODY_BYTES} bytes, at most 4096 are"),
    ],
)
def test_what_is_no_frame_closes_its_connection_only(data: bytes, said: str, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        addresses = tcp()
        async with two(addresses) as (a, a2):
            address = addresses["A2"]
            assert isinstance(address, TcpAddress)
            reader, writer = await asyncio.open_connection(*address)
            writer.write(data)
            assert await reader.read() == b""
            writer.close()
            a.peers.send("A2", note(1))
            assert await a2.hear() == note(1)

    limited(test())
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert said in record.message and record.message.startswith("the connection to a stranger is closed: it sent ")


def test_a_spoilt_frame_of_a_peer_closes_the_connection_and_another_is_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        async with two(unix(tmp_path)) as (a, a2):
            connection = a.peers._peers["A2"].connection
            assert connection is not None
            connection.write(frame(b"no message"))
            await until(lambda: traffic(a, "A2")["connections"] == 2)
            a.peers.send("A2", note(1))
            assert await a2.hear() == note(1)

    limited(test())
    (record,) = caplog.records
    assert record.message.startswith("the connection to A is closed: it sent bytes that are no message: ")


def test_more_strangers_than_allowed_are_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daybreak.runtime.remote.peers.MAX_STRANGERS", 2)

    async def test() -> None:
        addresses = tcp()
        async with two(addresses, Limits(silent_seconds=600.0)):
            address = addresses["A2"]
            assert isinstance(address, TcpAddress)
            idle = [await asyncio.open_connection(*address) for _ in range(2)]
            reader, writer = await asyncio.open_connection(*address)
            with pytest.raises(ConnectionError):
                if await reader.read() == b"":
                    raise ConnectionResetError
            for _, open_one in [*idle, (reader, writer)]:
                open_one.close()

    limited(test())


def test_a_unix_socket_is_for_its_owner_alone(tmp_path: Path) -> None:
    async def test() -> None:
        async with two(unix(tmp_path)):
            assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(str(unix(tmp_path)["A2"]))

    limited(test())
