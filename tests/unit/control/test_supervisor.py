"""Children that end, refuse, hang and write; all are small shell scripts."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from daybreak.control import supervisor
from daybreak.control.supervisor import Pauses, Supervisor
from daybreak.errors import OperatorError
from tests.support.processes import limited, until

QUICK = Pauses(least=0.001, most=0.004, steady=1e6)
ALIVE = "exec cat"
"""Runs until its standard input is closed."""


def run(script: str, test: Callable[[Supervisor], Awaitable[None]], pauses: Pauses = QUICK) -> list[OperatorError]:
    """Run a test on a supervisor of one child, called A2; what the child has refused."""
    refused: list[OperatorError] = []

    async def body() -> None:
        keeper = Supervisor({"A2": ["sh", "-c", script]}, refused.append, pauses)
        keeper.start()
        try:
            await test(keeper)
        finally:
            await keeper.stop()
        assert keeper.status()["A2"]["pid"] is None

    limited(body())
    return refused


async def nothing(keeper: Supervisor) -> None:
    """Let the children come up."""
    await until(lambda: keeper.status()["A2"]["pid"])


def pid(keeper: Supervisor) -> int:
    """The child's process."""
    return int(str(keeper.status()["A2"]["pid"]))


def test_an_orderly_stop_closes_the_life_line_and_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    assert run(ALIVE, nothing) == []
    assert caplog.records == []


def test_a_killed_child_is_started_again_and_one_line_says_so(caplog: pytest.LogCaptureFixture) -> None:
    killed: list[int] = []

    async def test(keeper: Supervisor) -> None:
        for _ in range(2):
            await until(lambda: keeper.status()["A2"]["pid"] not in (None, *killed))
            killed.append(pid(keeper))
            os.kill(killed[-1], signal.SIGKILL)
        await until(lambda: keeper.status()["A2"]["restarts"] == 2)

    run(ALIVE, test)
    assert [record.message for record in caplog.records] == [
        f"A2 (process {killed[0]}) has ended with code -9; it is started again in 0.001 s",
        f"A2 (process {killed[1]}) has ended with code -9; it is started again in 0.002 s",
    ]


def test_pauses_are_bounded_and_short_again_after_a_steady_life(caplog: pytest.LogCaptureFixture) -> None:
    async def ended(keeper: Supervisor) -> None:
        await until(lambda: int(str(keeper.status()["A2"]["restarts"])) >= 5)

    run("exit 3", ended)
    run("exit 3", ended, Pauses(least=0.001, most=0.004, steady=0.0))
    waits = [record.message.rpartition("in ")[2] for record in caplog.records]
    assert waits[:5] == ["0.001 s", "0.002 s", "0.004 s", "0.004 s", "0.004 s"]
    assert set(waits[-5:]) == {"0.001 s"}


def test_what_a_child_refuses_before_all_have_come_up_is_reported_and_not_tried_again() -> None:
    async def test(keeper: Supervisor) -> None:
        await until(lambda: keeper.status()["A2"]["pid"] is None and keeper._tasks[0].done())
        assert keeper.status()["A2"]["restarts"] == 0

    (refused,) = run("echo daybreak: bad file >&2; exit 1", test)
    assert refused.message == "bad file"


def test_later_it_is_tried_again_and_the_line_says_why(caplog: pytest.LogCaptureFixture) -> None:
    async def test(keeper: Supervisor) -> None:
        keeper.settle()
        await until(lambda: int(str(keeper.status()["A2"]["restarts"])) >= 1)

    assert run("echo daybreak: bad file >&2; exit 1", test) == []
    assert "has ended with code 1: bad file; it is started again in 0.001 s" in caplog.records[0].message


def test_lines_come_out_once_and_behind_the_name(capfd: pytest.CaptureFixture[str]) -> None:
    run("echo one >&2; echo out; printf 'two, no end' >&2; exec cat", nothing)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "A2: one\nA2: two, no end\n")


def test_a_child_is_in_a_session_of_its_own() -> None:
    async def test(keeper: Supervisor) -> None:
        await nothing(keeper)
        assert os.getsid(pid(keeper)) == pid(keeper) != os.getsid(0)

    run(ALIVE, test)


def test_a_child_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.05)
    run("exec sleep 600", nothing)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message.endswith("does not end and is killed")


def test_a_stop_amid_a_pause_waits_for_nothing() -> None:
    async def test(keeper: Supervisor) -> None:
        await until(lambda: keeper._children["A2"].starts == 1 and keeper.status()["A2"]["pid"] is None)

    with suppress(ProcessLookupError):
        run("exit 3", test, Pauses(least=600.0))


def test_children_begin_when_all_may_and_later_lives_at_once(tmp_path: Path) -> None:
    """A child reads a line before it does anything; here it notes that it has, and ends."""
    begun = tmp_path / "begun"

    async def test(keeper: Supervisor) -> None:
        await until(lambda: keeper.status()["A2"]["pid"])
        assert not begun.exists()
        keeper.go()
        await until(lambda: begun.exists() and begun.read_text().count("x") >= 2)

    run(f"read line && echo x >> {begun}", test)


def test_a_child_that_is_kept_down_is_started_again_when_it_is_let_up(caplog: pytest.LogCaptureFixture) -> None:
    async def test(keeper: Supervisor) -> None:
        await nothing(keeper)
        first = pid(keeper)
        keeper.keep_down("A2")
        await until(lambda: keeper.status()["A2"]["pid"] is None)
        keeper.let_up("A2")
        await until(lambda: keeper.status()["A2"]["pid"])
        assert (pid(keeper) != first, keeper.status()["A2"]["restarts"]) == (True, 1)

    assert run(ALIVE, test) == []
    assert caplog.records == [], "it was told to be gone"


def test_a_supervisor_stops_although_a_child_is_kept_down() -> None:
    async def test(keeper: Supervisor) -> None:
        await nothing(keeper)
        keeper.keep_down("A2")
        await until(lambda: keeper.status()["A2"]["pid"] is None)

    assert run(ALIVE, test) == []


def test_a_child_is_ready_when_it_has_said_so() -> None:
    async def test(keeper: Supervisor) -> None:
        await nothing(keeper)
        assert not keeper.ready("A2")
        keeper.go()
        await until(lambda: keeper.ready("A2"))

    assert run("read line; echo ready; exec cat > /dev/null", test) == []
