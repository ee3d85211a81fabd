"""The files of an empty server: made once, copied after that, and only from where nobody else could put them."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from daybreak.query import initdb
from daybreak.query.private_server import PrivateServer
from daybreak.query.programs import Programs


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files are kept in this test."""
    monkeypatch.setenv(initdb.CACHE, str(tmp_path))
    return tmp_path / "daybreak"


def make(data: Path, mode: str | None = None) -> bool:
    """Whether the files came from the cache."""

    async def scenario() -> bool:
        programs = await Programs.find()
        programs.mode = mode or programs.mode
        return await initdb.make(programs, data, "daybreak", "--wal-segsize=1")

    return asyncio.run(scenario())


def starts(directory: Path) -> bool:
    """Start a server on `directory` and stop it; whether it did."""

    async def scenario() -> bool:
        server = await PrivateServer.start(directory)
        alive = server.alive
        await server.stop()
        return alive

    return asyncio.run(scenario())


def test_what_initdb_has_made_is_kept_and_copied(cache: Path, tmp_path: Path) -> None:
    assert make(tmp_path / "one")
    [kept] = cache.iterdir()
    (kept / "mark").touch()
    assert make(tmp_path / "two")
    assert (tmp_path / "two" / "mark").exists()
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "two").rglob("*")}
    assert modes == {0o700, 0o600}


def test_what_is_kept_and_spoilt_is_made_anew(cache: Path, tmp_path: Path) -> None:
    assert starts(tmp_path / "pg")
    [kept] = cache.iterdir()
    (kept / "global" / "pg_control").write_bytes(b"")
    assert starts(tmp_path / "pg")
    assert [path.name for path in cache.iterdir()] == [kept.name]
    assert (kept / "global" / "pg_control").stat().st_size > 0


def test_nothing_is_taken_from_where_others_may_write(cache: Path, tmp_path: Path) -> None:
    assert make(tmp_path / "one")
    cache.chmod(0o777)
    assert not make(tmp_path / "two")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run PostgreSQL as somebody else")
def test_another_user_could_not_read_it(cache: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        shutil.chown(directory, "nobody")
        assert not make(Path(directory) / "one", "user:nobody")
    assert not cache.exists()


def test_without_a_place_to_keep_it_initdb_makes_it_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(initdb.CACHE, str(tmp_path / "file"))
    assert not make(tmp_path / "one")
    assert starts(tmp_path / "pg")
