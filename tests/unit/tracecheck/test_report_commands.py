"""`check` with its reports, and `explain`: files that are there, say the same, and come with the right exit code."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.support.sarif import SARIF
from tests.support.spoil_adjudication import heartbeat_backwards
from tests.support.tracefiles import Trace, write
from tracecheck.cli import main
from tracecheck.report import schema

SPECS = Path(__file__).parents[3] / "specs"
SPEC = ["--spec", str(SPECS / "adjudication/Adjudication.tla"), "--mapping", str(SPECS / "adjudication/mapping.toml")]


@pytest.fixture
def spoilt(trace: Trace, tmp_path: Path) -> str:
    """Logs with an event that is not allowed."""
    heartbeat_backwards(trace)
    return str(write(trace, tmp_path / "logs"))


def test_check_writes_every_report(spoilt: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {name: str(tmp_path / f"r.{name}") for name in ("json", "junit", "sarif", "html")}
    options = [part for name, path in names.items() for part in (f"--{name}", path)]
    assert main(["check", *SPEC, *options, "--annotations", spoilt]) == 1
    printed = capsys.readouterr().out
    document = json.loads(Path(names["json"]).read_text())
    jsonschema.Draft202012Validator(schema()).validate(document)
    reason = document["reason"]
    assert 'for "Before(promise, upto)" is false (promise = <<' in reason
    assert f"VIOLATES: {reason}" in printed and "::error file=" in printed
    assert document["rejection"]["minimised"]["smallest"] is True
    failures = ElementTree.parse(names["junit"]).getroot().findall("*/testcase/failure")
    assert {failure.get("message") for failure in failures} == {reason}
    sarif = json.loads(Path(names["sarif"]).read_text())
    jsonschema.validate(sarif, SARIF)
    assert [found["message"]["text"] for found in sarif["runs"][0]["results"]] == [reason]
    assert "Last good state" in Path(names["html"]).read_text()


@pytest.mark.parametrize("engine", ["tlc", "compiled"])
def test_both_engines_say_the_same(
    engine: str, spoilt: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *SPEC, "--engine", engine, spoilt]) == 1
    assert (
        'for "Before(promise, upto)" is false (promise = <<1790000000, 401810>>, upto = <<' in capsys.readouterr().out
    )


def test_a_report_can_go_to_standard_output(spoilt: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *SPEC, "--sarif", "-", spoilt]) == 1
    jsonschema.validate(json.loads(capsys.readouterr().out), SARIF)


def test_check_writes_a_certificate_for_each_slice_that_conforms(trace: Trace, tmp_path: Path) -> None:
    logs = str(write(trace, tmp_path / "logs"))
    assert main(["check", *SPEC, "--certificate", str(tmp_path / "certificates"), logs]) == 0
    (directory,) = (tmp_path / "certificates").iterdir()
    text = (directory / "Certificate.tla").read_text()
    assert directory.name == "Adjudication-1-adj-0"
    assert "Run 1 of slice adj-0: " in text and "Certificate_1_100 ==" in text


def test_what_is_violated_has_no_certificate(spoilt: str, tmp_path: Path) -> None:
    assert main(["check", *SPEC, "--certificate", str(tmp_path / "certificates"), spoilt]) == 1
    assert not (tmp_path / "certificates").exists()


def test_explain_says_all_of_logs_and_draws_them(
    spoilt: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html = tmp_path / "page.html"
    assert main(["explain", *SPEC, "--html", str(html), spoilt]) == 1
    printed = capsys.readouterr().out
    assert "not allowed, for " in printed.splitlines()[0]
    assert "the same with" in printed and f"page: {html}" in printed
    assert 'id="diagram"' in html.read_text()


def test_explain_reads_a_result(spoilt: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result, html = str(tmp_path / "r.json"), tmp_path / "page.html"
    assert main(["check", *SPEC, "--json", result, spoilt]) == 1
    capsys.readouterr()
    assert main(["explain", "--html", str(html), result]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith(json.loads(Path(result).read_text())["reason"])
    assert "none of them can be left out" in printed
    assert "Last good state" in html.read_text()


def test_explain_of_what_conforms_says_so(trace: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = str(write(trace, tmp_path / "logs"))
    assert main(["explain", *SPEC, "--html", str(tmp_path / "page.html"), logs]) == 0
    assert "CONFORMS: all" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain", "none.json"], "none.json: cannot read the result: No such file or directory"),
        (["explain", "--spec", "S.tla", "logs"], "logs are explained with both --spec and --mapping"),
        (["explain", __file__], f"{__file__}: this is no result of a check: "),
    ],
)
def test_wrong_use_of_explain_is_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"tracecheck: {words}") and told.count("\n") == 1


def test_a_report_that_cannot_be_written_is_said(
    spoilt: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "no" / "such" / "r.json")
    assert main(["check", *SPEC, "--json", path, spoilt]) == 2
    assert capsys.readouterr().err == f"tracecheck: {path}: cannot write the report: No such file or directory\n"
