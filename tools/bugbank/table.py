"""What was found of the bugs of the bank: the data file, and the page that shows it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import msgspec

from daybreak.simulation.verdict import Judge
from tools.bugbank.bank import BANK
from tools.bugbank.hunt import Found

DATA = Path(__file__).with_name("found.json")
PAGE = Path(__file__).parents[2] / "docs" / "bug-bank.md"
WIDTH = 120
"""No line of a document is longer."""
JUDGES: tuple[Judge, ...] = get_args(Judge)

INTRODUCTION = """\
# The bug bank

Who judges runs should be judged too. Each line below is a bug that a programmer might have made in Daybreak; it is
planted in the code, alone, and a cluster is run with it in virtual time, with one seed after another, until a judge of
the run has found it. `tools/bugbank` has the bugs, a module per role, and the conditions under which they are looked
for; the choice between bugs and judges is in `docs/decisions/0037-bug-bank.md`.

    python -m tools.bugbank                     hunt for all of them, and write this page (make bugs)
    python -m tools.bugbank NAME --seeds 30     hunt for one
    daybreak simulate --seed 3 --plant tools.bugbank.plant:NAME

A number is the first seed, counted from 1, with which the judge has found the bug; a dash means that it has not, in as
many runs as were tried. A run ends when a role's own assertion fails, and then only the specs have a word besides: who
finds a bug first hides it from others. `tests/simulation/test_bug_bank.py` plants every bug again.
"""


def load() -> dict[str, Found]:
    """What was found, by name; nothing if there is no data file."""
    return msgspec.json.decode(DATA.read_bytes(), type=dict[str, Found]) if DATA.exists() else {}


def save(found: Mapping[str, Found]) -> None:
    """Write the data file and the page, in the order of the bank."""
    ordered = {name: found[name] for name in BANK if name in found}
    DATA.write_bytes(msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n")
    PAGE.write_text(page(ordered))


def page(found: Mapping[str, Found]) -> str:
    """The page."""
    return "\n".join([INTRODUCTION, *_totals(found), "", *_judges(found), "", *_bugs(found), ""])


def _totals(found: Mapping[str, Found]) -> list[str]:
    first = [bug.first for bug in found.values() if bug.first is not None]
    return [
        f"{len(first)} of {len(BANK)} bugs were found: {sum(seed == 0 for seed in first)} with the first seed, "
        f"{sum(seed < 10 for seed in first)} within ten, {sum(seed < 200 for seed in first)} within 200."
    ]


def alone(found: Mapping[str, Found], judge: Judge) -> list[str]:
    """The bugs that this judge has found, and no other."""
    return [name for name, bug in found.items() if set(bug.seeds) == {judge}]


def _judges(found: Mapping[str, Found]) -> list[str]:
    lines = ["| judge | finds | misses | alone finds |", "|---|---|---|---|"]
    for judge in JUDGES:
        count = sum(judge in bug.seeds for bug in found.values())
        lines.append(f"| {judge} | {count} | {len(found) - count} | {len(alone(found, judge))} |")
    return lines


def _bugs(found: Mapping[str, Found]) -> list[str]:
    lines = []
    for role in dict.fromkeys(BANK[name].role for name in found):
        lines += [f"## {role.capitalize()}", "", f"| bug | {' | '.join(JUDGES)} | conditions, runs |"]
        lines += ["|---|" + "---|" * (len(JUDGES) + 1)]
        for name, bug in found.items():
            if BANK[name].role == role:
                cells = [str(bug.seeds[judge] + 1) if judge in bug.seeds else "-" for judge in JUDGES]
                lines.append(f"| `{name}` | {' | '.join(cells)} | {bug.conditions}, {bug.tried} |")
        lines += ["", *(_item(name) for name in found if BANK[name].role == role), ""]
    return lines[:-1]


def _item(name: str) -> str:
    return textwrap.fill(f"- `{name}`: {BANK[name].sentence}", WIDTH, subsequent_indent="  ")
