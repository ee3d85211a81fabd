"""Which statements are which, and which are refused in which words."""

from __future__ import annotations

import pytest

from daybreak.base.writes import Access
from daybreak.errors import RequestError
from daybreak.query.classify import classify
from daybreak.query.statements import Ddl, DdlKind, Kind, RowLock, Setting, Shape, TableName


def one(text: str) -> Shape:
    (statement,) = classify(text)
    return statement.shape


def bare(*names: str) -> set[TableName]:
    return {TableName(None, name) for name in names}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.EMPTY),
        (" ; -- nothing\n;", Kind.EMPTY),
        ("SELEC 1", Kind.INVALID),
        ("SELECT 'open", Kind.INVALID),
        ("SELECT 1; SELEC 2", Kind.INVALID),
        ("TABLE t", Kind.SELECT),
        ("VALUES (1), (2)", Kind.SELECT),
        ("WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", Kind.DML),
        ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING RETURNING *", Kind.DML),
        ("COPY t FROM STDIN WITH (FORMAT binary)", Kind.COPY_IN),
        ("COPY (SELECT 1) TO STDOUT", Kind.COPY_OUT),
        ("START TRANSACTION ISOLATION LEVEL REPEATABLE READ", Kind.BEGIN),
        ("END", Kind.COMMIT),
        ("ABORT", Kind.ROLLBACK),
        ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", Kind.SET_TRANSACTION),
        ("SET CONSTRAINTS ALL IMMEDIATE", Kind.SET_CONSTRAINTS),
        ("DEALLOCATE ALL", Kind.DEALLOCATE),
        ("EXPLAIN SELECT 1", Kind.EXPLAIN),
    ],
)
def test_kinds(text: str, kind: Kind) -> None:
    assert one(text).kind is kind


def test_the_statements_of_a_text_are_told_apart() -> None:
    first, second = classify("SELECT 'é;'; DELETE FROM t -- end")
    assert (first.sql, first.location, first.kind) == ("SELECT 'é;'", 0, Kind.SELECT)
    assert (second.sql, second.location, second.kind) == ("DELETE FROM t -- end", 13, Kind.DML)


def test_an_invalid_text_is_one_statement_however_many_it_holds() -> None:
    (statement,) = classify("DELETE FROM t; SELEC")
    assert (statement.sql, statement.kind) == ("DELETE FROM t; SELEC", Kind.INVALID)


def test_all_tables_are_named_wherever_they_stand() -> None:
    shape = one(
        "WITH w AS (UPDATE a SET x = (SELECT max(y) FROM b) FROM c WHERE EXISTS (TABLE d) RETURNING *), "
        "v AS (INSERT INTO e SELECT * FROM s.f JOIN g USING (x)) SELECT * FROM w, LATERAL (SELECT * FROM h) AS l"
    )
    assert set(shape.reads) == bare(*"abcdeghw") | {TableName("s", "f")}
    assert set(shape.writes) == bare("a", "e")


def test_explain_carries_its_statement() -> None:
    shape = one("EXPLAIN ANALYZE DELETE FROM t")
    assert (shape.kind, shape.analyze, set(shape.writes)) == (Kind.EXPLAIN, True, bare("t"))
    assert not one("EXPLAIN (ANALYZE false, VERBOSE) DELETE FROM t").analyze
    assert one("EXPLAIN (VERBOSE, ANALYZE) DELETE FROM t").analyze


@pytest.mark.parametrize(
    ("text", "locks"),
    [
        ("SELECT * FROM a, b FOR UPDATE", [("a", Access.WRITE), ("b", Access.WRITE)]),
        ("SELECT * FROM a AS p, a AS q, b FOR KEY SHARE OF q NOWAIT", [("a", Access.SHARE)]),
        ("SELECT * FROM (SELECT * FROM a) AS p JOIN b ON true FOR UPDATE OF p", [("a", Access.WRITE)]),
        ("SELECT 1 WHERE EXISTS (SELECT 1 FROM a FOR UPDATE)", [("a", Access.WRITE)]),
        ("SELECT * FROM a, b FOR UPDATE OF a FOR KEY SHARE OF b", [("a", Access.WRITE), ("b", Access.SHARE)]),
    ],
)
def test_row_locks(text: str, locks: list[tuple[str, Access]]) -> None:
    assert set(one(text).locks) == {RowLock(TableName(None, name), access) for name, access in locks}


def test_commands_are_named_as_postgresql_names_them() -> None:
    assert one("SELECT * FROM a FOR KEY SHARE").command == "SELECT FOR KEY SHARE"
    assert one("COPY t FROM STDIN").command == "COPY FROM"
    assert one("DROP INDEX i").command == "DROP INDEX"


@pytest.mark.parametrize(
    ("text", "kind", "setting"),
    [
        ("SET TimeZone = 'UTC'", Kind.SET, Setting("timezone")),
        ("SET LOCAL search_path TO public, pg_catalog", Kind.SET, Setting("search_path", local=True)),
        ("SET TIME ZONE LOCAL", Kind.RESET, Setting("timezone")),
        ("SET NAMES 'UTF8'", Kind.SET, Setting("client_encoding")),
        ("SET enable_seqscan TO DEFAULT", Kind.RESET, Setting("enable_seqscan")),
        ("RESET ALL", Kind.RESET, Setting("all")),
        ("RESET ROLE", Kind.RESET, Setting("role")),
        ("SHOW server_version", Kind.SHOW, Setting("server_version")),
        ("SET disable_sync_create_index = off", Kind.SET, Setting("disable_sync_create_index", virtual=True)),
    ],
)
def test_settings(text: str, kind: Kind, setting: Setting) -> None:
    shape = one(text)
    assert (shape.kind, shape.setting) == (kind, setting)


def test_begin_tells_whether_it_is_read_only() -> None:
    assert one("BEGIN READ ONLY, ISOLATION LEVEL REPEATABLE READ, DEFERRABLE").read_only
    assert not one("BEGIN READ ONLY, READ WRITE").read_only
    assert not one("BEGIN").read_only


@pytest.mark.parametrize(
    ("text", "ddl"),
    [
        ("CREATE TABLE IF NOT EXISTS t (a int)", Ddl(DdlKind.CREATE_TABLE, (TableName(None, "t"),), lenient=True)),
        ("DROP TABLE a, s.b", Ddl(DdlKind.DROP_TABLE, (TableName(None, "a"), TableName("s", "b")))),
        ("DROP INDEX IF EXISTS i", Ddl(DdlKind.DROP_INDEX, (TableName(None, "i"),), lenient=True)),
    ],
)
def test_definitions(text: str, ddl: Ddl) -> None:
    assert one(text).ddl == ddl


def test_create_index_async_is_taken_out_of_the_text() -> None:
    (statement,) = classify('CREATE UNIQUE INDEX /* é */ aSync "async" ON t (a)')
    assert statement.sql == 'CREATE UNIQUE INDEX /* é */       "async" ON t (a)'
    ddl = statement.shape.ddl
    assert ddl is not None
    assert ddl.unique
    assert ddl.declaration == 'CREATE        INDEX /* é */       "async" ON t (a)'


def test_each_index_of_a_text_must_be_async() -> None:
    first, second = classify("CREATE INDEX ASYNC ON t (async); create index async ON t (a)")
    assert first.sql == "CREATE INDEX       ON t (async)"
    assert second.sql == "create index       ON t (a)"
    with pytest.raises(RequestError, match="please use CREATE INDEX ASYNC"):
        classify("CREATE INDEX ASYNC ON t (a); CREATE INDEX i ON t (a)")


REFUSED = {
    "TRUNCATE t": "unsupported statement: Truncate",
    "CREATE EXTENSION e": "unsupported statement: CreateExtension",
    "CREATE DATABASE d": "unsupported statement: Createdb",
    "CREATE TABLE t AS SELECT 1": "unsupported statement: CreateTableAs",
    "CREATE MATERIALIZED VIEW v AS SELECT 1": "unsupported statement: CreateTableAs",
    "SELECT 1 INTO t": "unsupported statement: CreateTableAs",
    "SELECT 1 INTO t UNION SELECT 2": "unsupported statement: CreateTableAs",
    "CREATE TYPE c AS (a int)": "unsupported statement: CompositeType",
    "CREATE TYPE c AS RANGE (subtype = int)": "unsupported statement: CreateRange",
    "CREATE TABLESPACE s LOCATION '/x'": "unsupported statement: CreateTableSpace",
    "LISTEN c": "unsupported statement: Listen",
    "NOTIFY c": "unsupported statement: Notify",
    "UNLISTEN c": "unsupported statement: Unlisten",
    "ALTER SYSTEM SET a = 1": "unsupported statement: AlterSystem",
    "LOCK TABLE t": "unsupported statement: Lock",
    "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE": "unsupported statement type: MERGE",
    "WITH m AS (MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE RETURNING 1) SELECT 1":
        "unsupported statement type: MERGE",
    "CREATE TRIGGER r AFTER INSERT ON t EXECUTE FUNCTION f()": "CREATE TRIGGER not supported",
    "CREATE TEMP TABLE t (a int)": "TEMPORARY or TEMP table not supported for CREATE TABLE",
    "CREATE TABLE pg_temp.t (a int)": "TEMPORARY or TEMP table not supported for CREATE TABLE",
    "CREATE UNLOGGED TABLE t (a int)": "UNLOGGED table not supported for CREATE TABLE",
    "CREATE TYPE e AS ENUM ('a')": "CREATE TYPE not supported",
    "ALTER TYPE e ADD VALUE 'b'": "ALTER TYPE not supported",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'x'":
        "CREATE FUNCTION with language plpgsql not supported",
    "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'": "PROCEDURE is not supported",
    "VACUUM t": "unsupported VACUUM statement",
    "ALTER TABLE t RENAME TO u": "unsupported object in RENAME statement",
    "DROP TYPE e": "unsupported object in DROP statement",
    "SELECT a COLLATE \"en_US\" FROM t": "COLLATE clause not supported",
    "CREATE TABLE t (a text COLLATE \"C\")": "COLLATE clause not supported",
    "SELECT * FROM t TABLESAMPLE SYSTEM (1)": "TABLESAMPLE clause not supported",
    "ALTER TABLE t ALTER COLUMN a TYPE bigint": "unsupported ALTER TABLE ALTER COLUMN ... SET DATA TYPE statement",
    "ALTER TABLE t ADD UNIQUE (a)": "unsupported ALTER TABLE ADD CONSTRAINT statement",
    "CREATE INDEX i ON t (a)": "unsupported mode. please use CREATE INDEX ASYNC.",
    "CREATE INDEX CONCURRENTLY i ON t (a)": "CONCURRENTLY not supported for CREATE INDEX",
    "CREATE INDEX ASYNC i ON t (a DESC)": "specifying sort order not supported for index keys",
    "CREATE INDEX ASYNC i ON t (a text_pattern_ops)": "opclass not supported for index keys",
    "CREATE INDEX ASYNC i ON t USING gin (a)": "USING, WITH and TABLESPACE not supported for CREATE INDEX",
    "CREATE UNIQUE INDEX ASYNC i ON t (lower(a))":
        "partial or expression index not supported for CREATE UNIQUE INDEX",
    "CREATE UNIQUE INDEX ASYNC i ON t (a) WHERE a > 1":
        "partial or expression index not supported for CREATE UNIQUE INDEX",
    "SELECT * FROM t FOR SHARE": "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported",
    "SELECT * FROM t FOR NO KEY UPDATE": "locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported",
    "SAVEPOINT s": "unsupported transaction statement: SAVEPOINT",
    "RELEASE s": "unsupported transaction statement: RELEASE",
    "ROLLBACK TO s": "unsupported transaction statement: ROLLBACK TO",
    "COMMIT AND CHAIN": "unsupported transaction statement: AND CHAIN",
    "PREPARE TRANSACTION 'x'": "unsupported transaction statement: PREPARE TRANSACTION",
    "BEGIN ISOLATION LEVEL SERIALIZABLE": "Unsupported isolation level: SERIALIZABLE",
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED": "Unsupported isolation level: READ COMMITTED",
    "SET TRANSACTION READ ONLY": 'setting configuration parameter "TRANSACTION" not supported',
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY":
        'setting configuration parameter "SESSION CHARACTERISTICS" not supported',
    "SET statement_timeout = 1": 'setting configuration parameter "statement_timeout" not supported',
    "SET standard_conforming_strings = off":
        'setting configuration parameter "standard_conforming_strings" not supported',
    "SET session_replication_role = replica":
        'setting configuration parameter "session_replication_role" not supported',
    "RESET session_replication_role": 'setting configuration parameter "session_replication_role" not supported',
    "SET ROLE postgres": 'setting configuration parameter "role" not supported',
    "SET SESSION AUTHORIZATION postgres": 'setting configuration parameter "session_authorization" not supported',
    "SET client_encoding = latin1": "client_encoding other than UTF8 not supported",
    "DISCARD ALL": "unsupported statement: Discard",
    "PREPARE p AS SELECT 1": "unsupported statement: Prepare",
    "EXECUTE p": "unsupported statement: Execute",
    "DEALLOCATE p": "DEALLOCATE of one prepared statement not supported. please use DEALLOCATE ALL.",
    "DECLARE c CURSOR FOR SELECT 1": "unsupported statement: DeclareCursor",
    "UPDATE t SET a = 1 WHERE CURRENT OF c": "WHERE CURRENT OF not supported",
    "DO 'BEGIN END'": "unsupported statement: Do",
    "CALL p()": "unsupported statement: Call",
    "CREATE VIEW v AS SELECT 1": "unsupported statement: View",
    "CREATE SEQUENCE s": "unsupported statement: CreateSeq",
    "CREATE ROLE r": "unsupported statement: CreateRole",
    "GRANT SELECT ON t TO r": "unsupported statement: Grant",
    "COPY t FROM '/etc/passwd'":
        "COPY from or to a file or program not supported. please use STDIN or STDOUT.",
    "COPY t TO PROGRAM 'rm'": "COPY from or to a file or program not supported. please use STDIN or STDOUT.",
    "CREATE TABLE t (a int REFERENCES u)": "FOREIGN KEY constraint not supported",
    "CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES u)": "FOREIGN KEY constraint not supported",
    "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)": "identity column not supported",
    "CREATE TABLE t (a int, EXCLUDE (a WITH =))": "EXCLUDE constraint not supported",
    "CREATE TABLE t (a int UNIQUE DEFERRABLE)": "DEFERRABLE constraint not supported",
    "CREATE TABLE t (a int, UNIQUE (a) INITIALLY DEFERRED)": "DEFERRABLE constraint not supported",
    "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a) VIRTUAL)": "VIRTUAL generated column not supported",
    "CREATE TABLE t (a int, PRIMARY KEY (a) WITH (fillfactor = 10))":
        "index parameters not supported for constraints",
    "CREATE TABLE t (a int) INHERITS (u)": "INHERITS not supported for CREATE TABLE",
    "CREATE TABLE t (a int) PARTITION BY RANGE (a)": "PARTITION BY not supported for CREATE TABLE",
    "CREATE TABLE t PARTITION OF u DEFAULT": "INHERITS not supported for CREATE TABLE",
    "CREATE TABLE t (a int) WITH (fillfactor = 10)": "WITH not supported for CREATE TABLE",
    "CREATE TABLE t (a int) ON COMMIT DROP": "ON COMMIT not supported for CREATE TABLE",
    "CREATE TABLE t (a int DEFAULT nextval('s'))": "function nextval not supported",
    "SELECT set_config('role', 'x', false)": "function set_config not supported",
    "SELECT * FROM pg_catalog.pg_read_file('/etc/passwd')": "function pg_read_file not supported",
    "INSERT INTO t SELECT 1 WHERE pg_terminate_backend(1)": "function pg_terminate_backend not supported",
    "COPY (SELECT query_to_xml('TABLE t', true, true, '')) TO STDOUT": "function query_to_xml not supported",
    "EXPLAIN EXECUTE p": "unsupported statement: Execute",
    "SELECT xmlelement(name a)": "unsupported expression: XmlExpr",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_refusals(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        classify(text)
    assert (caught.value.sqlstate, caught.value.message) == ("0A000", REFUSED[text])


@pytest.mark.parametrize(
    ("text", "sqlstate", "message"),
    [
        ("CREATE TABLE t (a bigserial)", "42704", 'type "bigserial" does not exist'),
        ("SELECT * FROM daybreak.t", "3F000", 'schema "daybreak" does not exist'),
        ("SELECT daybreak.f()", "3F000", 'schema "daybreak" does not exist'),
        ("SELECT 1::daybreak.t", "3F000", 'schema "daybreak" does not exist'),
        ("COPY daybreak.t FROM STDIN", "3F000", 'schema "daybreak" does not exist'),
        ("SET search_path = public, daybreak", "3F000", 'schema "daybreak" does not exist'),
        ("SET search_path = pg_temp", "3F000", 'schema "pg_temp" does not exist'),
        ("SELECT '\0'", "22021", 'invalid byte sequence for encoding "UTF8": 0x00'),
    ],
)
def test_other_refusals(text: str, sqlstate: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        classify(text)
    assert (caught.value.sqlstate, caught.value.message) == (sqlstate, message)


@pytest.mark.parametrize("chain", ["+1", "::a", " OR true AND 1", "||x", " UNION SELECT 1", " JOIN t ON true"])
def test_long_chains_are_understood_or_refused_and_never_end_the_process(chain: str) -> None:
    text = "SELECT 1 FROM t" if "JOIN" in chain else "SELECT 1"
    assert one(text + chain * 1_000).kind is Kind.SELECT
    if "AND" not in chain:
        with pytest.raises(RequestError, match="stack depth limit exceeded") as caught:
            classify(text + chain * 120_000)
        assert caught.value.sqlstate == "54001"


def test_one_refused_statement_refuses_the_text() -> None:
    with pytest.raises(RequestError):
        classify("DELETE FROM t; TRUNCATE t")


def test_what_psql_asks_is_allowed() -> None:
    classify(
        "SELECT 1 FROM pg_catalog.pg_class WHERE relname OPERATOR(pg_catalog.~) '^(t)$' COLLATE pg_catalog.default"
    )
