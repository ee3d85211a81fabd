"""The workflows: they can be read, they are given what they ask for, and what they run is right."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
EXAMPLE = ROOT / "examples" / "two_phase_commit"

Workflow = dict[Any, Any]


def load(path: Path) -> Workflow:
    """A workflow file. YAML takes the key `on` for a truth value."""
    content = yaml.safe_load(path.read_text())
    assert isinstance(content, dict)
    return {"on" if key is True else key: value for key, value in content.items()}


def complaints(workflow: Workflow, root: Path = ROOT) -> list[str]:
    """What is wrong with it: inputs that are not declared, called workflows that are not there or get other inputs."""
    found = []
    declared = workflow["on"].get("workflow_call", {}).get("inputs", {}) if isinstance(workflow["on"], dict) else {}
    used = set(re.findall(r"\binputs\.([\w-]+)", yaml.safe_dump(workflow)))
    found += [f"input {name} is not declared" for name in sorted(used - declared.keys())]
    found += [f"input {name} is not used" for name in sorted(declared.keys() - used)]
    for name, job in workflow["jobs"].items():
        called = job.get("uses", "")
        if called.startswith("./"):
            if not (root / called).is_file():
                found.append(f"job {name}: no {called}")
                continue
            inputs = load(root / called)["on"]["workflow_call"]["inputs"]
            given = job.get("with", {}).keys()
            found += [f"job {name}: {called} has no input {key}" for key in sorted(given - inputs.keys())]
            wanted = {key for key, said in inputs.items() if said.get("required")}
            found += [f"job {name}: {called} needs {key}" for key in sorted(wanted - given)]
        for number, step in enumerate(job.get("steps", ()), 1):
            if ("run" in step) == ("uses" in step):
                found.append(f"job {name}, step {number}: neither run nor uses, or both")
    return found


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.yml")), ids=lambda path: str(path.name))
def test_a_workflow_is_sound(path: Path) -> None:
    assert complaints(load(path)) == []


def test_mistakes_are_found() -> None:
    text = """
        on: {workflow_call: {inputs: {spec: {type: string}, idle: {type: string}}}}
        jobs:
          one: {steps: [{run: "${{ inputs.spec }} ${{ inputs.logs }}"}, {name: nothing}]}
          two: {uses: ./.github/workflows/tracecheck.yml, with: {spec: a, mapping: b, trace: c}}
          three: {uses: ./.github/workflows/nowhere.yml}
    """
    workflow = {"on" if key is True else key: value for key, value in yaml.safe_load(text).items()}
    called = "./.github/workflows/tracecheck.yml"
    assert complaints(workflow) == [
        "input logs is not declared",
        "input idle is not used",
        "job one, step 2: neither run nor uses, or both",
        f"job two: {called} has no input trace",
        f"job two: {called} needs logs",
        "job three: no ./.github/workflows/nowhere.yml",
    ]


# --- tracecheck.yml -------------------------------------------------------------------------------------------------


def step(name: str) -> str:
    """What a step of the reusable workflow runs."""
    steps = load(WORKFLOWS / "tracecheck.yml")["jobs"]["check"]["steps"]
    (found,) = (one["run"] for one in steps if one.get("name") == name)
    return str(found)


def run_check(logs: Path, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run the step that checks, as a runner would."""
    own = {"SPEC": str(EXAMPLE / "TwoPhaseCommit.tla"), "MAPPING": str(EXAMPLE / "mapping.toml"), "LOGS": str(logs)}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", step("check")],
        cwd=directory,
        env={**os.environ, **own, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--bug", "hasty"), 1)])
def test_what_the_workflow_runs(options: tuple[str, ...], code: int, tmp_path: Path) -> None:
    recorded = [sys.executable, str(EXAMPLE / "run.py"), str(tmp_path / "run"), *options]
    subprocess.run(recorded, check=True, capture_output=True, timeout=60)
    done = run_check(tmp_path / "run" / "trace", tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("::error file=" in done.stdout) == (code == 1), done.stdout
    failures = ElementTree.parse(tmp_path / "tracecheck.xml").getroot().findall(".//failure")
    findings = json.loads((tmp_path / "tracecheck.sarif").read_text())["runs"][0]["results"]
    assert (bool(failures), bool(findings)) == (code == 1, code == 1)
    assert "<html" in (tmp_path / "tracecheck.html").read_text()
