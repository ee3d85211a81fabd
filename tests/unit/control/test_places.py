"""Where processes meet: for the owner alone, and one process per zone."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from daybreak.control.places import SECRET_BYTES, RunDirectory, ZoneLock, make_secret, read_secret
from daybreak.errors import OperatorError


def test_a_secret_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "secret.new").write_bytes(b"left by a crash")
    secret = make_secret(tmp_path)
    assert len(secret) == SECRET_BYTES
    assert make_secret(tmp_path) == read_secret(tmp_path) == secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    make_secret(tmp_path)
    file = tmp_path / "secret"
    file.chmod(0o640)
    with pytest.raises(OperatorError) as refused:
        make_secret(tmp_path)
    assert refused.value.message == f"{file}: others may read the cluster's secret; run: chmod 600 {file}"


def test_a_secret_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="secret: cannot be read: No such file"):
        read_secret(tmp_path)
    (tmp_path / "secret").touch(mode=0o600)
    with pytest.raises(OperatorError, match="secret: holds 0 bytes and is no secret; remove it and start"):
        read_secret(tmp_path)


def test_sockets_have_short_paths_wherever_the_directory_lies(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 30)
    deep.mkdir()
    run = RunDirectory(deep)
    assert len(run.socket("A2")) < 100
    Path(run.socket("A2")).touch()
    assert (deep / "run" / "A2.sock").exists()
    assert (deep / "run").stat().st_mode & 0o777 == 0o700
    run.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(int(run.path.name))


def test_a_file_where_the_sockets_go_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    with pytest.raises(OperatorError, match="run: cannot be used for sockets: File exists"):
        RunDirectory(tmp_path)


def test_a_zone_is_locked_until_it_is_released(tmp_path: Path) -> None:
    async def test() -> None:
        zone = tmp_path / "A2"
        first = await ZoneLock.take(zone)
        with pytest.raises(OperatorError) as refused:
            await ZoneLock.take(zone, seconds=0)
        assert refused.value.message == f"{zone}: another process runs this zone, and has not ended; stop it"
        waiting = asyncio.create_task(ZoneLock.take(zone))
        await asyncio.sleep(0)
        assert not waiting.done()
        first.release()
        (await waiting).release()

    asyncio.run(test())
