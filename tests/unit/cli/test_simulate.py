"""The command `daybreak simulate`: what it says and writes, and how a failure is repeated."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import msgspec
import pytest

from daybreak.cli.main import main
from daybreak.simulation.campaign import Cases, Judged
from daybreak.simulation.case import Case, read_case, write_case
from daybreak.simulation.profiles import draw
from daybreak.simulation.run import Options
from daybreak.simulation.verdict import Verdict
from daybreak.simulation.worker import Orders

UNWELL = "tests.support.trials:unwell"


def test_every_seed_has_a_verdict_and_all_a_sum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    argv = ["simulate", "--seeds", "5..7", "--profile", "disks", "--jobs", "1", "--plant", UNWELL]
    assert main([*argv, "--keep", "kept", "--json", "said.json"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert "seed 7: clean (7 committed, 0 failed, 0 unknown, 2 faults, 1.5 s)" in said
    at = said.index("seed 6: FAILED")
    assert said[at + 1 : at + 4] == [
        "  history: lost update of x",
        f"  again: daybreak simulate --profile disks --seed 6 --plant {UNWELL}",
        "  trace: kept/000001-seed-6",
    ]
    assert any(line.startswith("3 seeds, 1 of them clean; 0.00 simulated hours in ") for line in said)
    assert "transactions: 7 committed, 0 failed, 0 of unknown outcome; 0 messages" in said
    assert "faults: crash 2" in said
    assert any(line.startswith("spec actions: 1 of ") and "never taken: " in line for line in said)
    written = msgspec.json.decode((tmp_path / "said.json").read_bytes())
    assert written["totals"]["seeds"] == 3 and written["totals"]["faults"] == {"crash": 2}
    assert {row["seed"]: len(row["findings"]) for row in written["seeds"]} == {5: 1, 6: 1, 7: 0}


def test_the_file_of_a_case_is_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "case.json"
    write_case(Case(6, Options(clients=1)), file)
    assert main(["simulate", "--options", str(file), "--plant", UNWELL]) == 1
    assert f"  again: daybreak simulate --options {file} --plant {UNWELL}" in capsys.readouterr().out


def four(cases: Cases, orders: Orders, jobs: int, seconds: float | None) -> Generator[Judged]:
    """The first four verdicts of a campaign of a minute; of its cases the even ones come somewhere new."""
    assert orders.states and jobs == 1 and seconds == 60
    for number in range(4):
        case = cases.next_case()
        assert case is not None, "a minute is not over"
        verdict = Verdict(case.seed, states=frozenset({f"commit/n={number - number % 2}"}))
        cases.learn(case, verdict)
        yield Judged(case, verdict, Path("gone"))


def test_a_campaign_of_minutes_keeps_what_came_somewhere_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("daybreak.cli.simulate.judged", four)
    argv = ["simulate", "--minutes", "1", "--seed", "69", "--jobs", "1", "--corpus", str(tmp_path / "corpus")]
    assert main(argv) == 0
    said = capsys.readouterr().out
    assert "abstract states: 2; " in said
    assert "clean (" not in said, "there are too many of them"
    files = sorted((tmp_path / "corpus").iterdir())
    assert len(files) == 2
    assert read_case(files[0]) == Case(69, draw("disks", 69)), "profiles take turns"


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--seed", "x"], "'x' is no seed, a whole number from 0"),
        (["--seeds", "9..3"], "'9..3' is no range of seeds, like 0..299"),
        (["--seeds", "9"], "'9' is no range of seeds, like 0..299"),
        (["--minutes", "0"], "'0' is no number of minutes"),
        (["--minutes", "-1"], "'-1' is no number of minutes"),
        (["--profile", "storm"], "invalid choice: 'storm'"),
        (["--seeds", "1..2", "--minutes", "1"], "not allowed with argument --seeds"),
        (["--jobs", "0"], "'0' is no whole number from 1"),
    ],
)
def test_bad_usage_is_told_in_one_line(argv: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *argv])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1 and complaint in said


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--seed", "1", "--seeds", "1..2"], "--seed N goes with neither --seeds A..B nor --options FILE"),
        (["--corpus", "corpus"], "--corpus DIR goes with --minutes M"),
        (["--plant", "nowhere:f"], "nothing to plant: 'nowhere:f'"),
        (["--options", "none.json"], "none.json: cannot be read: No such file or directory"),
        (["--keep", "full"], "full: has files already; name a new directory with --keep"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    argv: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "full" / "of").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert main(["simulate", *argv]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and complaint in said
