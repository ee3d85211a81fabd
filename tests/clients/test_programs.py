"""psql and pgbench, as they come with PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from daybreak.query.binaries import find_binaries
from tests.support.sql_server import SqlServer


def run(server: SqlServer, program: str, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    connection = ["-h", "127.0.0.1", "-p", str(server.router.port), "-U", "admin"]
    return subprocess.run(
        [str(find_binaries().program(program)), *connection, *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
        check=False,
    )


def psql(server: SqlServer, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return run(server, "psql", "-X", "-d", "postgres", *arguments, text=text)


def test_psql_describes_tables(server: SqlServer) -> None:
    psql(server, "-c", "CREATE TABLE t (id int PRIMARY KEY, name text UNIQUE, CHECK (id > 0))")
    listed = psql(server, "-c", r"\dt")
    assert "public | t    | table | admin" in listed.stdout
    described = psql(server, "-c", r"\d t")
    assert '"t_pkey" PRIMARY KEY, btree (id)' in described.stdout
    assert '"t_name_key" UNIQUE CONSTRAINT, btree (name)' in described.stdout
    assert "t_id_check" in described.stdout
    schemas = psql(server, "-A", "-t", "-c", r"\dn").stdout.splitlines()
    assert [line.split("|")[0] for line in schemas] == ["public", "sys"]
    for command in (r"\d", r"\di+", r"\df", r"\dT", r"\du", r"\dx", r"\conninfo", r"\sf nothing"):
        assert "internal error" not in psql(server, "-c", command).stderr


def test_psql_script_with_copy_and_variables(server: SqlServer) -> None:
    script = r"""
\set ON_ERROR_STOP on
CREATE TABLE t (id int PRIMARY KEY, v text);
\copy t FROM stdin
1	one
2	two
\.
COPY t FROM STDIN (FORMAT csv);
3,three
\.
BEGIN;
UPDATE t SET v = upper(v) WHERE id = 1 RETURNING v;
COMMIT;
SELECT string_agg(v, ',' ORDER BY id) FROM t \gset all_
\echo :all_string_agg
\copy (SELECT id FROM t ORDER BY id) TO stdout
SELECT $1::int + 1 \bind 41 \g
"""
    done = psql(server, "-qAt", text=script)
    assert done.stderr == ""
    assert done.stdout.split() == ["ONE", "ONE,two,three", "1", "2", "3", "42"]


def test_psql_single_transaction_stops_at_an_error(server: SqlServer) -> None:
    psql(server, "-c", "CREATE TABLE t (id int PRIMARY KEY)")
    failed = psql(server, "-1", "-v", "ON_ERROR_STOP=1", text="INSERT INTO t VALUES (1);\nSELECT 1/0;\n")
    assert failed.returncode == 3
    assert "division by zero" in failed.stderr
    assert psql(server, "-Atc", "SELECT count(*) FROM t").stdout == "0\n"


TABLES = (
    "CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88))",
    "CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84))",
    "CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84))",
    "CREATE TABLE pgbench_history (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tid int, bid int, aid int, "
    "delta int, mtime timestamp, filler char(22))",
    "INSERT INTO pgbench_branches VALUES (1, 0)",
    "INSERT INTO pgbench_tellers SELECT g, 1, 0 FROM generate_series(1, 10) g",
    "INSERT INTO pgbench_accounts SELECT g, 1, 0 FROM generate_series(1, 1000) g",
)
TPCB = r"""
\set aid random(1, 1000)
\set tid random(1, 10)
\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = 1;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, 1, :aid, :delta, CURRENT_TIMESTAMP);
END;
"""


@pytest.mark.parametrize("protocol", ["simple", "extended", "prepared"])
def test_pgbench_loses_nothing_and_no_transaction_fails(server: SqlServer, protocol: str, tmp_path: object) -> None:
    with server.connect() as admin:
        for sql in TABLES:
            admin.execute(sql)
        script = f"{tmp_path}/tpcb.sql"
        with open(script, "w") as file:
            file.write(TPCB)
        done = run(
            server, "pgbench", "-n", "-M", protocol, "-c", "4", "-t", "15", "--max-tries=1000", "-f", script, "postgres"
        )
        assert done.returncode == 0, done.stderr
        assert "number of transactions actually processed: 60/60" in done.stdout
        assert re.search(r"number of failed transactions: 0 ", done.stdout)
        sums = admin.execute(
            "SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(tbalance) FROM pgbench_tellers), "
            "(SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(delta) FROM pgbench_history), "
            "(SELECT count(*) FROM pgbench_history)"
        ).fetchone()
        assert sums is not None
        assert len(set(sums[:4])) == 1
        assert sums[4] == 60
