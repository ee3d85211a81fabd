"""The views and functions of schema sys, as a client sees them, over a cluster that says what the test wants."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence

import psycopg
import pytest
from psycopg import errors

from daybreak.base.ids import TxnId
from daybreak.base.time import Timestamp
from daybreak.query.insight import Fate, Outcome, moment
from daybreak.query.private_server import PrivateServer
from daybreak.query.sysviews import VIEWS
from tests.support.sql_server import LoopThread, SqlServer, sql_server

Connection = psycopg.Connection[tuple[object, ...]]


class Told:
    """An insight that the test fills."""

    def __init__(self) -> None:
        self.views: dict[str, list[dict[str, object]]] = {}
        self.fates: dict[str, Outcome] = {}
        self.asked: list[str] = []

    async def rows(self, views: Iterable[str]) -> Mapping[str, Sequence[Mapping[str, object]]]:
        return {view: self.views.get(view, []) for view in views}

    async def outcome(self, txn: TxnId) -> Outcome:
        self.asked.append(txn)
        return self.fates.get(txn, Outcome(Fate.UNKNOWN))


@pytest.fixture(scope="module")
def running(private: tuple[LoopThread, PrivateServer]) -> Iterator[tuple[SqlServer, Told]]:
    told = Told()
    with sql_server(*private, insight=told) as server:
        with server.connect() as client:
            client.execute("CREATE TABLE zones (zone text PRIMARY KEY, place text)")
            client.execute("INSERT INTO zones VALUES ('A1', 'here'), ('A2', 'there')")
            client.execute("CREATE TABLE asked (id text PRIMARY KEY, fate text)")
        yield server, told


@pytest.fixture
def client(running: tuple[SqlServer, Told]) -> Iterator[Connection]:
    with running[0].connect() as connection:
        yield connection


@pytest.fixture
def told(running: tuple[SqlServer, Told]) -> Told:
    found = running[1]
    found.views, found.fates, found.asked = {"daybreak_replicas": [dict(REPLICA)]}, {}, []
    return found


REPLICA = {"node": "A1/storage-0", "zone": "A1", "watermark": moment(1_000_001), "keys": 5, "waiting_reads": 0}


def test_rows_are_those_of_the_statements_moment(client: Connection, told: Told) -> None:
    client.execute("BEGIN")
    assert client.execute("SELECT keys, forgotten FROM sys.daybreak_replicas").fetchall() == [(5, None)]
    told.views["daybreak_replicas"].append({**REPLICA, "node": "A2/storage-0", "zone": "A2", "keys": 6})
    assert client.execute("SELECT sum(keys) FROM sys.daybreak_replicas").fetchone() == (11,)
    client.execute("COMMIT")
    told.views.clear()
    assert client.execute("TABLE sys.daybreak_replicas").fetchall() == []


def test_views_take_part_in_queries_like_tables(client: Connection, told: Told) -> None:
    joined = "SELECT place, watermark FROM sys.daybreak_replicas JOIN zones USING (zone) WHERE keys > %s"
    at = datetime.datetime(1970, 1, 1, 0, 0, 1, 1, tzinfo=datetime.UTC)
    assert client.execute(joined, (4,)).fetchall() == [("here", at)]
    assert client.execute(joined, (5,)).fetchall() == []
    client.execute("SET search_path = sys, public")
    for _ in range(7):  # psycopg prepares it on the way
        assert client.execute("SELECT node FROM daybreak_replicas WHERE zone = %s", ("A1",)).fetchone() == (
            "A1/storage-0",
        )
    client.execute("INSERT INTO public.asked SELECT node, zone FROM sys.daybreak_replicas")
    assert client.execute("DELETE FROM public.asked RETURNING fate").fetchall() == [("A1",)]
    with client.cursor().copy("COPY (SELECT node FROM sys.daybreak_replicas) TO STDOUT") as copy:
        assert b"".join(copy) == b"A1/storage-0\n"


def test_columns_are_found_in_the_catalogs(client: Connection) -> None:
    columns = """SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), pg_catalog.col_description(c.oid, a.attnum)
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'sys' AND c.relname = %s AND a.attnum > 0 ORDER BY a.attnum"""  # noqa: E501
    for name, view in VIEWS.items():
        assert client.execute(columns, (name,)).fetchall() == [tuple(column) for column in view.columns]
        described = client.execute(f"SELECT * FROM sys.{name}").description
        assert [column.name for column in described or ()] == [column.name for column in view.columns]
        assert client.execute("SELECT pg_catalog.obj_description(%s::regclass)", (f"sys.{name}",)).fetchone() == (
            view.meaning,
        )


@pytest.mark.parametrize(
    ("sql", "state", "text"),
    [
        ("DELETE FROM sys.daybreak_ranges", "42501", "permission denied for view daybreak_ranges"),
        ("UPDATE sys.daybreak_ranges SET low_key = ''", "42501", "permission denied for view daybreak_ranges"),
        ("INSERT INTO sys.daybreak_ranges VALUES ('')", "42501", "permission denied for view daybreak_ranges"),
        ("COPY sys.daybreak_ranges FROM STDIN", "42501", "permission denied for view daybreak_ranges"),
        ("DROP TABLE sys.daybreak_ranges", "42809", '"daybreak_ranges" is not a table'),
        ("CREATE TABLE sys.mine (id int PRIMARY KEY)", "42501", "permission denied for schema sys"),
    ],
)
def test_views_cannot_be_changed(client: Connection, sql: str, state: str, text: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        client.execute(sql)
    assert (caught.value.sqlstate, caught.value.diag.message_primary) == (state, text)


def test_the_current_transaction_has_its_name(running: tuple[SqlServer, Told], client: Connection) -> None:
    client.execute("BEGIN")
    (name,) = client.execute("SELECT sys.daybreak_current_transaction()").fetchone() or ()
    assert running[0].store.latest is not None
    assert name == running[0].store.latest.txn
    assert client.execute("SELECT sys.daybreak_current_transaction() = %s", (name,)).fetchone() == (True,)
    client.execute("COMMIT")
    assert client.execute("SELECT sys.daybreak_current_transaction() = %s", (name,)).fetchone() == (False,)


def test_outcomes_are_asked_for_by_any_expression(client: Connection, told: Told) -> None:
    told.fates = {
        "a.1": Outcome(Fate.COMMITTED, Timestamp(1_000_001)),
        "b.2": Outcome(Fate.ABORTED),
    }
    at = datetime.datetime(1970, 1, 1, 0, 0, 1, 1, tzinfo=datetime.UTC)
    ask = "SELECT * FROM sys.daybreak_transaction_outcome({})"
    assert client.execute(ask.format("'a.1'")).fetchall() == [("committed", at)]
    assert client.execute(ask.format("%s"), ("b.2",)).fetchall() == [("aborted", None)]
    assert client.execute(ask.format("lower('C.3')")).fetchall() == [("unknown", None)]
    assert told.asked == ["a.1", "b.2", "c.3"]
    client.execute("INSERT INTO asked VALUES ('a.1'), ('b.2')")
    rows = client.execute(
        "UPDATE asked SET fate = (SELECT outcome FROM sys.daybreak_transaction_outcome(id)) RETURNING id, fate"
    )
    assert sorted(rows.fetchall()) == [("a.1", "committed"), ("b.2", "aborted")]
    assert client.execute("SELECT count(*) FROM asked WHERE fate IS NULL").fetchone() == (0,)
    client.execute("DELETE FROM asked")


def test_each_statement_asks_anew_and_null_asks_nothing(client: Connection, told: Told) -> None:
    ask = "SELECT outcome FROM sys.daybreak_transaction_outcome('a.1')"
    client.execute("BEGIN")
    assert client.execute(ask).fetchone() == ("unknown",)
    told.fates["a.1"] = Outcome(Fate.ABORTED)
    assert client.execute(ask).fetchone() == ("aborted",)
    assert client.execute("SELECT * FROM sys.daybreak_transaction_outcome(NULL)").fetchall() == [(None, None)]
    assert told.asked == ["a.1", "a.1"]


def test_a_run_that_does_not_know_yet_cannot_fail(client: Connection, told: Told) -> None:
    told.fates["a.1"] = Outcome(Fate.COMMITTED, Timestamp(1))
    ask = "SELECT 1 / (SELECT count(outcome) FROM sys.daybreak_transaction_outcome('a.1'))"
    assert client.execute(ask).fetchone() == (1,)


def test_one_statement_asks_for_so_many_outcomes_only(client: Connection, told: Told) -> None:
    with pytest.raises(errors.ProgramLimitExceeded, match="100 outcomes"):
        client.execute("SELECT sys.daybreak_transaction_outcome(g::text) FROM generate_series(1, 101) g")
    assert told.asked == []
