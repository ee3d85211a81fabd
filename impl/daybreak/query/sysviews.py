"""What operators can ask in SQL: the views ``sys.daybreak_*``, their columns, and functions about transactions.

Each view shows what a parameter of the private session holds, a JSON array of rows. Before a statement that reads a
view its rows of that moment are put there (`statement_values`), beside the rows of tables that the statement needs;
so they take part in joins, WHERE and everything else, and end with the private transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from daybreak.errors import RequestError
from daybreak.query.grammar import Nodes, with_field, words
from daybreak.query.insight import Insight
from daybreak.query.load import literal
from daybreak.query.statements import Shape

SCHEMA = "sys"
CURRENT = "daybreak_current_transaction"
OUTCOME = "daybreak_transaction_outcome"
OUTCOMES = "daybreak.outcomes"
TRANSACTION = "daybreak.transaction"
UNKNOWN_OUTCOME_SQLSTATE = "DBTXN"
"""Of the INFO message in which `OUTCOME` tells which transaction it has to know about."""


class Column(NamedTuple):
    """A column of a view: its name, its type in SQL, and what it means."""

    name: str
    type: str
    meaning: str


class View(NamedTuple):
    """A view: what its rows are, and its columns in order."""

    meaning: str
    columns: tuple[Column, ...]


_MOMENT = "timestamp with time zone"

VIEWS: Mapping[str, View] = {
    "daybreak_ranges": View(
        "The key ranges, in key order; together they hold every key.",
        (
            Column("low_key", "text", "first key of the range, in hexadecimal digits; empty: the very first"),
            Column("high_key", "text", "first key behind the range, in hexadecimal digits; null: there is none"),
            Column("adjudicator", "text", "the adjudicator that owns the range, a name in daybreak_adjudicators"),
            Column("transactions_per_second", "double precision", "how busy the range was of late"),
            Column(
                "kept",
                "boolean",
                "an operator has split it off; the server does not undo that",
            ),
        ),
    ),
    "daybreak_adjudicators": View(
        "The adjudicators: who decides on transactions, or would if the one that does were lost.",
        (
            Column("adjudicator", "text", "its name, which is that of its journal"),
            Column("node", "text", "the node that it runs as"),
            Column("zone", "text", "its zone"),
            Column("region", "text", "its region"),
            Column(
                "stage",
                "text",
                "standby, recovering, serving, stopping or stopped; silent or down: its zone does not answer",
            ),
            Column("epoch", "bigint", "the epoch of its journal that it leads"),
            Column("lease_until", _MOMENT, "it commits and promises nothing beyond this time"),
            Column("promise", _MOMENT, "it commits nothing at or before this time any more"),
            Column("last_commit", _MOMENT, "the latest commit time that it has given"),
            Column("floor", _MOMENT, "it refuses transactions that began before this time"),
            Column("remembered_keys", "bigint", "keys in its conflict history"),
            Column("kept_in", "text", "where an operator wants it, of one that serves; null: nowhere in particular"),
        ),
    ),
    "daybreak_journals": View(
        "The replicas of the journals, one in each zone.",
        (
            Column("journal", "text", "the journal's name"),
            Column("zone", "text", "the zone of this replica"),
            Column("last_index", "bigint", "number of the last entry that it holds"),
            Column("synced", "bigint", "number of the last entry that is on its disk"),
            Column("durable", "bigint", "number of the last entry that it knows to be on a majority of zones"),
            Column("failure", "text", "why it takes no more entries; null: it does"),
        ),
    ),
    "daybreak_replicas": View(
        "The storage replicas.",
        (
            Column("node", "text", "the node that it runs as"),
            Column("zone", "text", "its zone"),
            Column("watermark", _MOMENT, "it has everything that was committed up to this time"),
            Column("forgotten", _MOMENT, "it serves no snapshot from before this time"),
            Column("keys", "bigint", "keys that it holds versions of"),
            Column("waiting_reads", "bigint", "reads that wait for its watermark"),
            Column("failure", "text", "why nothing is known of it; null: it is"),
        ),
    ),
    "daybreak_transactions": View(
        "The open transactions of this server's sessions, that of the asking session included.",
        (
            Column("transaction_id", "text", "its name"),
            Column("node", "text", "the query processor that runs it"),
            Column("started_at", _MOMENT, "the time of its snapshot"),
            Column("age", "interval", "time since then; after 300 seconds it cannot commit any more"),
            Column("phase", "text", "running, committing, or committed (and waiting for the clock)"),
            Column("modified_rows", "bigint", "rows that it has modified so far"),
            Column("written_keys", "bigint", "keys that COMMIT will write: rows, entries of unique indexes, locks"),
            Column("checked_keys", "bigint", "keys that COMMIT will have checked for conflicts"),
        ),
    ),
}
"""By name within schema sys."""


def definitions() -> Iterator[str]:
    """The statements that make schema, views and functions, for a superuser."""
    yield f"CREATE SCHEMA {SCHEMA}"
    yield f"GRANT USAGE ON SCHEMA {SCHEMA} TO PUBLIC"
    for name, view in VIEWS.items():
        columns = ", ".join(f"{column.name} {column.type}" for column in view.columns)
        yield (
            f"CREATE VIEW {SCHEMA}.{name} AS SELECT * FROM pg_catalog.json_to_recordset("
            f"NULLIF(pg_catalog.current_setting('{_parameter(name)}', true), '')::pg_catalog.json) AS r({columns})"
        )
        yield f"GRANT SELECT ON {SCHEMA}.{name} TO PUBLIC"
        yield f"COMMENT ON VIEW {SCHEMA}.{name} IS {literal(view.meaning)}"
        for column in view.columns:
            yield f"COMMENT ON COLUMN {SCHEMA}.{name}.{column.name} IS {literal(column.meaning)}"
    yield _CURRENT_FUNCTION
    yield _OUTCOME_FUNCTION


_CURRENT_FUNCTION = f"""
CREATE FUNCTION {SCHEMA}.{CURRENT}() RETURNS text LANGUAGE sql STABLE
RETURN NULLIF(pg_catalog.current_setting('{TRANSACTION}', true), '')
"""

_OUTCOME_FUNCTION = f"""
CREATE FUNCTION {SCHEMA}.{OUTCOME}(transaction_id text, OUT outcome text, OUT committed_at timestamptz)
LANGUAGE plpgsql STRICT VOLATILE SET search_path = pg_catalog AS $$
DECLARE
    known json := NULLIF(current_setting('{OUTCOMES}', true), '')::json -> transaction_id;
BEGIN
    IF known IS NULL THEN
        RAISE INFO USING ERRCODE = '{UNKNOWN_OUTCOME_SQLSTATE}', MESSAGE = transaction_id;
    END IF;
    outcome := known ->> 0;
    committed_at := known ->> 1;
END $$
"""


def _parameter(view: str) -> str:
    return f"daybreak.{view.removeprefix('daybreak_')}"


def calls(nodes: Nodes) -> frozenset[str]:
    """Those of our functions that a statement may call."""
    names = (words(call["funcname"])[-1] for call in with_field(nodes, "funcname"))
    return frozenset(name for name in names if name in (CURRENT, OUTCOME))


def refuse_writes(shape: Shape) -> None:
    """Raise when the statement would change a view."""
    for schema, name in shape.writes:
        if schema == SCHEMA and name in VIEWS:
            raise RequestError(f"permission denied for view {name}", sqlstate="42501")


async def statement_values(shape: Shape, insight: Insight) -> dict[str, str]:
    """The values of parameters that a statement reads through views, as of now."""
    names = {name for schema, name in shape.reads if name in VIEWS and schema in (SCHEMA, None)}
    if not names:
        return {}
    return {_parameter(name): encode(rows) for name, rows in (await insight.rows(sorted(names))).items()}


def encode(value: object) -> str:
    """JSON text."""
    return msgspec.json.encode(value).decode()
