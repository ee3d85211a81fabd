"""`daybreak bench init`: pgbench's tables, each transaction within the limits."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from daybreak.base.limits import MAX_ROWS
from daybreak.cli import bench
from daybreak.cli.bench import script
from daybreak.cli.main import main
from daybreak.query.binaries import Binaries


@cache
def copies(scale: int) -> list[tuple[str, list[str]]]:
    """The COPY statements of a script: table, and rows."""
    found = []
    for text in script(scale):
        first, *rows = text.splitlines()
        if first.startswith("COPY "):
            assert rows.pop() == r"\."
            found.append((first.split()[1], rows))
    return found


def test_no_transaction_has_more_rows_than_the_limit() -> None:
    sizes = [len(rows) for _, rows in copies(2)]
    assert max(sizes) == MAX_ROWS
    assert min(sizes) > 0


@pytest.mark.parametrize("scale", [1, 2])
def test_every_table_has_as_many_rows_as_pgbench_gives_it(scale: int) -> None:
    rows: Counter[str] = Counter()
    for table, batch in copies(scale):
        rows[table] += len(batch)
    assert rows == {
        "pgbench_branches": scale,
        "pgbench_tellers": 10 * scale,
        "pgbench_accounts": 100_000 * scale,
    }


def test_keys_count_from_one_and_every_row_belongs_to_its_branch() -> None:
    for table, size in (("pgbench_tellers", 10), ("pgbench_accounts", 100_000)):
        rows = [row.split("\t") for name, batch in copies(2) if name == table for row in batch]
        assert [int(row[0]) for row in rows] == list(range(1, 2 * size + 1))
        assert [row[1] for row in rows] == ["1"] * size + ["2"] * size


def test_tables_come_before_rows_and_are_made_anew() -> None:
    texts = list(script(1))
    assert [text.startswith("DROP TABLE IF EXISTS") for text in texts[:5]] == [True] * 4 + [False]
    assert sum("CREATE TABLE" in text for text in texts) == 4


def run_with_psql(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command with a psql that is a shell script."""
    psql = tmp_path / "psql"
    psql.write_text(f"#!/bin/sh\n{body}\n")
    psql.chmod(0o755)
    monkeypatch.setattr(bench, "find_binaries", lambda: Binaries(tmp_path))
    return main(["bench", "init", "--port", "5432"])


def test_the_whole_script_goes_through_psql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with_psql(f'echo "$@" > {tmp_path}/args; cat > {tmp_path}/sql', tmp_path, monkeypatch) == 0
    assert (tmp_path / "sql").read_text() == "".join(script(1))
    assert "-v ON_ERROR_STOP=1 -h 127.0.0.1 -p 5432 -U admin -d postgres" in (tmp_path / "args").read_text()
    assert capsys.readouterr().out == "pgbench's tables at scale 1 are ready on port 5432\n"


@pytest.mark.parametrize("reads", [True, False])
def test_what_psql_says_is_wrong_is_said_in_one_line(
    reads: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body = 'echo "psql: NOTICE:  skipping" >&2; echo "psql: ERROR:  no" >&2; echo "LINE 1" >&2; exit 3'
    assert run_with_psql("cat > /dev/null; " * reads + body, tmp_path, monkeypatch) == 1
    assert capsys.readouterr().err == "daybreak: psql on port 5432 failed: psql: ERROR:  no\n"


def test_a_psql_that_says_much_before_it_reads_does_not_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    more_than_a_pipe_holds = "head -c 300000 /dev/zero >&2"
    assert run_with_psql(f"{more_than_a_pipe_holds}; cat > /dev/null", tmp_path, monkeypatch) == 0


def test_a_psql_that_dies_without_a_word_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with_psql("exit 3", tmp_path, monkeypatch) == 1
    assert capsys.readouterr().err == "daybreak: psql on port 5432 failed: no reason given\n"
