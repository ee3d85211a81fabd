"""Texts that are kept in files under `tests/golden`.

With REWRITE_GOLDEN=1 in the environment every test that compares with such a file writes it anew instead: look at the
difference before you keep it.
"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name: str, text: str) -> str:
    """What the file `name` holds, after it was written anew with `text`, if that is wanted."""
    path = GOLDEN / name
    if os.environ.get("REWRITE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")
