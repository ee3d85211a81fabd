"""Every cell of the conflict table (P10) between two sessions: who commits second loses, or does not."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.support.conflict_pairs import BESIDE, COMPLEX, FILL, SIMPLE, TABLES
from tests.support.conflict_table import CONFLICTING
from tests.support.server import Server

Connection = psycopg.Connection[tuple[object, ...]]

ALL = {**SIMPLE, **COMPLEX}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("matrix") / "data") as running:
        with running.connect() as admin:
            for sql in (*TABLES, *FILL):
                admin.execute(sql)
        yield running


@pytest.fixture(scope="module")
def sessions(cluster: Server) -> Iterator[tuple[Connection, Connection]]:
    with cluster.connect(autocommit=False) as one, cluster.connect(autocommit=False) as two:
        yield one, two


def meet(one: Connection, first: str, two: Connection, second: str) -> str | None:
    """Both sessions run, `two` commits, then `one`; how the latter fails: its SQLSTATE and message."""
    one.execute(first)
    two.execute(second)
    two.commit()
    try:
        one.commit()
    except psycopg.Error as error:
        return f"{error.sqlstate} {error.diag.message_primary}"
    return None


OC000 = "40001 change conflicts with another transaction (OC000)"


@pytest.mark.parametrize("wanted", ALL)
def test_the_second_to_commit_loses_exactly_where_the_classes_conflict(
    sessions: tuple[Connection, Connection], wanted: str
) -> None:
    one, two = sessions
    row = 1 + len(ALL) * list(ALL).index(wanted)
    # Simple statements meet all, complex ones meet the simple ones.
    for committed in ALL if wanted in SIMPLE else SIMPLE:
        row += 1
        mine, theirs = ALL[wanted], ALL[committed]
        one.execute(BESIDE.format(id=row))
        two.execute(BESIDE.format(id=row + 1))
        told = meet(one, mine[1].format(id=row), two, theirs[1].format(id=row))
        expected = OC000 if (mine[0], theirs[0]) in CONFLICTING else None
        assert told == expected, f"{wanted} after {committed}"


INSERTS = (
    ("INSERT INTO t VALUES (1000, 1000, 0)", "INSERT INTO t VALUES (1000, 1001, 0)", OC000),
    ("INSERT INTO t VALUES (1002, 1002, 0)", "INSERT INTO t VALUES (1003, 1002, 0)", OC000),
    ("INSERT INTO t VALUES (1004, 1004, 0)", "UPDATE t SET u = 1004 WHERE id = 380", OC000),
    ("INSERT INTO t VALUES (1005, 1005, 0)", "UPDATE t SET id = 1005 WHERE id = 381", OC000),
    ("INSERT INTO t VALUES (1006, 1006, 0)", "SELECT * FROM t WHERE id = 1006 FOR UPDATE", None),
    ("INSERT INTO t VALUES (1008, NULL, 0)", "INSERT INTO t VALUES (1009, NULL, 0)", None),
)
"""Two statements that may meet at a key that is not there yet, and what the second to commit is told."""


@pytest.mark.parametrize(("first", "second", "expected"), INSERTS)
def test_inserts_meet_at_every_unique_key(
    sessions: tuple[Connection, Connection], first: str, second: str, expected: str | None
) -> None:
    one, two = sessions
    one.execute(BESIDE.format(id=398))
    two.execute(BESIDE.format(id=399))
    assert meet(one, first, two, second) == expected


def test_locks_alone_are_no_writes_unless_they_are_for_update(sessions: tuple[Connection, Connection]) -> None:
    """P7: FOR KEY SHARE without a write protects nothing that the transaction leaves behind."""
    one, two = sessions
    deletion = "DELETE FROM t WHERE id = {}"
    assert meet(one, "SELECT FROM t WHERE id = 390 FOR KEY SHARE", two, deletion.format(390)) is None
    assert meet(one, "SELECT FROM t WHERE id = 391 FOR UPDATE", two, deletion.format(391)) == OC000
    assert meet(one, deletion.format(392), two, "SELECT FROM t WHERE id = 392 FOR UPDATE") == OC000


def test_write_skew_ends_where_each_locks_what_the_other_writes(sessions: tuple[Connection, Connection]) -> None:
    one, two = sessions
    for sql, expected in (("SELECT", None), ("SELECT FOR UPDATE", OC000)):
        lock = sql.removeprefix("SELECT")
        for session in sessions:
            session.execute(f"SELECT v FROM t WHERE id IN (395, 396){lock}")
        told = meet(one, "UPDATE t SET v = 1 WHERE id = 395", two, "UPDATE t SET v = 1 WHERE id = 396")
        assert told == expected
