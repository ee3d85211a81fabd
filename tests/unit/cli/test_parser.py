"""The command line: what is wrong is said in one line, and the exit code tells usage from failure."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from daybreak.cli import bench, check, serve, status
from daybreak.cli.arguments import address, peer, port, positive
from daybreak.cli.main import main
from daybreak.cli.parser import build
from daybreak.errors import RequestError

SERVE, STATUS, CHECK, INIT = ["serve"], ["status"], ["check", "DIR"], ["bench", "init"]


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["bench"], "the following arguments are required: COMMAND"),
        (["check"], "the following arguments are required: DIR"),
        (["fly"], "invalid choice: 'fly'"),
        (["bench", "fly"], "invalid choice: 'fly'"),
        *(([*command, "--fly"], "unrecognized arguments: --fly") for command in (SERVE, STATUS, CHECK, INIT)),
        ([*SERVE, "extra"], "unrecognized arguments: extra"),
        ([*SERVE, "--data"], "argument --data: expected one argument"),
        *(
            ([*command, "--port", text], f"argument --port: '{text}' is no port number (0 to 65535)")
            for command in (SERVE, INIT)
            for text in ("65536", "x", "1.5", "", "٣")
        ),
        ([*SERVE, "--port=-1"], "'-1' is no port number"),
        *(([*INIT, "--scale", text], f"'{text}' is no whole number from 1") for text in ("0", "x", "1.5")),
        ([*INIT, "--scale=-1"], "'-1' is no whole number from 1"),
        *(
            ([*SERVE, "--lead-share", text], f"'{text}' is no percentage of more than half (51 to 100), nor 0")
            for text in ("50", "101", "x", "7.5", "")
        ),
        (["adjudicators", "move", "adj-0"], "the following arguments are required: WHERE"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(
    argv: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(argv)
    said = capsys.readouterr()
    assert exit_.value.code == 2
    assert said.out == ""
    assert complaint in said.err
    assert said.err.startswith("daybreak")
    assert said.err.count("\n") == 1
    assert said.err.endswith(" --help\n")


def test_what_belongs_to_one_region_is_refused_for_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--regions", "2", "--processes", "apart", "--data", str(tmp_path / "d")]) == 1
    assert capsys.readouterr().err == (
        "daybreak: --processes, --listen and --peer are for one region; leave them out with --regions\n"
    )
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("5432", 5432), ("65535", 65535)])
def test_every_port_is_a_port(text: str, number: int) -> None:
    assert port(text) == number


def test_a_number_of_absurd_length_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in ([*SERVE, "--port", "9" * 5_000], [*INIT, "--scale", "9" * 5_000]):
        with pytest.raises(SystemExit) as exit_:
            main(argv)
        assert exit_.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_scale_counts_from_one() -> None:
    assert positive("1") == 1
    with pytest.raises(argparse.ArgumentTypeError):
        positive("0")


@pytest.mark.parametrize(
    ("argv", "run", "values"),
    [
        (SERVE, serve.run, {"port": 5432, "data": Path(".daybreak"), "trace": None, "monitor": False}),
        (
            [*SERVE, "--port", "0", "--data", "d", "--trace", "t", "--monitor"],
            serve.run,
            {"port": 0, "data": Path("d"), "trace": Path("t"), "monitor": True},
        ),
        (STATUS, status.run, {"data": Path(".daybreak"), "json": False}),
        ([*STATUS, "--json"], status.run, {"json": True}),
        (CHECK, check.run, {"directory": Path("DIR"), "json": None, "html": None}),
        (INIT, bench.run_init, {"scale": 1, "data": Path(".daybreak"), "port": None}),
        ([*INIT, "--scale", "7"], bench.run_init, {"scale": 7}),
    ],
)
def test_each_command_is_carried_out_by_its_function(
    argv: Sequence[str], run: object, values: dict[str, object]
) -> None:
    arguments = vars(build().parse_args(argv))
    assert arguments["run"] is run
    assert {name: arguments[name] for name in values} == values


def test_an_error_is_one_line_with_its_hint_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: argparse.Namespace) -> int:
        raise RequestError("it does not work", hint="try something else")

    monkeypatch.setattr(status, "run", fail)
    assert main(["status"]) == 1
    assert capsys.readouterr().err == "daybreak: it does not work (try something else)\n"


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(arguments: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "run", interrupted)
    assert main(["status"]) == 130
    assert capsys.readouterr().err == ""


def test_the_options_of_modelcheck_are_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["modelcheck", "--help"])
    assert exit_.value.code == 0
    assert "daybreak modelcheck" in capsys.readouterr().out


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 14))
    assert main(["status"]) == 2
    assert capsys.readouterr().err == "daybreak: needs Python 3.11 or newer, this is 3.10\n"


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "daybreak", "--help"], capture_output=True, text=True, check=True)
    assert all(command in done.stdout for command in ("serve", "status", "check", "modelcheck", "bench"))


@pytest.mark.parametrize(
    ("text", "host", "number"), [("h:1", "h", 1), ("10.0.0.1:7000", "10.0.0.1", 7000), ("[::1]:65535", "::1", 65535)]
)
def test_an_address_is_a_host_and_a_port(text: str, host: str, number: int) -> None:
    assert address(text) == (host, number)
    assert peer(f"A2={text}") == ("A2", (host, number))


@pytest.mark.parametrize("text", ["", "h", ":1", "h:", "h:0", "h:65536", "h:x", "A1=h", "=h:1", "A9=h:1", "h:1=A1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    for read in (address, peer):
        with pytest.raises(argparse.ArgumentTypeError):
            read(text)
