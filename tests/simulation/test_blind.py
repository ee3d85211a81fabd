"""Bugs of which only a patch is known: found by the command as anybody runs it, and made small enough to be seen."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from daybreak.simulation.case import read_case
from daybreak.simulation.profiles import draw
from daybreak.simulation.shrink import names_of_turns
from daybreak.simulation.trial import run_trial
from tests.support.patched import PATCHES, Patched

SCREEN = 45
"""Lines."""


class Hunt(NamedTuple):
    """Where a bug is looked for."""

    profile: str
    seeds: range
    judge: str
    """One of those who find it."""


HUNTS = {
    "adjudicator": Hunt("calm", range(2, 3), "history"),
    "query": Hunt("calm", range(2, 3), "history"),
    "storage": Hunt("disks", range(2, 3), "durability"),
}
"""By the name of the patch. Look for another seed where a change of the simulation gives these other runs."""
ALL = os.environ.get("BLIND") == "all"
LOOKED_FOR = tuple(PATCHES) if ALL else ("query",)
"""Each takes half a minute, so all only on demand."""
MINUTES = "1" if ALL else "0.1"
"""To make a failure small. However short, one smaller run is tried."""


@pytest.mark.parametrize("name", LOOKED_FOR)
def test_the_bug_is_found_and_fits_on_a_screen(name: str, tmp_path: Path) -> None:
    hunt, copy = HUNTS[name], Patched(PATCHES[name], tmp_path / "copy")
    report = _report(copy, hunt, tmp_path / "kept")
    assert len(report) <= SCREEN, "\n".join(report)
    assert any(line.startswith(f"  {hunt.judge}: ") for line in report)
    assert {"what it takes", "what clients did"} <= set(report)
    program, *again = shlex.split(report[-1])
    small = read_case(Path(again[-1]))
    assert program == "daybreak"
    drawn = draw(hunt.profile, small.seed)
    assert small.options != drawn
    if ALL:
        assert len(names_of_turns(small.options)) < len(names_of_turns(drawn))
    code, said = copy.run(*again, "--shrink", "0")
    assert code == 1 and f"  {hunt.judge}: " in said, said
    assert run_trial(small.seed, small.options, tmp_path / "true", states=False).clean


def _report(copy: Patched, hunt: Hunt, kept: Path) -> list[str]:
    """What the command prints of the first seed that fails."""
    seeds = f"{hunt.seeds[0]}..{hunt.seeds[-1]}"
    words = ("--seeds", seeds, "--profile", hunt.profile, "--shrink", MINUTES, "--jobs", "1", "--keep", str(kept))
    code, said = copy.run("simulate", *words)
    assert code == 1, said
    lines = said.splitlines()
    begin = next(number for number, line in enumerate(lines, 1) if line.startswith("making seed "))
    return lines[begin : lines.index("see it again") + 2]


@pytest.mark.parametrize("name", PATCHES)
def test_every_patch_still_fits(name: str, tmp_path: Path) -> None:
    Patched(PATCHES[name], tmp_path / "copy")


def test_a_patch_that_does_not_fit_says_so(tmp_path: Path) -> None:
    patch = tmp_path / "old.patch"
    patch.write_text(PATCHES["storage"].read_text().replace("bisect_right", "bisect_left"))
    with pytest.raises(AssertionError, match=r"the code has moved on, make old\.patch anew: .*storage/mvcc\.py"):
        Patched(patch, tmp_path / "copy")


def test_each_patch_is_in_another_role() -> None:
    sources = {name: file.read_text() for name, file in PATCHES.items()}
    changed = {name: re.findall(r"^--- a/impl/daybreak/(\w+)/", text, re.MULTILINE) for name, text in sources.items()}
    assert changed == {name: [name] for name in HUNTS}
