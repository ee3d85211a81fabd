"""What is told of a run that failed: a screen of it, and a page with all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daybreak.adjudicator.holds import Holds
from daybreak.runtime.sim.strikes import Hit
from daybreak.runtime.sim.world import Faults
from daybreak.simulation import report
from daybreak.simulation.case import Case
from daybreak.simulation.mixed import Mix
from daybreak.simulation.report import AGAIN, SCREEN, WIDTH, Section, Told, tell
from daybreak.simulation.run import Options
from daybreak.simulation.trial import run_trial
from daybreak.simulation.verdict import Verdict

SCREEN_LINES = 45

ROWS = [f"line {number}" for number in range(100)]
FULL = Told(
    "seed 7: FAILED",
    [Section(title, ROWS) for title in SCREEN] + [Section("what it takes", ROWS[:2]), Section(AGAIN, ["x" * 500])],
    ["<svg/>"],
)
OPTIONS = Options(transactions=16, accounts=4, mix=Mix(), faults=Faults(crash_every_us=300_000))


def test_whatever_was_found_fits_on_a_screen() -> None:
    lines = FULL.screen().splitlines()
    assert len(lines) == SCREEN_LINES
    assert all(len(line) <= WIDTH for line in lines if "xxx" not in line)
    assert "x" * 500 in lines[-1], "a command can be copied"


def test_of_a_long_section_the_first_lines_are_shown_or_the_last() -> None:
    (title, most), *_ = SCREEN.items()
    first, last = (Told("", [Section(title, ROWS, last)], []).screen().split("\n") for last in (False, True))
    assert first[3:5] == ["  line 0", "  line 1"] and first[-2] == f"  … {100 - most + 1} others"
    assert last[3] == f"  … {100 - most + 1} others" and last[-2] == "  line 99"
    assert len(first) == len(last) == 3 + most + 1


def test_a_page_has_everything() -> None:
    page = FULL.page()
    assert all(page.count(f"{line}\n") >= len(SCREEN) for line in ROWS[:99])
    assert "<svg/>" in page
    assert "&lt;b&gt;" in Told("<b>", [], []).page()


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Case, Verdict, Path]]:
    """A run with a bug that a judge of histories sees, and one of traces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Holds, "conflict", lambda self, keys: None)
        patch.setattr(Holds, "check", lambda self: None)
        for seed in range(20):
            directory = tmp_path_factory.mktemp(f"seed-{seed}") / "run"
            verdict = run_trial(seed, OPTIONS, directory, states=False)
            if {"history", "conformance"} <= {finding.judge for finding in verdict.findings}:
                yield Case(seed, OPTIONS), verdict, directory
                return
    pytest.fail("no seed shows it")


def test_the_report_on_a_run(failed: tuple[Case, Verdict, Path]) -> None:
    case, verdict, directory = failed
    told = tell(case, verdict.findings, directory, plant="m:f", note="small")
    sections = {section.title: section.lines for section in told.sections}
    assert told.head == f"seed {case.seed}: FAILED (small)"
    assert [line.split(":")[0] for line in sections["what was found"]] == [f.judge for f in verdict.findings]
    assert sections["what it takes"][0] == "1 region, 2 adjudicators, 4 clients with 64 transactions, any strike"
    assert len(sections["what went wrong"]) == sum(verdict.faults.values())
    assert any("client " in line and "read " in line for line in sections["what clients did"])
    assert sections["the steps that matter"]
    assert sections[AGAIN] == [f"daybreak simulate --options {directory / 'case.json'} --plant m:f"]


def test_strikes_that_are_left_out_are_not_told() -> None:
    hits = [Hit("crash#1", 1_500_000, "A1/adj-0", lasts_us=20_000), Hit("cut#1", 2_000_000, "A1/adj-1")]
    both = report._timeline(OPTIONS, hits)
    assert both == ["   1.5000 s  crash#1          A1/adj-0, for 0.020 s", "   2.0000 s  cut#1            A1/adj-1"]
    assert report._timeline(replace(OPTIONS, only=("cut#1",)), hits) == both[1:]
