"""Which rows must be in the private database before a statement runs.

More rows than necessary never change a result, fewer may: PostgreSQL evaluates the whole statement again on what was
loaded. So everything that is not plainly a condition on a primary key means the whole table.

What a statement needs is planned once per shape and catalog, values are put in for each execution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from daybreak.base.keys import Key
from daybreak.query.blocks import Place, reader
from daybreak.query.catalog import Catalog, Table
from daybreak.query.grammar import too_complex
from daybreak.query.sources import Bindings
from daybreak.query.spans import regions
from daybreak.query.statements import AllRows, KeyRange, Keys, Kind, Need, Parameter, Shape, Statement

__all__ = ["AllRows", "KeyRange", "Keys", "Need", "Parameter", "needs"]

_READING = frozenset({Kind.SELECT, Kind.DML, Kind.COPY_OUT})


class _Plan(NamedTuple):
    """The places of a shape under the tables of one catalog."""

    catalog: Catalog
    tables: tuple[Table | None, ...]
    places: tuple[Place, ...]
    inserts: tuple[Place, ...]


def needs(statement: Statement, catalog: Catalog, parameters: Sequence[Parameter] = ()) -> list[Need]:
    """The rows that `statement` reads or could meet, per table; nothing for tables that `catalog` lacks.

    `parameters` should carry the types that PostgreSQL has inferred: with type 0 a parameter is only understood where
    it stands once in the statement. Inserted rows are only covered where their keys are plain values.
    """
    shape = statement.shape
    if shape.kind not in _READING and not (shape.kind is Kind.EXPLAIN and shape.analyze):
        return []
    plan = _plan(shape, catalog)
    bindings = Bindings(statement.literals, parameters)
    if len(plan.places) == 1 and not plan.inserts:
        return _place_needs(plan.places[0], bindings)
    found = [need for place in plan.places for need in _place_needs(place, bindings)]
    for place in plan.inserts:
        found += [need for need in _place_needs(place, bindings) if not isinstance(need.how, AllRows)]
    return _merged(found)


def _place_needs(place: Place, bindings: Bindings) -> list[Need]:
    table, condition = place
    boxes = condition.boxes(table, bindings) if condition is not None else None
    return [Need(table, how) for how in regions(table, boxes)]


def _merged(found: list[Need]) -> list[Need]:
    """Each table's keys as one need; nothing beside the whole table."""
    whole = {need.table.id: need for need in found if isinstance(need.how, AllRows)}
    keys: dict[int, dict[Key, None]] = {}
    tables: dict[int, Table] = {}
    ranges: dict[Need, None] = {}
    for need in found:
        if need.table.id in whole:
            continue
        if isinstance(need.how, Keys):
            tables[need.table.id] = need.table
            keys.setdefault(need.table.id, {}).update(dict.fromkeys(need.how.keys))
        else:
            ranges[need] = None
    pointed = [Need(tables[number], Keys(tuple(found_keys))) for number, found_keys in keys.items()]
    return [*whole.values(), *pointed, *ranges]


def _plan(shape: Shape, catalog: Catalog) -> _Plan:
    plan: _Plan | None = shape.__dict__.get("plan")
    if plan is not None and plan.catalog is catalog:
        return plan
    tables = tuple(catalog.find(*name) for name in (*shape.reads, *shape.writes))
    if plan is not None and plan.tables == tables:
        plan = plan._replace(catalog=catalog)
    else:
        plan = _new_plan(shape, catalog, tables)
    shape.__dict__["plan"] = plan
    return plan


def _new_plan(shape: Shape, catalog: Catalog, tables: tuple[Table | None, ...]) -> _Plan:
    try:
        found = reader(shape.tree, shape.slots, catalog)
        return _Plan(catalog, tables, tuple(found.places()), tuple(found.insert_keys()))
    except RecursionError:
        raise too_complex() from None
