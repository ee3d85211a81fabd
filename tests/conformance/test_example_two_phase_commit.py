"""The example for other projects: a right run of it conforms, each of its bugs is found, and its README says how."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.server import daybreak
from tracecheck import VIOLATES, Result, check

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "two_phase_commit"
README = EXAMPLE / "README.md"

SPEC = "examples/two_phase_commit/TwoPhaseCommit.tla"
MAPPING = "examples/two_phase_commit/mapping.toml"


def run(directory: Path, *options: str) -> str:
    """Run the program; what it prints."""
    command = [sys.executable, "-W", "error", str(EXAMPLE / "run.py"), str(directory), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def checked(logs: Path) -> Result:
    """What the checker says, with paths as the README has them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return check(SPEC, MAPPING, [logs])


@pytest.mark.conforms("examples/two_phase_commit", logs="run/trace")
def test_a_right_run_conforms(tmp_path: Path) -> None:
    said = run(tmp_path / "run")
    assert said in README.read_text()
    assert "= 300" in said, "no money is lost"
    assert '"event": "recover"' in (tmp_path / "run" / "trace" / "bob.ndjson").read_text(), "somebody has crashed"


def quotation(bug: str) -> str:
    """The block of the README that quotes the check of the run with this bug."""
    pattern = rf"^```text\n(?:[^`]*VIOLATES: run-{bug}/[^`]*)\n```$"
    (block,) = re.findall(pattern, README.read_text(), re.MULTILINE)
    return str(block)


def quoted(bug: str, text: str) -> str:
    """What the README quotes, after it was written anew with `text`, if that is wanted (see `tests.support.golden`)."""
    if os.environ.get("REWRITE_GOLDEN") == "1":
        lines = textwrap.wrap(text, 116, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
        README.write_text(README.read_text().replace(quotation(bug), "\n".join(["```text", *lines, "```"])))
    return " ".join(quotation(bug).removeprefix("```text").removesuffix("```").split())


@pytest.mark.parametrize("bug", ["impatient", "hasty", "forgetful"])
def test_a_bug_is_found_and_the_report_is_the_one_in_the_readme(bug: str, tmp_path: Path) -> None:
    directory = tmp_path / f"run-{bug}"
    run(directory, "--bug", bug)
    result = checked(directory / "trace")
    assert result.verdict == VIOLATES
    said = f"{SPEC}: VIOLATES: {result.reason.replace(f'{tmp_path}/', '')}"
    assert quoted(bug, said) == said


def test_the_spec_keeps_its_properties() -> None:
    done = daybreak("modelcheck", "--manifest", str(EXAMPLE / "models.toml"))
    assert done.returncode == 0, done.stdout + done.stderr


def imported(path: Path) -> set[str]:
    """The modules that a file imports."""
    tree = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in tree if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in tree if isinstance(node, ast.ImportFrom)}


def test_whoever_copies_the_example_needs_nothing_else() -> None:
    files = list(EXAMPLE.glob("*.py"))
    known = sys.stdlib_module_names | {file.stem for file in files}
    assert {name for file in files for name in imported(file) if name.partition(".")[0] not in known} == set()
