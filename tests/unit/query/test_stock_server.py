from __future__ import annotations

import asyncio
from pathlib import Path

from daybreak.query.programs import Programs
from daybreak.query.stock_server import StockServer


def test_psql_and_pgbench_reach_a_stock_postgresql(tmp_path: Path) -> None:
    async def scenario() -> None:
        programs = await Programs.find()
        server = await StockServer.start(tmp_path, programs=programs, settings={"max_connections": "17"})
        psql = ("-X", "-A", "-t", "-c", "SELECT current_setting('fsync'), current_setting('max_connections')")
        assert await programs.run("psql", *psql, env=server.environment) == "on|17\n"
        await programs.run("pgbench", "-i", "-I", "dtp", env=server.environment)
        tables = await programs.run("psql", "-X", "-A", "-t", server.url, "-c", "SELECT count(*) FROM pgbench_tellers")
        assert tables == "0\n"
        await server.stop()
        assert (tmp_path / "data" / "PG_VERSION").exists()

    asyncio.run(asyncio.wait_for(scenario(), 60))
