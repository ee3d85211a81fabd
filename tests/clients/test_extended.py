"""The extended protocol, message by message."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import psycopg
import pytest

from daybreak.query import pgmessages as pg
from tests.support.raw_client import FLUSH, SYNC, RawClient, bind, execute, kinds, rows, sqlstate
from tests.support.sql_server import SqlServer

DESCRIBE_PORTAL = pg.describe(b"P", b"")
INT4 = 23


@pytest.fixture
def raw(server: SqlServer) -> Iterator[RawClient]:
    with RawClient(server.router.port) as client:
        client.ask(pg.query(b"CREATE TABLE t (id int PRIMARY KEY, v int)"))
        client.ask(pg.query(b"INSERT INTO t SELECT g, g * 10 FROM generate_series(1, 5) g"))
        yield client


def parse(sql: str, name: bytes = b"", *oids: int) -> bytes:
    return pg.parse(name, sql.encode(), oids)


def test_a_series_is_answered_in_order(raw: RawClient) -> None:
    said = raw.ask(parse("SELECT v FROM t WHERE id = $1"), bind(values=(b"2",)), DESCRIBE_PORTAL, execute(), SYNC)
    assert kinds(said) == b"12TDCZ"
    assert rows(said) == [("20",)]


def test_binary_values_pass_through_untouched(raw: RawClient) -> None:
    value = struct.pack("!i", 3)
    said = raw.ask(parse("SELECT v FROM t WHERE id = $1"), bind(values=(value,), form=1, result=1), execute(), SYNC)
    assert kinds(said) == b"12DCZ"
    assert said[2][-4:] == struct.pack("!i", 30)


def test_types_that_were_described_tell_which_rows_are_needed(server: SqlServer, raw: RawClient) -> None:
    raw.ask(parse("SELECT v FROM t WHERE id = $1 OR id = $1", b"s"), pg.describe(b"S", b"s"), SYNC)
    server.store.reads.clear()
    assert kinds(raw.ask(bind(statement=b"s", values=(struct.pack("!i", 3),), form=1), execute(), SYNC)) == b"2DCZ"
    assert not [read for read in server.store.reads if isinstance(read, tuple)]


def test_describe_statement_and_flush(raw: RawClient) -> None:
    raw.send(parse("SELECT v, id FROM t WHERE id = $1", b"s"), pg.describe(b"S", b"s"), FLUSH)
    assert raw.receive_kinds(3) == b"1tT"
    raw.send(bind(statement=b"s", values=(b"1",)), FLUSH)
    assert raw.receive_kinds(1) == b"2"
    said = raw.ask(execute(), SYNC)
    assert (kinds(said), rows(said)) == (b"DCZ", [("10", "1")])
    said = raw.ask(pg.describe(b"S", b"s"), pg.close(b"S", b"s"), pg.close(b"S", b"never"), SYNC)
    assert kinds(said) == b"tT33Z"
    assert sqlstate(raw.ask(bind(statement=b"s", values=(b"1",)), SYNC)) == "26000"


def test_an_error_skips_to_sync(raw: RawClient) -> None:
    said = raw.ask(
        parse("INSERT INTO t VALUES (6, 60)"), bind(), execute(),
        parse("SELECT 1 / (v - 10) FROM t WHERE id = $1"), bind(values=(b"1",)), execute(),
        parse("SELECT 1"), bind(), execute(), pg.query(b"SELECT 2"), SYNC,
    )  # fmt: skip
    assert kinds(said) == b"12C12EZ"
    assert sqlstate(said) == "22012"
    assert said[-1] == pg.ready_for_query(b"I")
    assert rows(raw.ask(pg.query(b"SELECT count(*) FROM t"))) == [("5",)]  # one implicit transaction up to Sync


def test_errors_of_ours_come_after_what_was_put_off(raw: RawClient) -> None:
    said = raw.ask(parse("SELECT 1", b"good"), parse("TRUNCATE t"), bind(), SYNC)
    assert (kinds(said), sqlstate(said)) == (b"1EZ", "0A000")
    said = raw.ask(parse("SELECT nothing FROM t", b"bad"), parse("TRUNCATE t"), SYNC)
    assert (kinds(said), sqlstate(said)) == (b"EZ", "42703")
    said = raw.ask(bind(statement=b"bad"), SYNC)
    assert pg.error_fields(said[0][5:])["M"] == 'prepared statement "bad" does not exist'
    assert kinds(raw.ask(bind(statement=b"good"), execute(), SYNC)) == b"2DCZ"


@pytest.mark.parametrize(
    ("messages", "state"),
    [
        ((parse("SELECT 1; SELECT 2"),), "42601"),
        ((parse("SELECT 1", b"s"), parse("SELECT 1", b"s")), "42P05"),
        ((execute(b"p"),), "34000"),
        ((DESCRIBE_PORTAL,), "34000"),
        ((parse("SELECT 1"), bind(b"p"), bind(b"p")), "42P03"),
        ((parse("SELECT $1::int"), bind(values=(b"x",)), execute()), "22P02"),
        ((parse("SELECT $1::int"), bind(), execute()), "08P01"),
        ((parse("SELEC 1"),), "42601"),
        ((parse("SELECT '\udcff'".encode("utf-8", "surrogateescape").decode("latin-1")),), None),
    ],
)
def test_errors(raw: RawClient, messages: tuple[bytes, ...], state: str | None) -> None:
    said = raw.ask(*messages, SYNC)
    assert sqlstate(said) == state
    assert said[-1] == pg.ready_for_query(b"I")
    assert rows(raw.ask(pg.query(b"SELECT 1"))) == [("1",)]


def test_portals_give_their_rows_in_parts(raw: RawClient) -> None:
    raw.ask(pg.query(b"BEGIN"))
    raw.ask(parse("SELECT id FROM t ORDER BY id", b"s"), bind(b"p", b"s"), bind(b"q", b"s"), SYNC)
    said = raw.ask(execute(b"p", 2), SYNC)
    assert (kinds(said), rows(said)) == (b"DDsZ", [("1",), ("2",)])
    said = raw.ask(execute(b"q", 5), execute(b"p", 2), execute(b"q", 5), SYNC)
    assert (kinds(said), rows(said)[5:]) == (b"DDDDDsDDsCZ", [("3",), ("4",)])
    assert said[-2] == pg.command_complete("SELECT 0")
    said = raw.ask(execute(b"p", 0), execute(b"p", 0), SYNC)
    assert kinds(said) == b"DCCZ"
    assert said[1:3] == [pg.command_complete("SELECT 1"), pg.command_complete("SELECT 0")]
    raw.ask(pg.query(b"COMMIT"))
    assert sqlstate(raw.ask(execute(b"p"), SYNC)) == "34000"


def test_dml_runs_once_per_portal(raw: RawClient) -> None:
    said = raw.ask(parse("UPDATE t SET v = 0 WHERE id = 1"), bind(), execute(), execute(), SYNC)
    assert (kinds(said), sqlstate(said)) == (b"12CEZ", "55000")
    said = raw.ask(parse("DELETE FROM t WHERE id < 4 RETURNING id"), bind(), execute(limit=2), execute(), SYNC)
    assert kinds(said) == b"12DDsDCZ"
    assert said[-2] == pg.command_complete("DELETE 3")
    assert rows(raw.ask(pg.query(b"SELECT count(*) FROM t"))) == [("2",)]


def test_two_portals_bound_before_either_runs(raw: RawClient) -> None:
    said = raw.ask(
        parse("SELECT v FROM t WHERE id = $1", b"s"), bind(b"p", b"s", (b"1",)), bind(b"q", b"s", (b"2",)),
        pg.describe(b"P", b"p"), execute(b"p"), execute(b"q"), SYNC,
    )  # fmt: skip
    assert kinds(said) == b"122TDCDCZ"
    assert rows(said) == [("10",), ("20",)]


def test_transaction_control_and_ddl_in_the_extended_protocol(raw: RawClient) -> None:
    said = raw.ask(parse("BEGIN"), bind(), DESCRIBE_PORTAL, execute(), SYNC)
    assert (kinds(said), said[-1]) == (b"12nCZ", pg.ready_for_query(b"T"))
    said = raw.ask(parse("CREATE TABLE s (id int PRIMARY KEY)"), pg.describe(b"S", b""), bind(), execute(), SYNC)
    assert kinds(said) == b"1tn2CZ"
    said = raw.ask(parse("COMMIT"), bind(), execute(), parse("CREATE INDEX ASYNC ON t (v)"), bind(), DESCRIBE_PORTAL,
                   execute(), SYNC)  # fmt: skip
    assert kinds(said) == b"12C12TDCZ"
    assert kinds(raw.ask(parse(" ; "), bind(), DESCRIBE_PORTAL, execute(), SYNC)) == b"12nIZ"
    assert kinds(raw.ask(parse("SHOW timezone"), bind(), execute(), SYNC)) == b"12DCZ"
    assert kinds(raw.ask(parse("SET timezone = 'Asia/Tokyo'"), bind(), execute(), SYNC)) == b"12CSZ"


def test_a_conflict_at_sync_takes_the_result_back(server: SqlServer, raw: RawClient) -> None:
    raw.send(parse("UPDATE t SET v = v + 1 WHERE id = 1"), bind(), execute(), FLUSH)
    assert raw.receive_kinds(3) == b"12C"
    with server.connect() as other:
        other.execute("UPDATE t SET v = 0 WHERE id = 1")
    said = raw.ask(SYNC)
    assert (kinds(said), sqlstate(said)) == (b"EZ", "40001")


def test_a_result_is_sent_after_its_commit_only(server: SqlServer, raw: RawClient) -> None:
    with server.connect() as other:
        raw.ask(parse("UPDATE t SET v = v + 1 WHERE id = $1", b"s", INT4), SYNC)
        # Both series are read by the server before either commits: the loser's CommandComplete must not be seen.
        raw.send(pg.query(b"BEGIN"), pg.query(b"SELECT 1"), parse("COMMIT", b"c"), SYNC)
        for _ in range(3):
            raw.until_ready()
        raw.ask(bind(statement=b"s", values=(b"1",)), execute(), SYNC)
        other.execute("UPDATE t SET v = 0 WHERE id = 1")
        said = raw.ask(bind(statement=b"c"), execute(), SYNC)
        assert (kinds(said), sqlstate(said)) == (b"2EZ", "40001")


def test_the_unnamed_statement_ends_with_a_query_message(raw: RawClient) -> None:
    raw.ask(parse("SELECT 1"), SYNC)
    raw.ask(pg.query(b"SELECT 2"))
    assert sqlstate(raw.ask(bind(), SYNC)) == "26000"


def test_deallocate_all(raw: RawClient) -> None:
    raw.ask(parse("SELECT 1", b"s"), SYNC)
    raw.ask(pg.query(b"DEALLOCATE ALL"))
    assert sqlstate(raw.ask(bind(statement=b"s"), SYNC)) == "26000"
    assert kinds(raw.ask(parse("SELECT 1", b"s"), bind(statement=b"s"), execute(), SYNC)) == b"12DCZ"


def test_a_statement_that_runs_twice_is_answered_once(raw: RawClient) -> None:
    sql = (
        "INSERT INTO t SELECT id, 7 FROM (VALUES (floor(random())::int + 1), (6)) x (id) "
        "ON CONFLICT (id) DO UPDATE SET v = excluded.v RETURNING id, v"
    )
    said = raw.ask(parse(sql, b"s"), bind(statement=b"s"), DESCRIBE_PORTAL, execute(), SYNC)
    assert kinds(said) == b"12TDDCZ"
    assert rows(said) == [("1", "7"), ("6", "7")]


def test_function_call_is_refused(raw: RawClient) -> None:
    said = raw.ask(pg.message(b"F", b"\0\0\0\0\0\0\0\0\0\0"))
    assert (kinds(said), sqlstate(said)) == (b"EZ", "0A000")


def test_psycopg_prepared_binary_and_pipeline(server: SqlServer, raw: RawClient) -> None:
    with server.connect(autocommit=False) as client:
        with client.pipeline():
            cursors = [client.execute("SELECT v FROM t WHERE id = %s", (n,), prepare=True) for n in (1, 2, 3)]
            client.execute("INSERT INTO t VALUES (%s, %s)", (9, 90))
        assert [cursor.fetchall() for cursor in cursors] == [[(10,)], [(20,)], [(30,)]]
        client.commit()
        for _ in range(8):  # past psycopg's threshold for preparing
            found = client.execute("SELECT v, v::numeric, 'x'::text FROM t WHERE id = %s", (9,), binary=True).fetchall()
            assert found == [(90, 90, "x")]
        with pytest.raises(psycopg.errors.DivisionByZero), client.pipeline():
            client.execute("INSERT INTO t VALUES (10, 1)")
            client.execute("SELECT 1 / %s", (0,))
        client.rollback()
        assert client.execute("SELECT count(*) FROM t").fetchone() == (6,)
