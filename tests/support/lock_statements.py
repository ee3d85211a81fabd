"""Random transactions that lock and change rows in every shape, and what PostgreSQL's executor locks by them."""

from __future__ import annotations

import random
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

TABLES = (
    "CREATE TABLE t (id int PRIMARY KEY, v int, u int UNIQUE)",
    "CREATE TABLE s (id int PRIMARY KEY, t_id int, k int)",
)
ROWS = (
    "INSERT INTO t SELECT g, g % 4, 100 + g FROM generate_series(1, 12) g",
    "INSERT INTO s SELECT g, 1 + g * 5 % 12, g % 3 FROM generate_series(1, 16) g",
)

SHAPES = (
    "SELECT * FROM t WHERE {t} {lock}",
    "SELECT id FROM t WHERE {t} ORDER BY v DESC, id LIMIT {n} {lock}",
    "SELECT id FROM t WHERE {t} ORDER BY id OFFSET 1 LIMIT {n} {lock}",
    "SELECT x.v + 1, y.k FROM t x JOIN s y ON y.t_id = x.id WHERE y.k = {n} {lock}",
    "SELECT * FROM t x JOIN s y ON y.t_id = x.id WHERE {x} {lock} OF x",
    "SELECT * FROM t x JOIN s y ON y.t_id = x.id WHERE {x} {lock} OF x {other} OF y",
    "SELECT * FROM t x LEFT JOIN s y ON y.t_id = x.id AND y.k = {n} WHERE {x} {lock} OF x",
    "SELECT * FROM t x, t y WHERE {x} AND y.id = x.id + 1 {lock} OF x {other} OF y",
    "SELECT * FROM (SELECT * FROM t WHERE {t}) x WHERE v > 0 {lock}",
    "SELECT * FROM (SELECT * FROM t x WHERE {x} {lock}) x JOIN s ON s.t_id = x.id {other} OF s",
    "SELECT * FROM t WHERE id IN (SELECT t_id FROM s WHERE {s} {lock})",
    "SELECT * FROM t WHERE {t} AND EXISTS (SELECT 1 FROM s WHERE s.t_id = t.id) {lock} OF t",
    "SELECT count(*) FROM (SELECT id FROM t WHERE {t} {lock}) x",
    "WITH c AS (SELECT * FROM t WHERE {t} {lock}) SELECT count(*) FROM c",
    "WITH c AS (SELECT * FROM t WHERE {t} {lock}) SELECT 1",
    "WITH t AS (SELECT * FROM t WHERE {t}) SELECT * FROM t, s WHERE s.t_id = t.id {lock}",
    "WITH t AS (SELECT * FROM t WHERE {t} {other}) SELECT * FROM t JOIN s ON s.t_id = t.id {lock} OF s",
    "SELECT x.id, y.id FROM t x CROSS JOIN LATERAL (SELECT id FROM s WHERE t_id = x.id) y WHERE {x} {lock} OF x",
    "SELECT x.* FROM t x WHERE {x} {lock} NOWAIT",
    "SELECT x.* FROM t x WHERE {x} {lock} SKIP LOCKED",
    "TABLE t {lock}",
    "UPDATE s SET k = k + 1 WHERE t_id IN (SELECT id FROM t WHERE {t} {lock})",
    "INSERT INTO s SELECT 100 + id + {unique}, id, 0 FROM (SELECT id FROM t WHERE {t} {lock}) x",
    "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) SELECT id FROM t WHERE {t} {lock}",
    "UPDATE t SET v = v + 1 WHERE {t}",
    "UPDATE t SET u = u WHERE {t}",
    "UPDATE t SET u = u + {unique}000, v = 7 WHERE {t}",
    "UPDATE s SET t_id = {n} WHERE {s}",
    "DELETE FROM s WHERE {s}",
)


def transaction(seed: int) -> list[str]:
    """The statements of one transaction, a few of them."""
    rand = random.Random(seed)
    return [_statement(rand, number) for number in range(rand.randint(1, 4))]


def _statement(rand: random.Random, number: int) -> str:
    first = rand.choice(("FOR UPDATE", "FOR KEY SHARE"))
    return rand.choice(SHAPES).format(
        t=_condition(rand, ""),
        x=_condition(rand, "x."),
        s=rand.choice((f"id = {rand.randint(1, 16)}", f"k = {rand.randint(0, 2)}", "id < 5")),
        n=rand.randint(1, 3),
        lock=first,
        other=rand.choice(("FOR UPDATE", "FOR KEY SHARE")),
        unique=number + 1,
    )


def _condition(rand: random.Random, alias: str) -> str:
    a, b = sorted((rand.randint(0, 13), rand.randint(0, 13)))
    return rand.choice(
        (
            f"{alias}id = {a}",
            f"{alias}id IN ({a}, {b})",
            f"{alias}id BETWEEN {a} AND {b}",
            f"{alias}v = {a % 4}",
            f"{alias}u = {100 + a}",
            f"{alias}id + 1 > {b}",
            f"{alias}id = (SELECT max(id) FROM t WHERE v < {a})",
        )
    )


def held(other: Connection, table: str) -> dict[int, str]:
    """By id, how strongly another transaction than `other`'s has locked rows of `table`: ``W``, ``N`` or ``S``."""
    found: dict[int, str] = {}
    # A lock may follow a row to its newer versions, where SKIP LOCKED is forgotten: waiting there means locked, too.
    other.execute("SET lock_timeout = '20ms'")
    rows = [number for (number,) in other.execute(f"SELECT id FROM {table}")]
    for strength, access in (("UPDATE", "S"), ("NO KEY UPDATE", "N"), ("KEY SHARE", "W")):
        found.update(dict.fromkeys((row for row in rows if not _is_free(other, table, row, strength)), access))
    return found


def _is_free(other: Connection, table: str, row: int, strength: str) -> bool:
    try:
        return other.execute(f"SELECT FROM {table} WHERE id = {row} FOR {strength} SKIP LOCKED").rowcount == 1
    except psycopg.errors.LockNotAvailable:
        return False
