"""The data directory: who may use it, which version wrote it, where a running server can be reached.

DIR/format.json     format version and the cluster's identity, written once
DIR/lock            locked by the server that runs on it
DIR/server.json     process, port and control socket of that server; stale unless the lock is held
DIR/zones/A1 …      one directory per zone, and the lock of its process:
    journal-0/ …    the segments of its replica of each journal, and whom that follows
    storage/        its storage replica's checkpoints; in A1 and A2
DIR/regions/A …     of several regions: what else would lie in DIR itself: lock, server.json, engine
DIR/secret, DIR/run how the processes of the cluster find and know each other: `control.places`
DIR/engine          the private PostgreSQL; holds no data between runs
DIR/trace           events, unless another directory was named
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from daybreak.base.ranges import ADJUDICATORS
from daybreak.base.topology import ONE_REGION, TOPOLOGIES, Topology
from daybreak.control.places import ZoneLock
from daybreak.errors import OperatorError

FORMAT = 2
"""Raised whenever an older server could not read what a newer one has written."""
REGIONS_FORMAT = 3
"""That of a cluster with several regions, of which those who read `FORMAT` alone know nothing."""


class Format(msgspec.Struct, frozen=True):
    """Content of format.json."""

    format: int
    cluster: str
    adjudicators: int = 1
    """Into how many parts the keys are cut, with a journal each. Format 1 knew one only."""
    regions: int = 1
    """How many of them have an endpoint."""

    @property
    def topology(self) -> Topology:
        """Its regions and zones."""
        return TOPOLOGIES[self.regions]


class ServerFile(msgspec.Struct, frozen=True):
    """Content of server.json."""

    pid: int
    host: str
    port: int
    control: str


class DataDirectory:
    """A locked data directory; `close` unlocks it."""

    def __init__(self, path: Path, unlock: Callable[[], None], found: Format, region: str | None = None) -> None:
        """`region` is the one whose part of it this is; None: it is all of it."""
        self.path = path
        self.home = _home(path, region)
        """Where the server's own files are."""
        self.region = region or found.topology.regions[0]
        self.cluster = found.cluster
        self.adjudicators = found.adjudicators
        self.topology = found.topology
        self._unlock = unlock

    @classmethod
    def open(cls, path: Path, adjudicators: int | None = None, regions: int | None = None) -> DataDirectory:
        """Lock the directory, and make it if it is not there, for so many adjudicators and regions.

        Raises `OperatorError` if another server runs on it, another version wrote it, it cannot be written, or it was
        made for other numbers.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            reason = "it is no directory" if isinstance(error, FileExistsError) else error.strerror
            raise OperatorError(
                f"{path}: cannot be used as data directory: {reason}; name another with --data"
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise OperatorError(
                f"{path}: another server is running on this data directory{_who(path)}; "
                "stop it, or name another directory with --data"
            ) from None
        try:
            return cls(path, partial(os.close, lock), _read_format(path, adjudicators, regions))
        except OperatorError:
            os.close(lock)
            raise

    @classmethod
    async def of_region(cls, path: Path, region: str, *, alone: bool = False) -> DataDirectory:
        """The part of one of several regions, locked when the last process of the region has ended.

        `OperatorError` if there is no such region, or that process does not end. It may be the only one if it is
        `alone`: without its zones, which are on other machines.
        """
        found = identity(path)
        if (len(found.topology.regions) == 1 and not alone) or region not in found.topology.regions:
            raise OperatorError(f"{path}: the cluster has no region {region} besides others; run daybreak serve")
        return cls(path, (await ZoneLock.take(_home(path, region))).release, found, region)

    def zone(self, name: str) -> Path:
        """The directory of a zone."""
        directory = self.path / "zones" / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def announce(self, server: ServerFile) -> None:
        """Write server.json."""
        _replace(self.home / "server.json", msgspec.json.encode(server))

    def close(self) -> None:
        """Unlock the directory."""
        (self.home / "server.json").unlink(missing_ok=True)
        self._unlock()


def make(path: Path, cluster: str, adjudicators: int, regions: int) -> None:
    """Make the directory `path`, for its owner alone, a data directory of a cluster that has others too."""
    path.mkdir(mode=0o700)
    _replace(path / "format.json", msgspec.json.encode(Format(_version(regions), cluster, adjudicators, regions)))


def identity(path: Path) -> Format:
    """The cluster whose data directory `path` is; OperatorError if it is none yet."""
    if not (path / "format.json").exists():
        raise OperatorError(f"{path}: is no data directory; run daybreak serve first, or name another with --data")
    return _read_format(path)


def regions_of(path: Path) -> int:
    """How many regions with an endpoint the cluster has whose data directory `path` is; one if it is not there yet."""
    return identity(path).regions if (path / "format.json").exists() else 1


def processes_of(path: Path) -> tuple[str, ...]:
    """The names of the processes of the cluster whose data directory `path` is; of one that is not there, those that a
    cluster has if nobody says otherwise."""
    return (identity(path).topology if (path / "format.json").exists() else ONE_REGION).processes


def announced(path: Path, region: str) -> ServerFile | None:
    """What the process of a region has last said of itself; it may have been killed since."""
    try:
        return msgspec.json.decode((_home(path, region) / "server.json").read_bytes(), type=ServerFile)
    except (OSError, msgspec.MsgspecError):
        return None


def running_server(path: Path) -> ServerFile:
    """The server that runs on the directory `path`; raises `OperatorError` if there is none."""
    nobody = OperatorError(
        f"{path}: no server is running on this data directory; start one, or name another directory with --data"
    )
    try:
        lock = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        raise nobody from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        raise nobody
    finally:
        os.close(lock)
    try:
        return msgspec.json.decode((path / "server.json").read_bytes(), type=ServerFile)
    except (OSError, msgspec.MsgspecError):
        raise OperatorError(f"{path}: the server is starting; try again") from None


def _read_format(path: Path, adjudicators: int | None = None, regions: int | None = None) -> Format:
    file = path / "format.json"
    if not file.exists():
        new = Format(_version(regions), uuid.uuid4().hex, adjudicators or ADJUDICATORS, regions or 1)
        _replace(file, msgspec.json.encode(new))
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Format)
    except (OSError, msgspec.MsgspecError) as error:
        raise OperatorError(f"{file}: cannot be read: {error}") from None
    reads = _version(found.regions)
    if found.format > reads or found.regions not in TOPOLOGIES:
        raise OperatorError(
            f"{path}: written by a newer version (format {found.format}; this version reads {reads}); "
            "run that version, or name another directory with --data"
        )
    if found.format < reads:
        raise OperatorError(
            f"{path}: written by an older version (format {found.format}; this version reads {reads}); "
            "run that version, or name another directory with --data"
        )
    for option, wanted, has in (
        ("adjudicators", adjudicators, found.adjudicators),
        ("regions", regions, found.regions),
    ):
        if wanted not in (None, has):
            raise OperatorError(
                f"{path}: was made for {has} {option}, not {wanted}; leave --{option} out, or name another directory "
                "with --data"
            )
    return found


def _home(path: Path, region: str | None) -> Path:
    return path if region is None else path / "regions" / region


def _version(regions: int | None) -> int:
    """Of the format of a directory for so many regions."""
    return FORMAT if regions in (None, 1) else REGIONS_FORMAT


def _replace(file: Path, content: bytes) -> None:
    """Write a small file whole or not at all; raises `OperatorError` if it cannot be written."""
    temporary = file.with_suffix(".new")
    try:
        with temporary.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.rename(file)
    except OSError as error:
        raise OperatorError(f"{file}: cannot be written: {error.strerror}") from None


def _who(path: Path) -> str:
    try:
        server = msgspec.json.decode((path / "server.json").read_bytes(), type=ServerFile)
    except (OSError, msgspec.MsgspecError):
        return ""
    return f" (process {server.pid}, port {server.port})"
