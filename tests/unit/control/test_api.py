"""The control socket: one document per connection."""

from __future__ import annotations

import asyncio
import socket
import stat
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from daybreak.control.api import MAX_PATH_BYTES, ControlServer, ask
from daybreak.errors import OperatorError

STATUS: dict[str, object] = {"port": 5432, "adjudicator": {"epoch": 3}, "trace": None}
T = TypeVar("T")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a short path, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="daybreak-") as directory:
        yield Path(directory)


def serving(directory: Path, client: Callable[[ControlServer], Awaitable[T]]) -> T:
    """What `client` returns while a control server runs."""

    async def body() -> T:
        server = ControlServer(directory, lambda: STATUS)
        await server.start()
        try:
            return await client(server)
        finally:
            await server.stop()

    return asyncio.run(body())


async def asked(server: ControlServer) -> dict[str, object]:
    """The server's answer."""
    return await asyncio.get_running_loop().run_in_executor(None, ask, str(server.path))


def long_directory(place: Path, length: int) -> Path:
    """A directory whose socket's path has `length` bytes."""
    directory = place / ("d" * (length - len(f"{place}/") - len("/control.sock")))
    directory.mkdir()
    return directory


def test_every_connection_gets_the_status(place: Path) -> None:
    async def client(server: ControlServer) -> list[dict[str, object]]:
        assert server.path == place / "control.sock"
        return [await asked(server) for _ in range(3)]

    assert serving(place, client) == [STATUS] * 3
    assert not (place / "control.sock").exists()


def test_only_the_owner_may_ask(place: Path) -> None:
    async def client(server: ControlServer) -> int:
        return stat.S_IMODE(server.path.stat().st_mode)

    assert serving(place, client) == 0o600


def test_the_socket_of_a_killed_server_is_replaced(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place / "control.sock"))
    assert serving(place, asked) == STATUS


def test_a_path_of_the_greatest_length_is_used(place: Path) -> None:
    directory = long_directory(place, MAX_PATH_BYTES)

    async def client(server: ControlServer) -> dict[str, object]:
        assert server.path.parent == directory
        return await asked(server)

    assert serving(directory, client) == STATUS


@pytest.mark.parametrize("length", [MAX_PATH_BYTES + 1, 200])
def test_where_the_path_is_too_long_the_socket_lies_in_a_directory_of_its_own(place: Path, length: int) -> None:
    directory = long_directory(place, length)
    places: list[Path] = []

    async def client(server: ControlServer) -> dict[str, object]:
        places.append(server.path)
        return await asked(server)

    assert serving(directory, client) == STATUS
    (used,) = places
    assert used.parent != directory
    assert not used.parent.exists(), "it is removed at the end"


def test_bytes_count_not_characters(place: Path) -> None:
    directory = place / ("ü" * 45)
    directory.mkdir()

    async def client(server: ControlServer) -> dict[str, object]:
        assert server.path.parent != directory
        return await asked(server)

    assert serving(directory, client) == STATUS


def test_a_server_that_is_not_there_does_not_answer(place: Path) -> None:
    with pytest.raises(OperatorError, match=r"control\.sock: the server does not answer: No such file"):
        ask(str(place / "control.sock"))


@pytest.mark.parametrize("answer", [b"", b'{"port":54', b"[]"])
def test_an_answer_that_is_cut_short_is_no_answer(place: Path, answer: bytes) -> None:
    path = str(place / "control.sock")

    async def body() -> None:
        async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_unix_server(reply, path)
        async with server:
            await asyncio.get_running_loop().run_in_executor(None, ask, path)

    with pytest.raises(OperatorError, match="the server does not answer"):
        asyncio.run(body())
