"""The files of a new, empty PostgreSQL server.

``initdb`` takes a second of a processor to write the same thousand files each time. So what it has written once is
kept in the user's cache, one directory for each build of PostgreSQL, and is copied from there.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from daybreak.errors import OperatorError
from daybreak.query.programs import Programs

OPTIONS = ("--no-locale", "--encoding=UTF8", "--auth=trust", "--no-instructions")
CACHE = "XDG_CACHE_HOME"
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


async def make(programs: Programs, data: Path, superuser: str, *options: str, anew: bool = False) -> bool:
    """Make an empty server's files in `data`, which does not exist yet; whether they came from the cache.

    With `anew` what is kept is replaced. Raises `OperatorError` with the reason of ``initdb`` when that fails.
    """
    arguments = (f"--username={superuser}", *OPTIONS, *options)
    kept = _kept(programs, arguments)
    if kept is not None and anew:
        await asyncio.to_thread(shutil.rmtree, kept, ignore_errors=True)
    if kept is not None and (kept.exists() or await _keep(programs, kept, arguments)):
        try:
            await asyncio.to_thread(_copy, kept, data)
            return True
        except OSError:  # somebody has emptied the cache meanwhile
            await asyncio.to_thread(shutil.rmtree, data, ignore_errors=True)
    await programs.run("initdb", f"--pgdata={data}", "--no-sync", *arguments)
    return False


def _kept(programs: Programs, arguments: tuple[str, ...]) -> Path | None:
    """Where the files are kept; None if they cannot be ours alone."""
    if programs.mode.startswith("user:"):
        return None
    try:
        cache = Path(os.environ.get(CACHE) or Path.home() / ".cache") / "daybreak"
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        about, build = cache.stat(), programs.binaries.program("postgres").stat()
    except (OSError, RuntimeError):
        return None
    if about.st_uid != os.geteuid() or about.st_mode & OTHERS_WRITE:
        return None
    made_of = (programs.mode, *arguments, programs.binaries.directory, build.st_size, build.st_mtime_ns)
    digest = hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]
    return cache / f"postgresql-{programs.version}-{digest}"


async def _keep(programs: Programs, kept: Path, arguments: tuple[str, ...]) -> bool:
    """Have ``initdb`` make what is to be kept, on disk before it has its name; whether it is there."""
    try:
        made = Path(tempfile.mkdtemp(prefix="new-", dir=kept.parent))
    except OSError:
        return False
    try:
        await programs.run("initdb", f"--pgdata={made / 'data'}", *arguments)
        await asyncio.to_thread((made / "data").rename, kept)
    except (OperatorError, OSError):  # no space, or another process was faster
        return await asyncio.to_thread(kept.exists)
    finally:
        await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)
    return True


def _copy(kept: Path, data: Path) -> None:
    shutil.copytree(kept, data, copy_function=shutil.copyfile)
    for directory, _, files in os.walk(data):
        os.chmod(directory, 0o700)
        for file in files:
            os.chmod(os.path.join(directory, file), 0o600)
