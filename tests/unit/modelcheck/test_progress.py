"""While models run their figures are shown: in a table on a terminal, on a line now and then in a log."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console
from rich.live import Live

from daybreak.modelcheck.manifest import Model
from daybreak.modelcheck.progress import LiveProgress, PlainProgress
from daybreak.modelcheck.runner import Result
from daybreak.modelcheck.tlc import Outcome, Progress

MODEL = Model("Some", "", 1, "regular", "M.tla", "M.cfg", "holds", 1, distinct=3)
EXPLORED = Progress(generated=5000, distinct=1200, queue=34, depth=7, rate=900.4, seconds=5.5)
SIMULATED = Progress(generated=5000, distinct=0, queue=0, depth=0, rate=900.4, seconds=5.5, traces=60)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_long_model_has_a_line_now_and_then(console: Console) -> None:
    progress = PlainProgress(console, 2, interval_s=0)
    progress.started(MODEL)
    progress.progressed(MODEL, EXPLORED)
    progress.progressed(MODEL, SIMULATED)
    progress.finished(Result(MODEL, Outcome("unusable", 1.0, reason="gone"), "gone"))
    assert shown(console).splitlines() == [
        "        Some: 1,200 distinct states, 34 to go, depth 7, 900 states/s",
        "        Some: 60 random behaviours, 5,000 states, 900 states/s",
        "[1/2] Some: UNUSABLE: gone (1.0 s)",
    ]


def test_a_brief_model_has_none(console: Console) -> None:
    progress = PlainProgress(console, 1)
    progress.started(MODEL)
    progress.progressed(MODEL, EXPLORED)
    assert shown(console) == ""


def test_the_table_shows_every_figure_of_what_runs_and_counts_what_is_done(console: Console) -> None:
    other = msgspec.structs.replace(MODEL, name="Other")
    with Live(console=console, auto_refresh=False) as live:
        progress = LiveProgress(live, 3)
        for model in (MODEL, other):
            progress.started(model)
        progress.progressed(MODEL, EXPLORED)
        progress.finished(Result(other, Outcome("holds", 1.0, distinct=4), "4 distinct states, not 3"))
        live.refresh()
    last = shown(console).rsplit("1 of 3 models done; Other WRONG", 1)[1]
    assert "Some" in last and "Other" not in last
    assert last.split("Some")[1].split()[:6] == ["5,000", "1,200", "34", "7", "900", "5"]
