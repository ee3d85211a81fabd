"""`daybreak status`: the control socket's answer, for people and as JSON."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from daybreak.cli.main import main
from daybreak.control.api import ControlServer
from daybreak.control.datadir import DataDirectory, ServerFile

STATUS: dict[str, object] = {
    "port": 5432,
    "trace": None,
    "adjudicator": {"epoch": 3, "stage": "serving"},
    "storage": {"positions": {}},
}


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="daybreak-") as directory:
        yield Path(directory)


def status_of_running(data: Path, *options: str) -> int:
    """Run the command while a server that only has a status runs on `data`."""

    async def body() -> int:
        directory = DataDirectory.open(data)
        control = ControlServer(data, lambda: STATUS)
        await control.start()
        directory.announce(ServerFile(os.getpid(), "127.0.0.1", 5432, str(control.path)))
        try:
            argv = ["status", "--data", str(data), *options]
            return await asyncio.get_running_loop().run_in_executor(None, main, argv)
        finally:
            await control.stop()
            directory.close()

    return asyncio.run(body())


def test_json_is_the_servers_answer_and_the_monitors(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of_running(data, "--json") == 0
    assert msgspec.json.decode(capsys.readouterr().out) == {**STATUS, "monitor": None}
    said = {"verdict": "CONFORMS", "pid": os.getpid(), "running": True, "time": time.time()}
    (data / "monitor.json").write_bytes(msgspec.json.encode(said))
    assert status_of_running(data, "--json") == 0
    assert msgspec.json.decode(capsys.readouterr().out)["monitor"] == {"life": "running", **said}


def test_people_get_one_row_per_value(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of_running(data) == 0
    rows = [line.split("│")[1:3] for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert [(name.strip(), value.strip()) for name, value in rows] == [
        ("port", "5432"),
        ("trace", "-"),
        ("adjudicator.epoch", "3"),
        ("adjudicator.stage", "serving"),
        ("storage.positions", "{}"),
        ("monitor", "-"),
    ]


def test_without_a_server_there_is_no_status(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--data", str(data)]) == 1
    assert capsys.readouterr().err == (
        f"daybreak: {data}: no server is running on this data directory; "
        "start one, or name another directory with --data\n"
    )
