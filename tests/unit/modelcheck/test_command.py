"""The command on small models: verdicts, exit codes, and one clear line for whatever cannot be run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from daybreak.modelcheck import main
from tracecheck.tlc.jvm import jar_path

COUNTER = """---- MODULE Counter ----
EXTENDS Naturals
CONSTANT Most
VARIABLE x
Init == x = 0
Grow == x < Most /\\ x' = x + 1
Shrink == x > Most /\\ x' = x - 1
Next == Grow \\/ Shrink
NextLow == x < 2 /\\ Next
Spec == Init /\\ [][Next]_x
TypeOK == x \\in Nat
Small == x <= 3
Rises == [][x' > x /\\ x' < 4]_x
Arrives == <>(x = Most)
====
"""
TEMPORAL = "CONSTANT Most = 3\nSPECIFICATION Spec\nPROPERTY Arrives\n"
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
            entry = {"rules": ["P10"], **entry, "kind": "must-fail", "expected": "violates"}
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
    bench.add("Invariant", CONFIG.replace("3", "9") + "INVARIANT Small\n", property="Small", rules=["P2"], length=5)
    bench.add("Action", CONFIG.replace("3", "9") + "PROPERTY Rises\n", property="Rises")
    bench.add("Temporal", TEMPORAL, property="Arrives", length=3)
    bench.add("Random", CONFIG.replace("3", "9") + "INVARIANT TypeOK\n", mode="simulate", traces=20, depth=5)
    report = bench.directory / "report.json"
    assert bench.run("--json", str(report)) == 0
    results = {result["model"]: result for result in json.loads(report.read_text())}
    assert [result["ok"] for result in results.values()] == [True] * 5
    assert (results["Holds"]["distinct"], results["Holds"]["depth"], results["Holds"]["steps"]) == (4, 4, [])
    assert [step["values"]["x"] for step in results["Invariant"]["steps"]] == ["0", "1", "2", "3", "4"]
    assert (results["Invariant"]["length"], results["Invariant"]["rules"]) == (5, ["P2"])
    assert (results["Temporal"]["length"], len(results["Temporal"]["steps"])) == (3, 4)
    assert (results["Random"]["traces"], results["Random"]["generated"]) == (20, 101)
    assert "all 5 models as expected" in capsys.readouterr().out


def test_unexpected_results_are_wrong(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Count", CONFIG + "INVARIANT Small\n", distinct=5)
    bench.add("Breaks", CONFIG.replace("3", "4") + "INVARIANT Small\n", distinct=5)
    bench.add("Idle", CONFIG, distinct=4, coverage=True)
    bench.add("Whole", CONFIG.replace("NEXT Next", "NEXT NextLow"), distinct=3, coverage=True)
    assert bench.run() == 1
    out = capsys.readouterr().out
    assert "4 distinct states, not 5" in out
    assert "Breaks: Small is violated, in 5 states" in out
    assert "Grow" in out and "x = 4" in out
    assert "never taken: Shrink" in out
    assert "actions are not counted one by one inside NextLow" in out
    assert "4 of 4 models WRONG: Count, Breaks, Idle, Whole" in out


def test_a_name_runs_that_model_only(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Holds", CONFIG, distinct=4)
    bench.add("Wrong", CONFIG, distinct=5)
    assert bench.run("Holds") == 0
    assert "Wrong" not in capsys.readouterr().out


def test_an_unknown_name(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Holds", CONFIG, distinct=4)
    assert bench.run("Hods") == 2
    assert capsys.readouterr().err == "daybreak modelcheck: no model named Hods; did you mean Holds\n"


def test_whatever_has_no_result_is_told_and_the_others_run(
    bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    big = "Big == {<<n, n, n, n, n, n, n, n>> : n \\in 1 .. 900000} = {x}"
    text = COUNTER.replace("MODULE Counter", "MODULE Heavy").replace("Small ==", big + "\nSmall ==")
    (bench.directory / "Heavy.tla").write_text(text)
    bench.add("Holds", CONFIG, distinct=4)
    bench.add("Lost", CONFIG, distinct=4)
    bench.add("Wide", CONFIG + "INVARIANT Big\n", module="Heavy", distinct=4, heap_mb=40)
    bench.add("Slow", CONFIG.replace("3", "1000000000"), distinct=4, time_limit=3)
    (bench.directory / "Lost.cfg").unlink()
    junit = bench.directory / "report.xml"
    assert bench.run("Holds", "Lost", "Wide", "Slow", "Gone", "--junit", str(junit)) == 2
    out, err = capsys.readouterr()
    place = bench.directory.resolve()
    assert err.splitlines()[0] == "daybreak modelcheck: no model named Gone; --list shows all"
    line = bench.manifest.read_text().splitlines().index('config = "Lost.cfg"') + 1
    assert f"{bench.manifest}:{line}: Lost needs {place / 'Lost.cfg'}, and there is no such file" in err
    assert f"{place / 'Heavy.tla'}:1: Wide ran out of memory, with a heap of 40 MiB" in err
    assert f"{place / 'Counter.tla'}:1: Slow was not done within 3 s" in err
    assert err.count("\n") == 4
    assert "Holds: OK" in out and "3 of 4 models UNUSABLE: Lost, Wide, Slow" in out
    (suite,) = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "0", "3")
    assert [case.get("name") for case in suite if case.find("error") is None] == ["Holds"]


@pytest.mark.parametrize(
    ("before", "after", "place", "reason"),
    [
        ("Init == x = 0", "Init == x = nought", "Broken.tla:5: ", "Unknown operator: `nought'"),
        ("Init == x = 0", "Init == x = = 0", "Broken.tla:5: ", "Encountered"),
        ("EXTENDS Naturals", "EXTENDS Nowhere", "Broken.tla:1: ", "Nowhere"),
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
    ("config", "line", "reason"),
    [
        ("CONSTANT Most = 3\nINIT Init\nNEXT Onward\n", 3, "Onward"),
        ("CONSTANT Most = 3\nINIT Init\nNEXT Next\nBADWORD x = 3\n", 4, "line 4"),
        ("CONSTANT Least = 3\nINIT Init\nNEXT Next\n", 1, "Most"),
    ],
)
def test_a_broken_configuration_is_named(
    bench: Workbench, capsys: pytest.CaptureFixture[str], config: str, line: int, reason: str
) -> None:
    bench.add("Model", config, distinct=4)
    assert bench.run() == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"{bench.directory / 'Model.cfg'}:{line}: " in err and reason in err


def test_a_spec_that_cannot_be_evaluated_is_a_wrong_result(
    bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    (bench.directory / "Odd.tla").write_text(COUNTER.replace("Counter", "Odd").replace("x + 1", 'x + "1"'))
    bench.add("Model", CONFIG, module="Odd", distinct=4)
    assert bench.run() == 1
    out = capsys.readouterr().out
    assert f"{(bench.directory / 'Odd.tla').resolve()}:6: Attempted to apply the operator" in out
    assert "1 of 1 models WRONG: Model" in out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--jobs", "0"], "--jobs 0: must be at least 1"),
        (["--jar", "nowhere.jar"], "nowhere.jar: no such jar"),
        (["--json", "no/such/place.json"], "no/such/place.json: no such directory"),
        (["--junit", "no/such/place.xml"], "no/such/place.xml: no such directory"),
        (["--rung", "7"], "no model is chosen; --list --nightly shows all"),
    ],
)
def test_a_bad_option(bench: Workbench, capsys: pytest.CaptureFixture[str], options: list[str], complaint: str) -> None:
    bench.add("Holds", CONFIG, distinct=4)
    assert bench.run(*options) == 2
    assert capsys.readouterr().err == f"daybreak modelcheck: {complaint}\n"


def test_another_jar(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Holds", CONFIG, distinct=4)
    other = bench.directory / "other place" / "tools.jar"
    other.parent.mkdir()
    shutil.copyfile(jar_path(), other)
    assert bench.run("--jar", str(other)) == 0
    assert "all 1 models as expected" in capsys.readouterr().out


def test_a_jar_without_the_model_checker_is_refused(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Holds", CONFIG, distinct=4)
    assert bench.run("--jar", str(bench.manifest)) == 2
    assert capsys.readouterr().err.endswith("manifest.toml: no tla2tools.jar, for it has no tlc2/TLC.class\n")


def test_the_list_runs_nothing(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("Wrong", CONFIG, distinct=5, says="what it is about")
    assert bench.run("--list") == 0
    assert "what it is about" in capsys.readouterr().out


def test_tiers_rungs_and_kinds_choose(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.add("First", CONFIG, distinct=4)
    bench.add("Second", CONFIG, distinct=4, rung=2)
    bench.add("Fails", CONFIG, property="Small", rung=2)
    bench.add("Large", CONFIG, distinct=4, rung=2, tier="nightly")

    def listed(*options: str) -> list[str]:
        assert bench.run("--list", *options) == 0
        return [line.split()[0] for line in capsys.readouterr().out.splitlines()]

    assert listed() == ["First", "Second", "Fails"]
    assert listed("--nightly") == ["First", "Second", "Fails", "Large"]
    assert listed("--rung", "2") == ["Second", "Fails"]
    assert listed("--rung", "2", "--kind", "regular", "--nightly") == ["Second", "Large"]
    assert listed("Large") == ["Large"]
