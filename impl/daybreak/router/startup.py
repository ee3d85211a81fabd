"""From the first byte to the first ReadyForQuery: negotiation, authentication, parameters.

Trust authentication on loopback addresses only: the user must be `admin`, the database `postgres`.
"""

from __future__ import annotations

from typing import NamedTuple

from daybreak.errors import RequestError
from daybreak.query.pgmessages import ProtocolViolationError, message
from daybreak.router.connection import Connection
from daybreak.router.pgwire import (
    CANCEL_REQUEST,
    GSSENC_REQUEST,
    PROTOCOL_3,
    SSL_REQUEST,
    cancel_key,
    read_startup,
    startup_code,
    startup_parameters,
)

USER = "admin"
DATABASE = "postgres"
NEGOTIATIONS = 2
"""SSLRequest and GSSENCRequest may each come once."""


class Startup(NamedTuple):
    """What the client asked for: session parameters, less user and database."""

    settings: dict[str, str]


class Cancel(NamedTuple):
    """A CancelRequest: the key of the session whose statement is to be cancelled, None when malformed."""

    key: tuple[int, int] | None


async def negotiate(connection: Connection) -> Startup | Cancel:
    """Answer encryption requests with no; return the client's startup parameters, checked, or its CancelRequest."""
    for _ in range(NEGOTIATIONS + 1):
        packet = await connection.startup_packet()
        code = startup_code(packet)
        if code == CANCEL_REQUEST:
            return Cancel(cancel_key(packet))
        if code not in (SSL_REQUEST, GSSENC_REQUEST):
            return _start(connection, packet)
        connection.send(b"N")
    raise ProtocolViolationError("too many encryption requests")


def _start(connection: Connection, packet: bytes) -> Startup:
    major, minor = read_startup(packet)
    if major != PROTOCOL_3:
        raise RequestError(
            f"unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0", sqlstate="0A000"
        )
    parameters = startup_parameters(packet)
    unknown = [name for name in parameters if name.startswith("_pq_.")]
    if minor > 0 or unknown:
        connection.send(_negotiate_version(unknown))
    return Startup(check_identity(parameters))


def _negotiate_version(unknown: list[str]) -> bytes:
    """NegotiateProtocolVersion: 3.0 and none of the protocol options that the client would like."""
    names = b"".join(name.encode() + b"\0" for name in unknown)
    return message(b"v", (0x30000).to_bytes(4, "big") + len(unknown).to_bytes(4, "big") + names)


def check_identity(parameters: dict[str, str]) -> dict[str, str]:
    """The session settings among startup `parameters`; refuses other users, databases and replication."""
    user = parameters.get("user")
    if not user:
        raise RequestError("no PostgreSQL user name specified in startup packet", sqlstate="28000")
    if user != USER:
        raise RequestError(f'role "{user}" does not exist', sqlstate="28000")
    database = parameters.get("database") or user
    if database != DATABASE:
        raise RequestError(f'database "{database}" does not exist', sqlstate="3D000")
    if parameters.get("replication", "false").lower() not in ("false", "off", "no", "0"):
        raise RequestError("replication connections are not supported")
    return {
        name: value
        for name, value in parameters.items()
        if name not in ("user", "database", "replication") and not name.startswith("_pq_.")
    }
