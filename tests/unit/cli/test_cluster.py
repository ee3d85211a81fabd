"""`daybreak cluster`: what is said when a cluster is made and renewed, and what is no cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.cli.main import main

TWO = ["--region", "A=10.0.0.1:7000", "--region", "B=10.0.0.2:7000", "--region", "W=10.0.0.3:7000"]


def test_a_cluster_is_made_and_its_certificates_renewed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = tmp_path / "c"
    assert main(["cluster", "init", str(made), *TWO, "--port", "6000", "--days", "10"]) == 0
    first, *machines, take, keep = capsys.readouterr().out.splitlines()
    assert first.startswith("cluster ") and "its certificates are good until 20" in first
    assert machines == [
        f"{made}/A: A at 10.0.0.1:7000, A1 at 10.0.0.1:7001",
        f"{made}/B: B at 10.0.0.2:7000, B1 at 10.0.0.2:7001",
        f"{made}/W: W1 at 10.0.0.3:7000",
    ]
    assert take == "take each directory to its machine, and run there: daybreak node --config NAME/daybreak.toml"
    assert keep.startswith(f"keep {made}/ca.key where nobody gets it")
    assert 'clients = "127.0.0.1:6000"' in (made / "A" / "daybreak.toml").read_text()
    assert main(["cluster", "renew", str(made)]) == 0
    renewed = capsys.readouterr().out.splitlines()
    assert [line.partition(", good until")[0] for line in renewed[:3]] == [
        f"{made}/A/tls: A, A1",
        f"{made}/B/tls: B, B1",
        f"{made}/W/tls: W1",
    ]


@pytest.mark.parametrize(
    ("argv", "code", "complaint"),
    [
        ([], 1, "--region names nothing; a cluster has A, or A, B and W, the witness"),
        ([*TWO, "--region", "A=h:1"], 1, "--region A is there more than once"),
        (["--region", "C=h:1"], 2, "'C=h:1' names none of A, B, W as NAME=HOST:PORT"),
        (["--region", "A=h"], 2, "'h' is no address of the form HOST:PORT"),
        (["--zone", "A=h:1"], 2, "'A=h:1' names none of A1, A2, A3, B1, W1 as NAME=HOST:PORT"),
        ([*TWO, "--days", "4000"], 2, "'4000' is more than 3650 days"),
        ([*TWO, "--days", "0"], 2, "'0' is no whole number from 1"),
    ],
)
def test_what_is_no_cluster_is_told_in_one_line(
    argv: list[str], code: int, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        assert main(["cluster", "init", str(tmp_path / "c"), *argv]) == code
    except SystemExit as exit_:
        assert exit_.code == code
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert complaint in said.err
    assert not (tmp_path / "c").exists()
