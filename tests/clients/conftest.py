"""One private PostgreSQL and one server for all tests here; each test finds and leaves it without tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daybreak.query.private_server import PrivateServer
from tests.support.sql_server import LoopThread, SqlServer, private_server, sql_server


@pytest.fixture(scope="session")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LoopThread, PrivateServer]]:
    with private_server(tmp_path_factory.mktemp("private") / "server") as running:
        yield running


@pytest.fixture(scope="session")
def shared(private: tuple[LoopThread, PrivateServer]) -> Iterator[SqlServer]:
    with sql_server(*private) as running:
        yield running


@pytest.fixture
def server(shared: SqlServer) -> Iterator[SqlServer]:
    yield shared
    with shared.connect() as client:
        for (name,) in client.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            client.execute(f"DROP TABLE {name}")
