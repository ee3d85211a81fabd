"""The command on small models: verdicts, exit codes, and one clear line for whatever cannot be run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daybreak.modelcheck import main

COUNTER = """---- MODULE Counter ----
EXTENDS Naturals
CONSTANT Most
VARIABLE x
Init == x = 0
Grow == x < Most /\\ x' = x + 1
Shrink == x > Most /\\ x' = x - 1
Next == Grow \\/ Shrink
Spec == Init /\\ [][Next]_x
Small == x <= 3
Rises == [][x' > x /\\ x' < 4]_x
Arrives == <>(x = Most)
====
"""
CONFIG = "CONSTANT Most = 3\nINIT Init\nNEXT Next\n"


class Workbench:
    """A directory with the module Counter and a manifest that grows."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.manifest = directory / "manifest.toml"
        self.manifest.write_text("library = []\n")
        (directory / "Counter.tla").write_text(COUNTER)

    def add(self, name: str, config: str, *, module: str = "Counter", **fields: Any) -> None:
        (self.directory / f"{name}.cfg").write_text(config)
        entry = {
            "name": name, "says": "", "rung": 1, "kind": "regular", "seconds": 1, "module": f"{module}.tla",
            "config": f"{name}.cfg", "expected": "holds", **fields,
        }  # fmt: skip
        if "property" in fields:
            entry |= {"kind": "must-fail", "expected": "violates"}
        lines = [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
        with self.manifest.open("a") as file:
            file.write("[[model]]\n" + "\n".join(lines) + "\n")

    def run(self, *options: str) -> int:
        return main([*options, "--manifest", str(self.manifest)])


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def test_expected_results_of_every_kind(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Holds", CONFIG + "INVARIANT Small\nPROPERTY Rises\n", distinct=4)
    bench.add("Invariant", CONFIG.replace("3", "9") + "INVARIANT Small\n", property="Small")
    bench.add("Action", CONFIG.replace("3", "9") + "PROPERTY Rises\n", property="Rises")
    bench.add("Temporal", "CONSTANT Most = 3\nSPECIFICATION Spec\nPROPERTY Arrives\n", property="Arrives")
    report = bench.directory / "report.json"
    assert bench.run("--json", str(report)) == 0
    results = {result["model"]: result for result in json.loads(report.read_text())}
    assert [result["ok"] for result in results.values()] == [True] * 4
    assert (results["Holds"]["distinct"], results["Holds"]["depth"], results["Holds"]["steps"]) == (4, 4, [])
    assert [step["values"]["x"] for step in results["Invariant"]["steps"]] == ["0", "1", "2", "3", "4"]
    assert "all 4 models as expected" in capsys.readouterr().out


def test_unexpected_results_are_wrong(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Count", CONFIG + "INVARIANT Small\n", distinct=5)
    bench.add("Breaks", CONFIG.replace("3", "4") + "INVARIANT Small\n", distinct=5)
    bench.add("Idle", CONFIG, distinct=4, coverage=True)
    assert bench.run() == 1
    out = capsys.readouterr().out
    assert "4 distinct states, not 5" in out
    assert "Small is violated in 5 steps" in out
    assert "Grow" in out and "x = 4" in out
    assert "never taken: Shrink" in out
    assert "3 of 3 models WRONG: Count, Breaks, Idle" in out


def test_a_name_runs_that_model_only(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Holds", CONFIG, distinct=4)
    bench.add("Wrong", CONFIG, distinct=5)
    assert bench.run("Holds") == 0
    assert "Wrong" not in capsys.readouterr().out


def test_an_unknown_name(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Holds", CONFIG, distinct=4)
    assert bench.run("Hods") == 2
    assert capsys.readouterr().err == "daybreak modelcheck: no model named Hods; there are: Holds\n"


def test_a_missing_configuration(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Holds", CONFIG, distinct=4)
    (bench.directory / "Holds.cfg").unlink()
    assert bench.run() == 2
    assert capsys.readouterr().err.endswith("Holds.cfg: no such file, but model Holds needs it\n")


@pytest.mark.parametrize(
    ("before", "after", "place", "reason"),
    [
        ("Init == x = 0", "Init == x = nought", "Broken.tla:5: ", "Unknown operator: `nought'"),
        ("Init == x = 0", "Init == x = = 0", "Broken.tla:5: ", "Encountered"),
        ("EXTENDS Naturals", "EXTENDS Nowhere", "", "Nowhere"),
    ],
)
def test_a_broken_spec_is_named_with_its_line(
    bench: Workbench, capsys: pytest.CaptureFixture[str], before: str, after: str, place: str, reason: str
) -> None:
    text = COUNTER.replace("MODULE Counter", "MODULE Broken").replace(before, after)
    (bench.directory / "Broken.tla").write_text(text)
    bench.add("Model", CONFIG, module="Broken", distinct=4)
    assert bench.run() == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert place in err and reason in err


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("CONSTANT Most = 3\nINIT Init\nNEXT Onward\n", "Onward"),
        ("CONSTANT Most = 3\nINIT Init\nNEXT Next\nBADWORD x = 3\n", "line 4"),
    ],
)
def test_a_broken_configuration_is_named(
    bench: Workbench, capsys: pytest.CaptureFixture[str], config: str, reason: str
) -> None:
    bench.add("Model", config, distinct=4)
    assert bench.run() == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"{bench.directory / 'Model.cfg'}: " in err and reason in err


def test_a_spec_that_cannot_be_evaluated_is_a_wrong_result(
    bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    (bench.directory / "Odd.tla").write_text(COUNTER.replace("Counter", "Odd").replace("x + 1", 'x + "1"'))
    bench.add("Model", CONFIG, module="Odd", distinct=4)
    assert bench.run() == 1
    assert "1 of 1 models WRONG: Model" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--jobs", "0"], "--jobs 0: must be at least 1"),
        (["--jar", "nowhere.jar"], "nowhere.jar: no such jar"),
        (["--json", "no/such/place.json"], "no/such/place.json: no such directory"),
    ],
)
def test_a_bad_option(bench: Workbench, capsys: pytest.CaptureFixture[str], options: list[str], complaint: str) -> None:
    bench.add("Holds", CONFIG, distinct=4)
    assert bench.run(*options) == 2
    assert capsys.readouterr().err == f"daybreak modelcheck: {complaint}\n"


def test_the_list_runs_nothing(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Wrong", CONFIG, distinct=5, says="what it is about")
    assert bench.run("--list") == 0
    assert "what it is about" in capsys.readouterr().out
