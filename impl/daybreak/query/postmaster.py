"""One running PostgreSQL server in a directory of its own: made, started, found again, stopped."""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from daybreak.errors import OperatorError
from daybreak.query import initdb
from daybreak.query.programs import Programs, complaint

SUPERUSER = "daybreak"

START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.005

COMMON_SETTINGS: Mapping[str, str] = {
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "dynamic_shared_memory_type": "mmap",  # files of the data directory: nothing is left in /dev/shm
    "log_min_messages": "log",  # the server's own trouble, not every statement's error
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}


class Postmaster:
    """A server on ``directory/data`` that logs to ``directory/postgres.log`` and dies with this process."""

    def __init__(self, programs: Programs, directory: Path, process: asyncio.subprocess.Process) -> None:
        self.programs = programs
        self.directory = directory
        self._process = process

    @classmethod
    async def start(
        cls, programs: Programs, directory: Path, settings: Mapping[str, str], *, options: tuple[str, ...] = ()
    ) -> Postmaster:
        """Make a new, empty server in `directory` and start it; what was there before is ended and removed.

        `settings` go into its configuration, `options` to ``initdb``. Returns once it accepts connections.
        Raises `OperatorError` with the server's own reason when it does not start.
        """
        await asyncio.to_thread(_clear, programs, directory)
        copied = await initdb.make(programs, directory / "data", SUPERUSER, *options)
        try:
            return await cls._run(programs, directory, settings)
        except OperatorError:
            if not copied:
                raise
        # What was kept may be spoilt: let initdb make it once more.
        await asyncio.to_thread(_clear, programs, directory)
        await initdb.make(programs, directory / "data", SUPERUSER, *options, anew=True)
        return await cls._run(programs, directory, settings)

    @classmethod
    async def _run(cls, programs: Programs, directory: Path, settings: Mapping[str, str]) -> Postmaster:
        data = directory / "data"
        lines = [f"{name} = {_quoted(value)}\n" for name, value in {**COMMON_SETTINGS, **settings}.items()]
        (data / "postgresql.conf").write_text("".join(lines))
        with (directory / "postgres.log").open("wb") as log:
            process = await programs.spawn("postgres", "-D", str(data), log=log)
        postmaster = cls(programs, directory, process)
        try:
            await asyncio.wait_for(postmaster._until_ready(), START_SECONDS)
        except TimeoutError as error:
            await postmaster.stop(signal.SIGQUIT)
            raise OperatorError(postmaster._failure()) from error
        return postmaster

    @property
    def alive(self) -> bool:
        """Whether the server process is there."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for the server to end, for whatever reason; its exit code."""
        return await self._process.wait()

    async def stop(self, how: signal.Signals) -> None:
        """End the server: SIGINT for a shutdown that keeps the data, SIGQUIT for one that need not."""
        if self.alive:
            self._process.send_signal(how)
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def _until_ready(self) -> None:
        # The server tells its state in its pid file only, so there is nothing to wait on but time.
        while not _reports_ready(self.directory / "data" / "postmaster.pid"):
            if not self.alive:
                raise OperatorError(self._failure())
            await asyncio.sleep(POLL_SECONDS)

    def _failure(self) -> str:
        log = self.directory / "postgres.log"
        return f"PostgreSQL did not start: {complaint(log.read_text('utf-8', 'replace'))}; see {log}"


def _clear(programs: Programs, directory: Path) -> None:
    """End a server that a killed process of ours has left in `directory`, and remove its data."""
    data = directory / "data"
    end_stale(data)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        programs.hand_over(directory)
        if data.exists():
            shutil.rmtree(data)
    except OSError as error:
        raise OperatorError(f"{directory}: cannot be prepared for PostgreSQL: {error.strerror}") from error


def end_stale(data: Path) -> bool:
    """End the server on `data`, if one runs; whether there was one. Blocks until it is gone."""
    try:
        process = int((data / "postmaster.pid").read_text().partition("\n")[0])
        arguments = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        watch = os.pidfd_open(process)
    except (OSError, ValueError):
        return False
    try:
        if os.fsencode(data) not in arguments:  # another program has got the number since
            return False
        for how in (signal.SIGQUIT, signal.SIGKILL):
            signal.pidfd_send_signal(watch, how)
            waiter = select.poll()
            waiter.register(watch, select.POLLIN)
            if waiter.poll(STOP_SECONDS * 1000):
                return True
        raise OperatorError(f"PostgreSQL server {process} on {data} cannot be ended")
    except ProcessLookupError:
        return True
    finally:
        os.close(watch)


def _reports_ready(pid_file: Path) -> bool:
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
