"""The machine's clock jumps under a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.injected import inject, status
from tests.support.server import Server

HOUR = 3_600


@pytest.mark.timeout(120)
def test_a_clock_that_jumps_an_hour_forward_and_back_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If an hour ahead were believed, the next commit would be acknowledged in an hour."""
    offset = tmp_path / "offset"
    offset.write_text("0")
    inject(
        monkeypatch,
        tmp_path / "site",
        f"""
        import time
        real = time.time_ns
        def time_ns():
            with open({str(offset)!r}) as file:
                return real() + int(file.read() or 0) * 10**9
        time.time_ns = time_ns
        """,
    )
    with Server(tmp_path / "data") as server, server.connect() as connection:
        connection.execute("CREATE TABLE t (id int PRIMARY KEY, balance int)")
        connection.execute("INSERT INTO t VALUES (1, 0)")
        for count, hours in enumerate((1, -1, 0), 1):
            offset.write_text(str(hours * HOUR))
            connection.execute("UPDATE t SET balance = balance + 1")
            assert connection.execute("SELECT balance FROM t").fetchone() == (count,)
            with server.connect() as other:
                assert other.execute("SELECT balance FROM t").fetchone() == (count,)
            clock: Any = status(server)["clock"]
            assert abs(clock["off_us"] / 1e6 - hours * HOUR) < 1
            assert (clock["jumps"] == 0) is False
