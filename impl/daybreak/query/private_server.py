"""The private PostgreSQL server: one process family that holds every session's private database.

Nothing in it is worth keeping (rows live in storage, the schema in the catalog), so it is made anew at each start,
syncs nothing to disk and is ended without ceremony. It listens on a Unix socket that only we can reach.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from pathlib import Path

from daybreak.query.postmaster import Postmaster
from daybreak.query.programs import Programs

MAX_CONNECTIONS = 200
MAX_SOCKET_PATH_BYTES = 107
SOCKET_NAME = ".s.PGSQL.5432"

SETTINGS = {
    "listen_addresses": "",
    "max_connections": str(MAX_CONNECTIONS),
    "shared_buffers": "64MB",
    "huge_pages": "off",
    # Nothing here needs to survive a power failure. Commits (DDL only) still reach the operating system, so that
    # the crash of one backend, after which the server starts over, costs no schema.
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "8MB",
    "max_wal_size": "64MB",
    "checkpoint_timeout": "1h",
    "bgwriter_lru_maxpages": "0",
    # Sessions clean up behind themselves (`engine`); statistics would only describe rows that are gone.
    "autovacuum": "off",
    "track_counts": "off",
    "track_activities": "off",
    "update_process_title": "off",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "default_transaction_isolation": "repeatable read",
}

SETTINGS_SINCE_18 = {"io_method": "sync"}  # no worker processes: everything is in memory


class PrivateServer:
    """A running private server."""

    def __init__(self, postmaster: Postmaster, socket_directory: Path) -> None:
        self._postmaster = postmaster
        self._socket_directory = socket_directory
        self._databases = 0

    @classmethod
    async def start(
        cls, directory: Path, *, binaries: Path | None = None, programs: Programs | None = None
    ) -> PrivateServer:
        """Start a private server on `directory`, which is ours alone and whose content is replaced.

        `binaries` is a directory with another PostgreSQL's programs. A server that a killed process of ours left
        on `directory` is ended first. Raises `OperatorError` when PostgreSQL cannot be run or does not start.
        """
        programs = programs or await Programs.find(binaries)
        directory, sockets = _place(programs, directory)
        settings = {**SETTINGS, "unix_socket_directories": str(sockets)}
        if programs.version >= 18:
            settings |= SETTINGS_SINCE_18
        try:
            postmaster = await Postmaster.start(programs, directory, settings, options=("--wal-segsize=1",))
        except BaseException:
            _remove_socket_directory(directory)
            raise
        return cls(postmaster, sockets)

    @property
    def socket(self) -> Path:
        """The Unix socket it listens on."""
        return self._socket_directory / SOCKET_NAME

    @property
    def alive(self) -> bool:
        """Whether the server is running."""
        return self._postmaster.alive

    def new_database_name(self) -> str:
        """A name that no private database here has had."""
        self._databases += 1
        return f"session_{self._databases}"

    async def wait(self) -> int:
        """Wait for the server to end, for whatever reason; its exit code."""
        return await self._postmaster.wait()

    async def stop(self) -> None:
        """End the server and remove its data; the log stays."""
        await self._postmaster.stop(signal.SIGQUIT)
        await asyncio.to_thread(_remove, self._postmaster.directory)


def _place(programs: Programs, directory: Path) -> tuple[Path, Path]:
    """The absolute directory and the one for the socket."""
    directory = directory.resolve()
    _remove_socket_directory(directory)
    return directory, _socket_directory(programs, directory)


def _socket_directory(programs: Programs, directory: Path) -> Path:
    """Where the socket goes: `directory`, or a short temporary one that it links to, as socket paths are limited."""
    if len(bytes(directory / SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES:
        return directory
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    short = Path(tempfile.mkdtemp(prefix="daybreak-"))
    programs.hand_over(short)
    (directory / "sockets").symlink_to(short)
    return short


def _remove(directory: Path) -> None:
    _remove_socket_directory(directory)
    shutil.rmtree(directory / "data", ignore_errors=True)


def _remove_socket_directory(directory: Path) -> None:
    """Remove the temporary directory that a server on `directory` had its socket in."""
    link = directory / "sockets"
    if link.is_symlink():
        shutil.rmtree(link.readlink(), ignore_errors=True)
        link.unlink()
