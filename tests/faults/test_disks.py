"""Disks of one zone, or of all, that fail under a real server: damaged files, failing syncs, no space."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from daybreak.journal.frame import FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES
from daybreak.journal.promise import damaged_copies
from daybreak.journal.scan import scan
from daybreak.runtime.local.disk import LocalDisk
from tests.support.injected import inject, status, wait_until
from tests.support.server import Server

ROWS = 60
JOURNAL = "journal-1"
"""The one that has the rows of a cluster's first table."""
FIRST = "00000000000000000001.journal"


def fill(server: Server, low: int, high: int) -> None:
    """One row per transaction."""
    with server.connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, note text)")
        for number in range(low, high):
            connection.execute("INSERT INTO t VALUES (%s, %s)", (number, f"row {number} " * 20))


def ids(server: Server) -> list[object]:
    """What is there."""
    with server.connect() as connection:
        return [row[0] for row in connection.execute("SELECT id FROM t ORDER BY id").fetchall()]


def zones(server: Server) -> dict[str, dict[str, Any]]:
    """The status of the replica in each zone of the journal that has the rows."""
    found: Any = status(server)["zones"]
    return {name: said["roles"].get(f"{name}/{JOURNAL}", {}) for name, said in found.items()}


def zone(server: Server, name: str) -> dict[str, Any]:
    """That of one zone."""
    return zones(server)[name]


def files(server: Server, name: str) -> Path:
    """Where a zone keeps its journal."""
    return server.data / "zones" / name / JOURNAL


def flip(path: Path, offset: int) -> None:
    """Turn one bit."""
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 4]))


def last_byte(path: Path) -> int:
    """Where the last byte of a segment's last entry stands."""
    return len(path.read_bytes().rstrip(b"\0")) - 1


def damage(directory: Path, what: str) -> None:
    """Spoil a bit of a stopped zone."""
    segment = directory / FIRST
    match what:
        case "header":
            flip(segment, 9)
        case "voucher":
            flip(segment, 45)
        case "first entry":
            flip(segment, SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + 3)
        case "last entry":
            flip(segment, last_byte(segment))
        case "promise":
            flip(directory / "promise.1", 30)


def mended(server: Server) -> bool:
    """Whether all zones are as they should be, and have the same."""
    journal = zones(server).values()
    return all(z.get("whole") for z in journal) and len({z["durable"] for z in journal}) == 1


@pytest.mark.timeout(300)
def test_what_one_zone_has_spoilt_comes_back_from_the_others(tmp_path: Path) -> None:
    """Each zone in turn: if one were not mended, the next would be one too many."""
    server = Server(tmp_path / "data")
    with server:
        fill(server, 0, ROWS)
        server.kill()
        turns = [("A2", ["last entry", "promise"]), ("A3", ["first entry", "voucher"]), ("A1", ["header"])]
        for count, (name, spoilt) in enumerate(turns, 1):
            for what in spoilt:
                damage(files(server, name), what)
            server.start()
            fill(server, count * ROWS, (count + 1) * ROWS)
            assert ids(server) == list(range((count + 1) * ROWS)), name
            wait_until(lambda: mended(server), name)
            server.kill()
            disk = LocalDisk(files(server, name))
            assert scan(disk).damage is None
            assert damaged_copies(disk) == []
            disk.close()
        assert "to be repaired from the other zones" in server.log()


@pytest.mark.timeout(120)
def test_what_is_spoilt_under_a_running_server_is_found_and_mended(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        fill(server, 0, ROWS)
        segment = files(server, "A3") / FIRST
        before = segment.read_bytes()
        spoilt = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + 3
        flip(segment, spoilt)
        wait_until(lambda: zone(server, "A3")["mended"] == 1, "a spoilt entry")
        assert segment.read_bytes()[spoilt] == before[spoilt]
        assert ids(server) == list(range(ROWS))


@pytest.mark.timeout(120)
def test_a_zone_whose_sync_fails_leaves_the_quorum_until_it_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = tmp_path / "fail"
    inject(
        monkeypatch,
        tmp_path / "site",
        f"""
        import errno, os
        real = os.fdatasync
        def fdatasync(fd):
            if os.path.exists({str(trigger)!r}) and "/zones/A2/" in os.readlink(f"/proc/self/fd/{{fd}}"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            real(fd)
        os.fdatasync = fdatasync
        """,
    )
    server = Server(tmp_path / "data")
    with server:
        fill(server, 0, 10)
        trigger.touch()
        fill(server, 10, 30)
        failed = zone(server, "A2")
        assert "Input/output error" in failed["failure"]
        trigger.unlink()
        fill(server, 30, 40)
        assert zone(server, "A2")["synced"] == failed["synced"], "a later sync that works is not believed"
        server.kill()
        server.start()
        assert ids(server) == list(range(40))
        wait_until(lambda: mended(server), "the zone catches up")
        assert zone(server, "A2")["failure"] is None


def may_mount() -> bool:
    """Whether a file system of its own can be given to a process."""
    done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.timeout(300)
@pytest.mark.skipif(not may_mount(), reason="mounting a small file system takes root")
def test_a_full_disk_refuses_commits_serves_reads_and_recovers(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    zones = server.data / "zones"
    zones.mkdir(parents=True)
    mount = f'mount -t tmpfs -o size=384m none {zones} && exec "$@"'
    server._command = ["unshare", "-m", "sh", "-c", mount, "sh", *server._command]
    with server:
        assert server.process is not None
        inside = Path(f"/proc/{server.process.pid}/root{zones}")
        fill(server, 0, 10)
        space = os.statvfs(inside)
        (inside / "filler").write_bytes(bytes(space.f_bavail * space.f_frsize))
        large, written = "x" * 900_000, 10
        with server.connect() as connection, pytest.raises(psycopg.errors.DiskFull) as refused:
            for number in range(10, 100):
                connection.execute("INSERT INTO t VALUES (%s, %s)", (number, large))
                written += 1
        assert "nothing of the transaction remains" in str(refused.value)
        assert refused.value.diag.message_hint is not None
        assert written > 20, "one segment has space for more than that"
        assert ids(server) == list(range(written)), "reads go on"
        with server.connect() as connection, pytest.raises(psycopg.errors.DiskFull):
            connection.execute("DELETE FROM t WHERE id = 1")
        assert [zone(server, name)["room"] for name in ("A1", "A2", "A3")] == [False] * 3
        (inside / "filler").unlink()
        wait_until(lambda: all(zone(server, name)["room"] for name in ("A1", "A2")), "space is noticed")
        fill(server, written, written + 10)
        assert ids(server) == list(range(written + 10))
        assert server.stop() == 0
