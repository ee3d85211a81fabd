"""The tables of views in docs/operating.md, from the definitions that the server makes the views of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from daybreak.query.sysviews import SCHEMA, VIEWS, View

BEGIN = "<!-- begin of views, written by python -m tools.actionmap -->\n"
END = "<!-- end of views -->"


def tables(views: Mapping[str, View] = VIEWS) -> str:
    """A section for each view: what its rows are, and its columns."""
    parts = []
    for name, view in views.items():
        parts.append(f"\n### {SCHEMA}.{name}\n\n{view.meaning}\n\n| Column | Type | Meaning |\n|---|---|---|\n")
        parts += [f"| `{column.name}` | {column.type} | {column.meaning} |\n" for column in view.columns]
    return "".join(parts) + "\n"


def page(file: Path, views: Mapping[str, View] = VIEWS) -> str:
    """The text of `file` with the tables as they should be."""
    text = file.read_text(encoding="utf-8")
    pattern = re.compile(f"(?<={re.escape(BEGIN)}).*(?={re.escape(END)})", re.DOTALL)
    return pattern.sub(lambda _: tables(views), text)
