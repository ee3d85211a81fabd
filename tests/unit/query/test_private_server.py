from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from daybreak.errors import OperatorError
from daybreak.query import pgmessages as pg
from daybreak.query.backend import Backend
from daybreak.query.binaries import find_binaries
from daybreak.query.launcher import NOT_POSSIBLE
from daybreak.query.postmaster import Postmaster, end_stale
from daybreak.query.private_server import MAX_SOCKET_PATH_BYTES, PrivateServer
from daybreak.query.programs import Programs

Result = TypeVar("Result")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(asyncio.wait_for(work, 60))


async def answer(server: PrivateServer, sql: bytes) -> str | None:
    """The first field of a query's result, asked as superuser."""
    backend = await Backend.connect(server.socket, user="daybreak", database="postgres")
    [reply] = await backend.exchange(pg.query(sql), ready=1)
    backend.close()
    await backend.closed()
    return pg.text_rows(reply.messages)[0][0]


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every user can reach."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_it_serves_on_a_private_socket_and_leaves_only_its_log(tmp_path: Path) -> None:
    async def scenario() -> None:
        server = await PrivateServer.start(tmp_path / "pg")
        assert server.alive
        assert server.socket.parent == tmp_path / "pg"
        assert server.socket.stat().st_mode & 0o777 == 0o700
        assert await answer(server, b"SHOW listen_addresses") == ""
        assert await answer(server, b"SELECT datcollate FROM pg_database") == "C"
        await server.stop()
        assert not server.alive
        assert [path.name for path in (tmp_path / "pg").iterdir()] == ["postgres.log"]

    run(scenario())


@as_root
@pytest.mark.parametrize("mode", ["namespace", "user:nobody"])
def test_root_has_two_ways_to_run_it(open_directory: Path, mode: str) -> None:
    async def scenario() -> None:
        programs = await Programs.find(modes=[mode])
        server = await PrivateServer.start(open_directory / "pg", programs=programs)
        assert await answer(server, b"SELECT 1") == "1"
        await server.stop()

    run(scenario())


@as_root
def test_an_ordinary_user_runs_it_directly(tmp_path: Path) -> None:
    script = (
        "import asyncio, os, sys; from pathlib import Path\n"
        "from daybreak.query.private_server import PrivateServer\n"
        "async def main():\n"
        "    server = await PrivateServer.start(Path(sys.argv[1]))\n"
        "    print(os.geteuid() != 0, server.alive)\n"
        "    await server.stop()\n"
        "asyncio.run(main())"
    )
    # Python itself enters the namespace, in which it is not root.
    python = Programs(find_binaries(), "namespace", 0).command("postgres")[:-1]
    done = subprocess.run(
        [*python, sys.executable, "-c", script, str(tmp_path / "pg")], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.returncode) == ("True True\n", 0), done.stderr


def test_a_directory_too_deep_for_a_socket_gets_one_elsewhere(tmp_path: Path) -> None:
    async def scenario() -> None:
        deep = tmp_path / ("d" * MAX_SOCKET_PATH_BYTES)
        server = await PrivateServer.start(deep)
        sockets = server.socket.parent
        assert sockets != deep and (deep / "sockets").readlink() == sockets
        assert await answer(server, b"SELECT 1") == "1"
        await server.stop()
        assert not sockets.exists() and not (deep / "sockets").is_symlink()

    run(scenario())


def test_what_the_environment_says_to_clients_does_not_concern_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATABASE", "elsewhere")

    async def scenario() -> None:
        server = await PrivateServer.start(tmp_path / "engine")
        assert await answer(server, b"SELECT 1") == "1"
        await server.stop()

    run(scenario())


def test_it_replaces_a_server_that_was_left_behind(tmp_path: Path) -> None:
    async def scenario() -> None:
        left_behind = await PrivateServer.start(tmp_path)
        server = await PrivateServer.start(tmp_path)
        await asyncio.wait_for(left_behind.wait(), 10)
        assert not left_behind.alive
        assert await answer(server, b"SELECT 1") == "1"
        await server.stop()

    run(scenario())


def test_it_dies_with_its_owner(tmp_path: Path) -> None:
    script = (
        "import asyncio, os, sys; from pathlib import Path\n"
        "from daybreak.query.private_server import PrivateServer\n"
        "async def main():\n"
        "    await PrivateServer.start(Path(sys.argv[1]))\n"
        "    print((Path(sys.argv[1]) / 'data' / 'postmaster.pid').read_text().split()[0], flush=True)\n"
        "    sys.stdin.read()\n"
        "asyncio.run(main())"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None and owner.stdin is not None
        watch = os.pidfd_open(int(owner.stdout.readline()))
        owner.kill()
        owner.wait()
        try:
            assert _ends_within(watch, 20)
        finally:
            os.close(watch)
            owner.stdin.close()


def _ends_within(watch: int, seconds: float) -> bool:
    waiter = select.poll()
    waiter.register(watch, select.POLLIN)
    return bool(waiter.poll(seconds * 1000))


def test_another_program_with_the_old_number_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert not end_stale(tmp_path)
    (tmp_path / "postmaster.pid").write_text("what?")
    assert not end_stale(tmp_path)


def test_a_program_without_execute_rights_is_named(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o644)
    with pytest.raises(OperatorError) as caught:
        run(PrivateServer.start(tmp_path / "pg", binaries=tmp_path))
    assert caught.value.message == (
        f"{tmp_path}/postgres: PostgreSQL program without execute rights; run: chmod +x {tmp_path}/*"
    )


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=f"{tmp_path}/postgres: no such PostgreSQL program"):
        find_binaries(tmp_path)
    with pytest.raises(OperatorError, match="nothing: no such PostgreSQL program"):
        find_binaries().program("nothing")


def fake_postgres(directory: Path, says: str) -> None:
    for name in ("postgres", "initdb"):
        (directory / name).write_text(f"#!/bin/sh\necho '{says}'\n")
        (directory / name).chmod(0o755)


def test_an_old_postgresql_is_refused(open_directory: Path) -> None:
    fake_postgres(open_directory, "postgres (PostgreSQL) 15.4 (Debian)")
    with pytest.raises(OperatorError, match=r"is postgres \(PostgreSQL\) 15.4 \(Debian\); PostgreSQL 16 or newer"):
        run(Programs.find(open_directory))


@pytest.mark.parametrize(("says", "version"), [("16.1", 16), ("18.6 (Debian 18.6-1)", 18), ("19beta1", 19)])
def test_the_version_is_understood(open_directory: Path, says: str, version: int) -> None:
    fake_postgres(open_directory, f"postgres (PostgreSQL) {says}")
    assert run(Programs.find(open_directory)).version == version


def test_where_no_way_to_run_it_is_possible_each_reason_is_told() -> None:
    with pytest.raises(OperatorError, match=r"cannot be run here .*user:of-no-account: cannot become user"):
        run(Programs.find(modes=["user:of-no-account"]))


def test_a_program_is_not_started_for_a_parent_that_has_ended() -> None:
    command = Programs(find_binaries(), "direct", 0).command("postgres", "--version")
    command[command.index(str(os.getpid()))] = "1"
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == NOT_POSSIBLE
    assert "has ended" in done.stderr


def test_a_program_that_fails_is_quoted() -> None:
    async def scenario() -> None:
        programs = await Programs.find()
        with pytest.raises(OperatorError, match=r"initdb failed: .*no-such-option"):
            await programs.run("initdb", "--no-such-option")

    run(scenario())


def test_a_server_that_does_not_start_gives_its_reason(tmp_path: Path) -> None:
    async def scenario() -> None:
        programs = await Programs.find()
        with pytest.raises(OperatorError, match=r"did not start: .* contains errors; see .*postgres\.log"):
            await Postmaster.start(programs, tmp_path, {"shared_buffers": "no number"})

    run(scenario())


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="cannot be prepared for PostgreSQL"):
        run(PrivateServer.start(tmp_path / "file" / "pg"))
