"""Where the processes of a cluster meet: sockets, locks of zones, and the secret, all in the data directory.

DIR/secret              what a process must know to be let in; readable by the owner alone
DIR/run                 sockets for peers, for the owner alone: A2.sock
DIR/zones/A2/lock       locked by the process that runs the roles of zone A2
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import time
from pathlib import Path

from daybreak.errors import OperatorError

SECRET_BYTES = 32
LOCK_SECONDS = 20.0
"""So long a process waits for its predecessor, which ends when its supervisor has, to let go of a zone."""
_POLL_SECONDS = 0.02


class RunDirectory:
    """The directory of sockets; `close` when no socket is to be made or found any more."""

    def __init__(self, data: Path) -> None:
        """OperatorError if there can be none in the data directory `data`."""
        self.where = path = data / "run"
        """The directory's path, for people."""
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            path.chmod(0o700)
            self._fd = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise OperatorError(f"{path}: cannot be used for sockets: {error.strerror}") from None
        # The kernel takes about a hundred bytes of a socket's path: this one is short wherever the directory lies.
        self.path = Path(f"/proc/self/fd/{self._fd}")

    def socket(self, process: str) -> str:
        """The socket on which a process listens for its peers, as a path for this process."""
        return str(self.path / f"{process}.sock")

    def close(self) -> None:
        """Paths given out are of no use any more."""
        os.close(self._fd)


def make_secret(data: Path) -> bytes:
    """The cluster's secret, made if there is none yet; only for who has the data directory locked."""
    file = data / "secret"
    if not file.exists():
        write_private(file, secrets.token_bytes(SECRET_BYTES))
    return read_secret(data)


def write_private(file: Path, content: bytes) -> None:
    """Write a small file for its owner alone, whole or not at all; OperatorError if it cannot be written."""
    draft = file.with_name(f"{file.name}.new")
    try:
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        draft.rename(file)
    except OSError as error:
        raise OperatorError(f"{file}: cannot be written: {error.strerror}") from None


def read_secret(data: Path) -> bytes:
    """The cluster's secret; OperatorError if others can read it, or it is none."""
    file = data / "secret"
    try:
        mode, secret = file.stat().st_mode & 0o777, file.read_bytes()
    except OSError as error:
        raise OperatorError(f"{file}: cannot be read: {error.strerror}") from None
    if mode & 0o077:
        raise OperatorError(f"{file}: others may read the cluster's secret; run: chmod 600 {file}")
    if len(secret) != SECRET_BYTES:
        raise OperatorError(f"{file}: holds {len(secret)} bytes and is no secret; remove it and start the server again")
    return secret


class ZoneLock:
    """Only one process runs the roles of a zone."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    async def take(cls, directory: Path, seconds: float = LOCK_SECONDS) -> ZoneLock:
        """Lock a zone's directory, if need be when its last process has ended; OperatorError after `seconds`."""
        fd = _lock_file(directory)
        deadline = time.monotonic() + seconds
        while not _lock(fd):
            if time.monotonic() > deadline:
                os.close(fd)
                raise OperatorError(f"{directory}: another process runs this zone, and has not ended; stop it")
            await asyncio.sleep(_POLL_SECONDS)
        return cls(fd)

    def release(self) -> None:
        """Let another process have it."""
        os.close(self._fd)


def _lock_file(directory: Path) -> int:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OperatorError(f"{directory}/lock: cannot be locked: {error.strerror}") from None


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
