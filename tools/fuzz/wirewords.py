"""What a client may say: valid messages of a small world of statements, and bytes that are none."""

from __future__ import annotations

import struct

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from daybreak.query import pgmessages as pg

STARTUP = b"user\0admin\0database\0postgres\0\0"
_NAMES = st.sampled_from([b"", b"a", b"b"])
_TEXTS = [
    b"",
    b";",
    b"SELECT 1",
    b"SELECT 1; SELECT 2",
    b"SELECT * FROM t",
    b"SELECT * FROM t WHERE id = $1",
    b"SELECT $1::text, $2",
    b"SELECT * FROM t FOR UPDATE",
    b"SELECT g FROM generate_series(1, 5) AS g",
    b"INSERT INTO t VALUES (7, 'x')",
    b"INSERT INTO t VALUES ($1, $2)",
    b"UPDATE t SET b = 'y' WHERE id = 1",
    b"DELETE FROM t WHERE id = 2 RETURNING *",
    b"SELECT 1/0",
    b"SELECT * FROM nowhere",
    b"selec",
    b"BEGIN",
    b"BEGIN READ ONLY",
    b"COMMIT",
    b"ROLLBACK",
    b"CREATE TABLE u (id int PRIMARY KEY)",
    b"DROP TABLE t",
    b"COPY t FROM STDIN",
    b"COPY t TO STDOUT",
    b"SET timezone = 'Asia/Tokyo'",
    b"SET client_encoding = 'LATIN1'",
    b"SHOW timezone",
    b"DEALLOCATE ALL",
    b"EXPLAIN SELECT * FROM t",
    b"SELECT '\xff\xfe'",
    b"SELECT 'a\xc3\xa9'",
]
_SQL = st.sampled_from(_TEXTS)
_LONG = b"SELECT '" + b"x" * 300_000 + b"'"
"""Four of these are more than a connection reads ahead."""
_VALUES = st.sampled_from([None, b"", b"1", b"7", b"x", b"\0\0\0\1", b"\xff", b"9" * 50])
_FORMS = st.sampled_from([(), (0,), (1,), (0, 1)])
_COPIED = st.sampled_from([b"8\tx\n", b"9\ty\n10\tz\n", b"8\n", b"\\.\n", b"\xff\t\n", b"1", b""])


def _bind(portal: bytes, name: bytes, values: list[bytes | None], forms: tuple[int, ...], result: bytes) -> bytes:
    """A Bind that may give another number of formats than of values."""
    cells = b"".join(struct.pack("!i", -1) if v is None else struct.pack("!i", len(v)) + v for v in values)
    head = portal + b"\0" + name + b"\0" + struct.pack(f"!H{len(forms)}h", len(forms), *forms)
    return pg.message(b"B", head + struct.pack("!H", len(values)) + cells + result)


def _execute(portal: bytes, limit: int) -> bytes:
    return pg.message(b"E", portal + b"\0" + struct.pack("!i", limit))


_RESULTS = st.sampled_from([b"\0\0", b"\0\1\0\1", b"\0\2\0\0\0\1"])
_STEP = st.one_of(
    st.builds(pg.parse, _NAMES, _SQL, st.sampled_from([(), (23,), (25, 23), (99999,)])),
    st.builds(_bind, _NAMES, _NAMES, st.lists(_VALUES, max_size=2), _FORMS, _RESULTS),
    st.builds(pg.describe, st.sampled_from([b"S", b"P"]), _NAMES),
    st.builds(_execute, _NAMES, st.sampled_from([0, 1, 2, -1])),
    st.builds(pg.close, st.sampled_from([b"S", b"P"]), _NAMES),
    st.sampled_from([pg.message(b"H"), pg.message(b"S")]),
)
_COPY = st.one_of(
    st.builds(pg.message, st.just(b"d"), _COPIED), st.sampled_from([pg.COPY_DONE, pg.copy_fail("no"), pg.message(b"S")])
)


def _series(sql: bytes, values: list[bytes | None], limit: int) -> list[bytes]:
    """One statement through the extended protocol."""
    bound = _bind(b"", b"", values, (), b"\0\0")
    return [pg.parse(b"", sql), bound, pg.describe(b"P", b""), _execute(b"", limit), pg.message(b"S")]


_ONE = st.one_of(
    st.builds(pg.query, _SQL).map(lambda m: [m]),
    _STEP.map(lambda m: [m]),
    st.builds(_series, _SQL, st.lists(_VALUES, max_size=2), st.sampled_from([0, 1])),
    st.lists(_COPY, min_size=1, max_size=3).map(lambda said: [pg.query(b"COPY t FROM STDIN"), *said]),
    st.sampled_from([[pg.message(b"X")], [pg.message(b"F", b"\0\0\0\1")], [pg.query(_LONG)] * 5]),
)
VALID = st.lists(_ONE, max_size=6).map(lambda parts: [message for part in parts for message in part])

_SIZES = st.sampled_from([0, 1, 3, 4, 5, 8, 10 * 1024 * 1024 + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])


def _packet(code: int, body: bytes) -> bytes:
    return struct.pack("!II", len(body) + 8, code) + body


GOOD_START = _packet(3 << 16, STARTUP)
_STARTS = st.one_of(
    st.just(GOOD_START),
    st.builds(_packet, st.sampled_from([80877103, 80877104]), st.just(b"")).map(lambda asked: asked + GOOD_START),
    st.builds(
        _packet,
        st.sampled_from([3 << 16, (3 << 16) + 2, 2 << 16, 80877102, 80877103, 0, 0xFFFFFFFF]),
        st.sampled_from(
            [
                STARTUP,
                STARTUP[:-1],
                STARTUP[:-1] + b"timezone\0nowhere\0\0",
                STARTUP[:-1] + b"timezone\0UTC\0\0",
                STARTUP[:-1] + b"_pq_.x\x001\0\0",
                STARTUP[:-1] + b"replication\0true\0\0",
                STARTUP[:-1] + b"options\0-c x=y\0\0",
                STARTUP[:-1] + b"client_encoding\0\xff\0\0",
                STARTUP + b"more",
                b"user\0x\0\0",
                b"\0" * 8,
                b"",
            ]
        )
        | st.binary(max_size=20),
    ),
    st.builds(lambda size, body: struct.pack("!I", size) + body, _SIZES, st.binary(max_size=12)),
    st.just(b"GET / HTTP/1.1\r\n\r\n"),
)
STARTS: SearchStrategy[bytes] = st.one_of(st.just(GOOD_START), st.just(GOOD_START), _STARTS)


def _changes(here: bytes, where: int) -> SearchStrategy[bytes]:
    """What may become of the message `here`, or of its byte `where`."""
    return st.one_of(
        _SIZES.map(lambda size: here[:1] + struct.pack("!I", size) + here[5:]),
        st.sampled_from(b"QPBDECHSFXdcfp?R\0").map(lambda kind: bytes([kind]) + here[1:]),
        st.just(here[:where]),
        st.integers(1, 255).map(lambda by: here[:where] + bytes([here[where] ^ by]) + here[where + 1 :]),
        st.binary(max_size=6).map(lambda body: pg.message(here[:1], here[5:-1] + body)),
        st.just(pg.message(here[:1], here[5:where])),
        st.binary(min_size=1, max_size=12),
        st.just(here + here),
    )


@st.composite
def spoilt(draw: st.DrawFn) -> list[bytes]:
    """Valid messages in which up to three things are wrong."""
    said = draw(VALID)
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        at = draw(st.integers(0, max(len(said) - 1, 0)))
        here = (said and said[at]) or pg.query(b"SELECT 1")
        said[at : at + 1] = [draw(_changes(here, draw(st.integers(0, len(here) - 1))))]
    return said
