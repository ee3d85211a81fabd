"""A file of JSON objects, one a line, that survives a crash once `append` has returned."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class Disk:
    """The log that a node recovers from."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self.entries: list[dict[str, Any]] = [json.loads(line) for line in lines]
        """What was there when the node started."""

    def append(self, **entry: object) -> None:
        """Write an entry, and wait until it is on disk."""
        with self._path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
            file.flush()
            os.fsync(file.fileno())
