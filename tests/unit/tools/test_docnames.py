"""Which names are known: for each shape some that exist and some that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.docnames import Repository
from tools.doctext import Mention

ROOT = Path(__file__).parents[3]

EXISTING = [
    *(
        "impl/daybreak/cluster.py",
        "query/processor.py",
        "query/processor.py:20",
        "specs/",
        "specs/*/*.tla",
        "cluster.py",
    ),
    *("cluster.py", "DIR/format.json", "DIR/zones/A1/journal-0", ".daybreak/trace", "A1_adj-0.ndjson"),
    *("A3/adj-1", "A2/journal-0", "A/qp-17", "A/session-3"),
    *("Adjudication!Commit", "SnapshotIsolation!Read", "Commit!Decide"),
    *("query.processor.QueryProcessor.finish", "tracecheck.actions", "daybreak.cluster.ZONES"),
    *("Leader.recovered", "Adjudicator.trace", "Settings.lead_us", "asyncio.Future", "query.processor"),
    *("CommitRequest", "Deliver", "Begin", "Begin(txn, start)", "SnapshotIsolation", "ReadyForQuery"),
    *("take_durable()", "@performs", '@performs("Adjudication!Commit")', "commit_timeout_us", "MAX_ROWS"),
    *("--monitor", "make run", "make run PORT=5433", "pytest tests/repo -n 2"),
    *("daybreak serve --port 0 --monitor", "daybreak bench init --scale 10", "daybreak modelcheck --list"),
    *("python -m tools.actionmap --check", "python -m tracecheck check --spec S --mapping M LOG"),
]

WRONG = [
    *("impl/daybreak/clusters.py", "query/processor.py:9999", "specz/", "specs/*/*.tlb", "nowhere.py"),
    *("DIR/formats.json", ".daybreak/nowhere", "A_adj-7.ndjson"),
    *("A/adj-2", "A4/journal-0"),
    *("Adjudication!Acknowledge", "Adjudications!Commit"),
    *("query.processor.QueryProcessor.finnish", "tracecheck.acts", "daybreak.clusters", "Leader.recovery"),
    *("Settings.no_such_us", "asyncio.Futur", "querys.processor"),
    *("CommitRequested", "Delivers", "Commencing(txn)"),
    *("take_durables()", "@perfroms", "commit_timeouts_us", "MAX_ROW_COUNT"),
    *("--monitors", "make running", "pytest tests/repos"),
    *("daybreak serve --prot 0", "daybreak serf", "daybreak bench unit", "daybreak modelcheck --lists"),
    *("python -m tools.actionmap --chek", "python -m tools.actionmaps", "python -m tracecheck check --spek S"),
]

TEXT = ["SELECT", "FOR KEY SHARE", "floor", "40001", "count(*)", "OC000", "x = 1", "psql -h 127.0.0.1", "<<s, us>>"]


@pytest.fixture(scope="module")
def repository() -> Repository:
    return Repository(ROOT)


def code(text: str, kind: str = "code") -> Mention:
    return Mention(ROOT / "README.md", 1, kind, text)


@pytest.mark.parametrize("name", EXISTING + TEXT)
def test_what_exists_and_what_is_no_name_passes(repository: Repository, name: str) -> None:
    assert repository.knows(code(name))


@pytest.mark.parametrize("name", WRONG)
def test_a_name_of_nothing_is_found(repository: Repository, name: str) -> None:
    assert not repository.knows(code(name))


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("rule", "P7", "P77"),
        ("link", "docs/glossary.md#words", "docs/glossaries.md"),
        ("command", "make run  # serve", "make runs  # serve"),
        ("command", "PORT=1 .venv/bin/daybreak status --json", ".venv/bin/daybreak status --xml"),
    ],
)
def test_links_rules_and_commands(repository: Repository, kind: str, right: str, wrong: str) -> None:
    assert repository.knows(code(right, kind))
    assert not repository.knows(code(wrong, kind))
