"""The options of the command that write pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.modelcheck import main
from daybreak.modelcheck.manifest import Suite
from tests.support import shop

Captured = pytest.CaptureFixture[str]


def run(suite: Suite, *options: str) -> int:
    return main([*options, "--manifest", str(suite.root / "manifest.toml")])


def test_pages_are_written_and_compared(tmp_path: Path, capsys: Captured) -> None:
    suite = shop.build(tmp_path)
    why, html = tmp_path / "docs" / "why", tmp_path / "html"
    assert run(suite, "--kind", "must-fail", "--why", str(why), "--html", str(html)) == 0
    assert f"3 pages in {html}" in capsys.readouterr().out
    assert sorted(file.name for file in why.iterdir()) == ["P1.html", "P2.html", "README.md"]
    assert sorted(file.stem for file in html.iterdir()) == ["ShopAtOnce", "ShopGreedy", "ShopNeverFiled"]
    (why / "P2.html").write_text("old")
    assert run(suite, "--kind", "must-fail", "--why", str(why), "--check") == 1
    complaint = capsys.readouterr().err
    assert complaint == f"daybreak modelcheck: {why / 'P2.html'} is stale; `make docs` writes it anew\n"
    assert (why / "P2.html").read_text() == "old"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--check"], "--check goes with --why DIR"),
        (["ShopGreedy", "--why", "x"], "every must-fail model, ShopAtOnce, ShopNeverFiled too"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_model_runs(
    suite: Suite, capsys: Captured, options: list[str], complaint: str
) -> None:
    assert run(suite, *options) == 2
    said = capsys.readouterr()
    assert complaint in said.err
    assert said.out == ""


def test_a_model_that_is_named_is_shown_step_by_step(suite: Suite, capsys: Captured) -> None:
    assert run(suite, "ShopGreedy") == 0
    assert "ShopGreedy: Modest is violated, in 2 states" in capsys.readouterr().out
