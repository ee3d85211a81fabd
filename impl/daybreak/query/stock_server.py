"""An ordinary PostgreSQL of the same binaries on TCP, for comparison: tests and benchmarks."""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from daybreak.query.postmaster import SUPERUSER, Postmaster
from daybreak.query.programs import Programs

HOST = "127.0.0.1"


class StockServer:
    """A running server with PostgreSQL's own defaults, fsync on."""

    def __init__(self, postmaster: Postmaster, port: int) -> None:
        self._postmaster = postmaster
        self.port = port

    @classmethod
    async def start(
        cls,
        directory: Path,
        *,
        port: int = 0,
        programs: Programs | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> StockServer:
        """Start a new, empty server in `directory` (whose content is replaced) on ``127.0.0.1:port``; 0: a free one.

        `settings` add to its configuration. Raises `OperatorError` when PostgreSQL cannot be run or does not start.
        """
        programs = programs or await Programs.find()
        port = port or _free_port()
        network = {"listen_addresses": HOST, "port": str(port), "unix_socket_directories": ""}
        return cls(await Postmaster.start(programs, directory, {**network, **(settings or {})}), port)

    @property
    def environment(self) -> dict[str, str]:
        """What libpq's programs (`Programs.run`) need to reach it as superuser."""
        return {"PGHOST": HOST, "PGPORT": str(self.port), "PGUSER": SUPERUSER, "PGDATABASE": "postgres"}

    @property
    def url(self) -> str:
        """Where drivers connect to, as superuser."""
        return f"postgresql://{SUPERUSER}@{HOST}:{self.port}/postgres"

    async def stop(self) -> None:
        """Shut down; the data stays."""
        await self._postmaster.stop(signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
