"""Statements of each class of the conflict table (P10), for two sessions that meet at one row."""

from __future__ import annotations

TABLES = (
    "CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE, v int)",
    "CREATE TABLE own (id int PRIMARY KEY, v int)",
)
ROWS = 400
FILL = (
    f"INSERT INTO t SELECT g, g, 0 FROM generate_series(1, {ROWS}) g",
    f"INSERT INTO own SELECT g, 0 FROM generate_series(1, {ROWS}) g",
)

SIMPLE = {
    "delete": ("W", "DELETE FROM t WHERE id = {id}"),
    "primary key": ("W", "UPDATE t SET id = -id WHERE id = {id}"),
    "unique column": ("W", "UPDATE t SET u = -u WHERE id = {id}"),
    "for update": ("W", "SELECT v FROM t WHERE id = {id} FOR UPDATE"),
    "other column": ("N", "UPDATE t SET v = v + 1 WHERE id = {id}"),
    "same key again": ("N", "UPDATE t SET u = u, v = 5 WHERE id = {id}"),
    "for key share": ("S", "SELECT v FROM t WHERE id = {id} FOR KEY SHARE"),
}
"""By name: the class of access to the row of `TABLES` that the statement names, and the statement."""

COMPLEX = {
    "upsert": ("N", "INSERT INTO t VALUES ({id}, 0, 0) ON CONFLICT (id) DO UPDATE SET v = 9"),
    "update from": ("N", "UPDATE t SET v = own.v + 1 FROM own WHERE own.id = t.u AND t.u = {id}"),
    "key update in with": ("W", "WITH m AS (UPDATE t SET u = -u WHERE u = {id} RETURNING *) SELECT count(*) FROM m"),
    "delete using": ("W", "DELETE FROM t USING own WHERE own.id = t.id AND t.u = {id}"),
    "join of": ("W", "SELECT * FROM t JOIN own ON own.id = t.id WHERE own.id = {id} FOR UPDATE OF t"),
    "ordered limit": ("W", "SELECT id FROM t WHERE u >= {id} ORDER BY u LIMIT 1 FOR UPDATE"),
    "share in list": ("S", "SELECT * FROM own WHERE id IN (SELECT id FROM t WHERE u = {id} FOR KEY SHARE)"),
    "share in with": ("S", "WITH c AS (SELECT * FROM t WHERE u = {id} FOR KEY SHARE) SELECT count(*) FROM c"),
    "share of a join": ("S", "SELECT * FROM t a JOIN own b ON b.id = a.u WHERE b.id = {id} FOR KEY SHARE OF a"),
}

BESIDE = "UPDATE own SET v = v + 1 WHERE id = {id}"
"""A write that meets nobody's: a transaction that writes nothing commits without a check (P7)."""
