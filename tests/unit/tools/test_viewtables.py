"""The tables of views."""

from __future__ import annotations

from pathlib import Path

from daybreak.query.sysviews import Column, View
from tools.viewtables import BEGIN, END, page


def test_tables_are_put_between_the_marks(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"before\n{BEGIN}old\n{END}\nafter\n")
    views = {"v": View("What it is.", (Column("a", "text", "the a"), Column("b", "bigint", "the b")))}
    table = "| Column | Type | Meaning |\n|---|---|---|\n| `a` | text | the a |\n| `b` | bigint | the b |\n"
    assert page(file, views) == f"before\n{BEGIN}\n### sys.v\n\nWhat it is.\n\n{table}\n{END}\nafter\n"
