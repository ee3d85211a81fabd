"""The data directory: one server at a time, of a version that can read it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from daybreak.base.ranges import ADJUDICATORS
from daybreak.base.topology import TWO_REGIONS
from daybreak.control.datadir import (
    FORMAT,
    REGIONS_FORMAT,
    DataDirectory,
    Format,
    ServerFile,
    identity,
    make,
    processes_of,
    running_server,
)
from daybreak.errors import OperatorError

SERVER = ServerFile(pid=4711, host="127.0.0.1", port=5432, control="/somewhere/control.sock")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A directory that is not there yet."""
    return tmp_path / "deep" / "data"


@pytest.fixture
def directory(path: Path) -> Iterator[DataDirectory]:
    """An open data directory."""
    opened = DataDirectory.open(path)
    yield opened
    opened.close()


def open_files() -> int:
    """How many files this process has open."""
    return len(os.listdir("/proc/self/fd"))


def test_a_directory_keeps_its_identity_over_restarts(path: Path) -> None:
    clusters = set()
    for _ in range(3):
        directory = DataDirectory.open(path)
        clusters.add(directory.cluster)
        directory.close()
    assert len(clusters) == 1
    assert msgspec.json.decode((path / "format.json").read_bytes(), type=Format) == Format(
        FORMAT, clusters.pop(), ADJUDICATORS
    )


def test_a_directory_keeps_the_number_of_regions_that_it_was_made_for(path: Path) -> None:
    for wanted in (2, None):
        directory = DataDirectory.open(path, regions=wanted)
        assert directory.topology == TWO_REGIONS
        directory.close()
    assert identity(path).format == REGIONS_FORMAT, "who knows one region only must not run it"
    assert processes_of(path) == TWO_REGIONS.processes
    with pytest.raises(OperatorError, match="was made for 2 regions, not 1; leave --regions out, or name another"):
        DataDirectory.open(path, regions=1)


def test_directories_that_are_made_for_a_cluster_are_of_that_cluster(tmp_path: Path) -> None:
    for name in ("A", "B"):
        make(tmp_path / name, "c1", 3, 2)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700
        directory = DataDirectory.open(tmp_path / name)
        assert (directory.cluster, directory.adjudicators, directory.topology) == ("c1", 3, TWO_REGIONS)
        directory.close()


def test_an_only_region_has_a_part_of_its_own_only_if_its_zones_are_elsewhere(tmp_path: Path) -> None:
    make(tmp_path / "A", "c1", 3, 1)
    with pytest.raises(OperatorError, match="the cluster has no region A besides others; run daybreak serve"):
        asyncio.run(DataDirectory.of_region(tmp_path / "A", "A"))
    with pytest.raises(OperatorError, match="the cluster has no region B besides others; run daybreak serve"):
        asyncio.run(DataDirectory.of_region(tmp_path / "A", "B", alone=True))
    part = asyncio.run(DataDirectory.of_region(tmp_path / "A", "A", alone=True))
    assert part.home == tmp_path / "A" / "regions" / "A"
    part.close()


def test_two_directories_are_two_clusters(path: Path, directory: DataDirectory) -> None:
    other = DataDirectory.open(path.with_name("other"))
    assert other.cluster != directory.cluster
    other.close()


def test_a_directory_keeps_the_number_of_adjudicators_that_it_was_made_for(path: Path) -> None:
    for wanted in (3, None, 3):
        directory = DataDirectory.open(path, wanted)
        assert directory.adjudicators == 3
        directory.close()
    before = open_files()
    with pytest.raises(OperatorError, match=r"was made for 3 adjudicators, not 4; leave --adjudicators out, or name"):
        DataDirectory.open(path, 4)
    assert open_files() == before


def test_each_zone_has_a_directory(path: Path, directory: DataDirectory) -> None:
    assert directory.zone("A1") == directory.zone("A1") == path / "zones" / "A1"
    assert (path / "zones" / "A1").is_dir()


def test_a_directory_that_is_in_use_is_refused_with_who_uses_it(path: Path, directory: DataDirectory) -> None:
    before = open_files()
    with pytest.raises(
        OperatorError, match=r"another server is running on this data directory; stop it, or name another"
    ):
        DataDirectory.open(path)
    directory.announce(SERVER)
    with pytest.raises(OperatorError, match=r"another server is running .* \(process 4711, port 5432\); stop it, "):
        DataDirectory.open(path)
    assert open_files() == before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (msgspec.json.encode(Format(FORMAT + 1, "c")), f"newer version \\(format {FORMAT + 1}; this version reads"),
        (msgspec.json.encode(Format(FORMAT - 1, "c")), f"older version \\(format {FORMAT - 1}; this version reads"),
        (b"", r"format\.json: cannot be read"),
        (b'{"format":"1"}', r"format\.json: cannot be read"),
    ],
)
def test_a_format_that_cannot_be_read_is_refused(path: Path, content: bytes, complaint: str) -> None:
    DataDirectory.open(path).close()
    (path / "format.json").write_bytes(content)
    before = open_files()
    for _ in range(2):  # the second time shows that the first one has given the lock back
        with pytest.raises(OperatorError, match=complaint):
            DataDirectory.open(path)
    assert open_files() == before
    assert (path / "format.json").read_bytes() == content


def test_a_place_that_cannot_be_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/data")):
        with pytest.raises(OperatorError, match=f"{place}: cannot be used as data directory: "):
            DataDirectory.open(place)


def test_a_directory_that_cannot_be_written_is_refused_and_unlocked(path: Path) -> None:
    path.mkdir(parents=True)
    (path / "format.new").mkdir()
    before = open_files()
    with pytest.raises(OperatorError, match=r"format\.json: cannot be written: "):
        DataDirectory.open(path)
    assert open_files() == before


def test_a_server_that_announced_itself_is_found(path: Path, directory: DataDirectory) -> None:
    directory.announce(SERVER)
    assert running_server(path) == SERVER


def test_a_server_that_has_not_announced_itself_is_starting(path: Path, directory: DataDirectory) -> None:
    with pytest.raises(OperatorError, match="the server is starting"):
        running_server(path)


def test_a_server_file_without_a_lock_is_stale(path: Path) -> None:
    directory = DataDirectory.open(path)
    directory.announce(SERVER)
    left_behind = (path / "server.json").read_bytes()
    directory.close()
    assert not (path / "server.json").exists()
    (path / "server.json").write_bytes(left_behind)
    with pytest.raises(OperatorError, match="no server is running"):
        running_server(path)
    DataDirectory.open(path).close()


@pytest.mark.parametrize("made", [False, True])
def test_where_nobody_ever_ran_no_server_is_running(path: Path, made: bool) -> None:
    if made:
        path.mkdir(parents=True)
    with pytest.raises(OperatorError, match="no server is running"):
        running_server(path)


def test_looking_for_a_server_leaves_the_lock_alone(path: Path) -> None:
    DataDirectory.open(path).close()
    before = open_files()
    with pytest.raises(OperatorError):
        running_server(path)
    assert open_files() == before
    DataDirectory.open(path).close()
