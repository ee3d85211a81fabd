"""A real PostgreSQL to compare with: in its own process family, with a connection of a superuser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from daybreak.query.postmaster import SUPERUSER
from daybreak.query.private_server import PrivateServer

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def postgres(directory: Path) -> Iterator[Connection]:
    """A server of its own in `directory`, for the time of the context."""
    with asyncio.Runner() as runner:
        server = runner.run(PrivateServer.start(directory))
        try:
            with psycopg.connect(host=str(server.socket.parent), user=SUPERUSER, dbname="postgres") as connection:
                connection.autocommit = True
                yield connection
        finally:
            runner.run(server.stop())
