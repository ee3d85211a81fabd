"""Requests over TCP: one JSON object on a line there, one back, a connection for each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]

HOST = "127.0.0.1"


async def ask(port: int, request: Message) -> Message:
    """The answer to `request`. Raises OSError when nobody is there, or goes away before the answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        line = await reader.readline()
    finally:
        writer.close()
    if not line.endswith(b"\n"):
        raise ConnectionResetError("the other side went away before it had answered")
    answer: Message = json.loads(line)
    return answer


async def serve(port: int, handle: Callable[[Message], Message]) -> asyncio.Server:
    """Answers requests on `port` (0 takes a free one) with what `handle` returns."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(handle(json.loads(line))).encode() + b"\n")
                await writer.drain()
        finally:
            writer.close()

    return await asyncio.start_server(answer, HOST, port)
