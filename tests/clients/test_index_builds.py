"""A unique index that is built while others write and change the catalog, one commit of the build at a time (P21)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Literal

import psycopg
import pytest
from psycopg import errors

from daybreak.base.keys import Key, space_bounds
from daybreak.query import indexbuild
from daybreak.query.catalog import Catalog, Index, Table, change_key, decode_change
from daybreak.query.rows import index_entries
from tests.support.sql_server import SqlServer

Connection = psycopg.Connection[tuple[object, ...]]

CREATE = "CREATE UNIQUE INDEX ASYNC t_v ON t (v)"


class Gate(asyncio.Event):
    """A commit waits here until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()

    async def wait(self) -> Literal[True]:
        self.reached.set()
        return await super().wait()


class Builder:
    """A session that creates an index; it stands still at its commits, at first when it has declared the index."""

    def __init__(self, server: SqlServer, sql: str = CREATE) -> None:
        self.notices: list[str | None] = []
        self._server = server
        self._gate: Gate | None = None
        self._thread = threading.Thread(target=self._create, args=(sql,), daemon=True)
        self._go_on("answers", self._thread.start)

    def __enter__(self) -> Builder:
        return self

    def __exit__(self, *failure: object) -> None:
        self.finish()

    def commit(self) -> None:
        """Go on until the next commit has been made; the builder has not been told of it yet."""
        self._go_on("answers", self._release)

    def try_commit(self) -> None:
        """Go on until the next commit has been asked for."""
        self._go_on("gate", self._release)

    def finish(self) -> list[str | None]:
        """Go on to the end; the SQLSTATEs of what the session was told."""
        self._release()
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.notices

    def _create(self, sql: str) -> None:
        with self._server.connect() as session:
            session.add_notice_handler(lambda notice: self.notices.append(notice.sqlstate))
            session.execute(sql)

    def _go_on(self, where: Literal["answers", "gate"], start: Callable[[], None]) -> None:
        gate = Gate()
        setattr(self._server.store, where, gate)
        try:
            start()
            self._gate = gate
            assert gate.reached.wait(30), "the builder has not come to another commit"
        finally:
            setattr(self._server.store, where, None)

    def _release(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None:
            self._server.thread.loop.call_soon_threadsafe(gate.set)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexbuild, "BATCH_ROWS", 2)


@pytest.fixture
def other(server: SqlServer) -> Iterator[Connection]:
    """A session beside the builder's; rows 1 and 4 are in different batches and have one value."""
    with server.connect() as connection:
        connection.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
        connection.execute("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 1)")
        yield connection


def the_index(server: SqlServer) -> tuple[Table, Index] | None:
    """Index t_v as the catalog has it now."""
    store, catalog = server.store, Catalog()
    while (value := store.read(change_key(catalog.version + 1), store.now)) is not None:
        catalog = catalog.apply(decode_change(value))
    return catalog.find_index(None, "t_v")


def is_valid(server: SqlServer) -> bool:
    found = the_index(server)
    assert found is not None
    return found[1].valid


def entries(server: SqlServer, index: Index) -> dict[Key, bytes]:
    """What storage has for an index."""
    return stored(server, index.id)


def stored(server: SqlServer, space: int) -> dict[Key, bytes]:
    low, high = space_bounds(space)
    read = {key: server.store.read(key, server.store.now) for key in server.store.order if low <= key < high}
    return {key: value for key, value in read.items() if value is not None}


def agrees(server: SqlServer) -> bool:
    """Whether the index has the entries of the table's rows, and no two rows have one."""
    found = the_index(server)
    assert found is not None
    table, index = found
    made = [pair for key, row in stored(server, table.id).items() for pair in index_entries(table, row, key)]
    return len(dict(made)) == len(made) and dict(made) == entries(server, index)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t WHERE id = 4",
        "UPDATE t SET v = 5 WHERE id = 4",
        "UPDATE t SET v = NULL WHERE id = 4",
        "UPDATE t SET id = 5, v = 5 WHERE id = 4",
        "DELETE FROM t WHERE id > 2",
        "DELETE FROM t WHERE v = 1",
        "BEGIN; DELETE FROM t WHERE id = 4; INSERT INTO t VALUES (4, 4); DELETE FROM t WHERE id = 1; COMMIT",
        "UPDATE t SET v = 4 - v WHERE id IN (1, 3); DELETE FROM t WHERE id = 4",
    ],
)
def test_a_row_that_goes_leaves_the_entry_of_another(server: SqlServer, other: Connection, sql: str) -> None:
    with Builder(server) as build:
        build.commit()
        other.execute(sql)
        assert build.finish() == []
    assert is_valid(server)
    assert agrees(server)


def test_an_index_that_stays_invalid_keeps_the_entry_of_another(server: SqlServer, other: Connection) -> None:
    with Builder(server) as build:
        assert build.finish() == ["23505"]
    other.execute("DELETE FROM t WHERE id = 4")
    with pytest.raises(errors.UniqueViolation, match='"t_v"'):
        other.execute("INSERT INTO t VALUES (5, 1)")
    other.execute("DELETE FROM t WHERE id = 1")
    other.execute("INSERT INTO t VALUES (5, 1)")


def test_a_row_that_goes_meets_the_batch_that_makes_its_entry(server: SqlServer, other: Connection) -> None:
    with server.connect() as late, Builder(server) as build:
        build.commit()
        late.execute("BEGIN; DELETE FROM t WHERE id = 4")  # the entry is that of row 1
        other.execute("DELETE FROM t WHERE id = 1")
        build.commit()  # the entry is that of row 4
        with pytest.raises(errors.SerializationFailure, match=r"\(OC000\)"):
            late.execute("COMMIT")
        assert build.finish() == []
    assert is_valid(server)
    assert agrees(server)


def test_a_row_goes_before_its_entry_is_made(server: SqlServer, other: Connection) -> None:
    with Builder(server) as build:
        build.try_commit()  # rows 1 and 2
        other.execute("DELETE FROM t WHERE id IN (1, 2)")
        assert build.finish() == []
    assert is_valid(server)
    assert agrees(server)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE t SET v = 4 - v WHERE id IN (3, 4)",  # row 4 gives up what row 1 has, row 3 takes it
        "UPDATE t SET id = 0 WHERE id = 4",  # a new row, where the build has passed already
        "UPDATE t SET id = -id WHERE v = 7",
        "UPDATE t SET v = 8 WHERE v = 7",
    ],
)
def test_no_statement_makes_a_new_duplicate(server: SqlServer, other: Connection, sql: str) -> None:
    other.execute("INSERT INTO t VALUES (5, 7), (6, 7)")
    with Builder(server) as build:
        build.commit()
        with pytest.raises(errors.UniqueViolation, match='"t_v"'):
            other.execute(sql)
        other.execute("DELETE FROM t WHERE id IN (4, 6)")
        assert build.finish() == []
    assert agrees(server)


def test_a_build_makes_no_other_index_valid(server: SqlServer, other: Connection) -> None:
    other.execute("DELETE FROM t WHERE id = 4")
    with Builder(server) as first:
        first.commit()
        first.commit()
        other.execute("DROP INDEX t_v")
        with Builder(server) as second:
            assert first.finish() == []
            assert not is_valid(server), "the second index has no entries yet"
            assert second.finish() == []
    assert is_valid(server)
    assert agrees(server)


def test_a_build_ends_with_its_index(server: SqlServer, other: Connection) -> None:
    other.execute("DELETE FROM t WHERE id = 4")
    with Builder(server) as build:
        found = the_index(server)
        assert found is not None
        build.try_commit()
        other.execute("DROP INDEX t_v")
        assert build.finish() == []
    assert the_index(server) is None
    assert entries(server, found[1]) == {}


def test_a_build_ends_with_its_table(server: SqlServer, other: Connection) -> None:
    with Builder(server) as build:
        build.commit()
        other.execute("DROP TABLE t")
        assert build.finish() == []
    assert the_index(server) is None


def test_a_build_goes_on_when_another_table_changes(server: SqlServer, other: Connection) -> None:
    other.execute("DELETE FROM t WHERE id = 4")
    with Builder(server) as build:
        for number in range(3):  # two batches, and the last step
            build.try_commit()
            other.execute(f"CREATE TABLE unrelated{number} (id int PRIMARY KEY)")
            if number < 2:
                build.commit()
        assert build.finish() == []
    assert is_valid(server)
    assert agrees(server)
