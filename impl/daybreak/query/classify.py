"""What is this text? From SQL to statements that are allowed, or a refusal in the service's words.

Every statement type and every node within is on a whitelist; what is unknown is refused, never passed on.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from postgast import PgQueryError

from daybreak.base.writes import Access
from daybreak.query import definitions, sessionrules, sysviews
from daybreak.query.asyncindex import without_async
from daybreak.query.cache import BoundedCache
from daybreak.query.grammar import RawStatement, Tree, nodes_of, only, option_value, parse
from daybreak.query.refusals import check_query, not_supported, relations, row_locks, table_name
from daybreak.query.shapes import ShapeKey, literal_slots, split_literals
from daybreak.query.statements import Kind, Shape, Statement

_CACHED_CHARACTERS = 500_000
_COMMANDS = {
    "SelectStmt": "SELECT",
    "InsertStmt": "INSERT",
    "UpdateStmt": "UPDATE",
    "DeleteStmt": "DELETE",
}
_texts: BoundedCache[str, tuple[Statement, ...]] = BoundedCache(_CACHED_CHARACTERS)
_shapes: BoundedCache[ShapeKey, Shape] = BoundedCache(_CACHED_CHARACTERS)


def classify(text: str) -> tuple[Statement, ...]:
    """The statements of `text`, in order; exactly one, of kind EMPTY or INVALID, where there are none.

    A text of which any statement is refused is refused as a whole. Raises `RequestError` (0A000 for what the service
    does not support). Cached by text, and for single queries by their text without literals.
    """
    known = _texts.get(text)
    if known is not None:
        return known
    split = split_literals(text)
    if split is not None:
        shape = _shapes.get(split[0])
        if shape is not None:
            return (Statement(shape, text, 0, split[1]),)
    statements = _classify_new(text)
    slots = _exchangeable(text, statements) if split is not None and split[1] else None
    if split is None or slots is None:
        _texts.put(text, statements, len(text))
        return statements
    shape = msgspec.structs.replace(statements[0].shape, slots=slots)
    _shapes.put(split[0], shape, len(text))
    return (Statement(shape, text, 0, split[1]),)


def _exchangeable(text: str, statements: tuple[Statement, ...]) -> dict[int, int] | None:
    """The slots of a single query whose literals may be exchanged."""
    if len(statements) > 1 or statements[0].kind not in (Kind.SELECT, Kind.DML):
        return None
    return literal_slots(text, statements[0].shape.tree)


def _classify_new(text: str) -> tuple[Statement, ...]:
    sql, removed = without_async(text)
    try:
        raw = parse(sql)
    except PgQueryError:
        return (Statement(Shape(Kind.INVALID, "", {}), text),)
    if not raw:
        return (Statement(Shape(Kind.EMPTY, "", {}), text),)
    if len(raw) == 1:
        return (Statement(_shape(raw[0].stmt, sql, bool(removed)), sql),)
    data = sql.encode()
    return tuple(_part(data, statement, removed) for statement in raw)


def _part(data: bytes, raw: RawStatement, removed: tuple[int, ...]) -> Statement:
    end = raw.stmt_location + raw.stmt_len if raw.stmt_len else len(data)
    sql = data[raw.stmt_location : end].decode()
    asynchronous = any(raw.stmt_location <= position < end for position in removed)
    return Statement(_shape(raw.stmt, sql, asynchronous), sql, len(data[: raw.stmt_location].decode()))


def _shape(tree: Tree, sql: str, asynchronous: bool) -> Shape:
    name, fields = only(tree)
    if name in _COMMANDS:
        return _query(tree)
    if name == "IndexStmt":
        index = definitions.create_index(fields, asynchronous, sql)
        return Shape(Kind.DDL, index.kind.value, tree, ddl=index)
    rule = _RULES.get(name)
    if rule is None:
        raise not_supported(_REFUSED.get(name) or f"unsupported statement: {name.removesuffix('Stmt')}")
    return rule(tree, fields)


def _query(tree: Tree) -> Shape:
    nodes = nodes_of(tree)
    check_query(nodes)
    name, _ = only(tree)
    reads, writes = relations(nodes)
    locks = row_locks(nodes)
    command = _COMMANDS[name]
    if locks:
        command += " FOR UPDATE" if locks[0].access is Access.WRITE else " FOR KEY SHARE"
    kind = Kind.DML if writes else Kind.SELECT
    return Shape(kind, command, tree, reads, writes, locks, calls=sysviews.calls(nodes))


def _transaction(tree: Tree, fields: Tree) -> Shape:
    return Shape(command="", tree=tree, **sessionrules.transaction(fields))


def _variable_set(tree: Tree, fields: Tree) -> Shape:
    return Shape(command="SET", tree=tree, **sessionrules.variable_set(fields))


def _variable_show(tree: Tree, fields: Tree) -> Shape:
    return Shape(command="SHOW", tree=tree, **sessionrules.variable_show(fields))


def _set_constraints(tree: Tree, fields: Tree) -> Shape:
    check_query(nodes_of(fields))
    return Shape(Kind.SET_CONSTRAINTS, "SET CONSTRAINTS", tree)


def _deallocate(tree: Tree, fields: Tree) -> Shape:
    if not fields.get("isall"):
        raise not_supported("DEALLOCATE of one prepared statement not supported. please use DEALLOCATE ALL.")
    return Shape(Kind.DEALLOCATE, "DEALLOCATE", tree)


def _explain(tree: Tree, fields: Tree) -> Shape:
    name, _ = only(fields["query"])
    if name not in _COMMANDS:
        raise not_supported(f"unsupported statement: {name.removesuffix('Stmt')}")
    inner = _query(fields["query"])
    options = (node["DefElem"] for node in fields.get("options", ()))
    analyze = [option_value(o.get("arg")).lower() for o in options if o["defname"].lower() == "analyze"]
    analyzed = bool(analyze) and analyze[-1] not in ("false", "off", "0")
    return msgspec.structs.replace(inner, kind=Kind.EXPLAIN, analyze=analyzed)


def _copy(tree: Tree, fields: Tree) -> Shape:
    if "filename" in fields or fields.get("is_program"):
        raise not_supported("COPY from or to a file or program not supported. please use STDIN or STDOUT.")
    nodes = nodes_of(fields)
    check_query(nodes)
    if fields.get("is_from"):
        return Shape(Kind.COPY_IN, "COPY FROM", tree, writes=(table_name(fields["relation"]),))
    reads, writes = relations(nodes)
    return Shape(Kind.COPY_OUT, "COPY TO", tree, reads, writes, row_locks(nodes), calls=sysviews.calls(nodes))


def _create_table(tree: Tree, fields: Tree) -> Shape:
    return Shape(Kind.DDL, "CREATE TABLE", tree, ddl=definitions.create_table(fields))


def _drop(tree: Tree, fields: Tree) -> Shape:
    dropped = definitions.drop(fields)
    return Shape(Kind.DDL, dropped.kind.value, tree, ddl=dropped)


def _alter_table(_: Tree, fields: Tree) -> Shape:
    raise definitions.alter_refusal(fields)


def _vacuum(_: Tree, fields: Tree) -> Shape:
    raise not_supported(f"unsupported {'VACUUM' if fields.get('is_vacuumcmd') else 'ANALYZE'} statement")


def _create_function(_: Tree, fields: Tree) -> Shape:
    raise definitions.function_refusal(fields)


_RULES: dict[str, Callable[[Tree, Tree], Shape]] = {
    "TransactionStmt": _transaction,
    "VariableSetStmt": _variable_set,
    "VariableShowStmt": _variable_show,
    "ConstraintsSetStmt": _set_constraints,
    "DeallocateStmt": _deallocate,
    "ExplainStmt": _explain,
    "CopyStmt": _copy,
    "CreateStmt": _create_table,
    "DropStmt": _drop,
    "AlterTableStmt": _alter_table,
    "VacuumStmt": _vacuum,
    "CreateFunctionStmt": _create_function,
}

_REFUSED = {
    "MergeStmt": "unsupported statement type: MERGE",
    "CreateTrigStmt": "CREATE TRIGGER not supported",
    "CreateEnumStmt": "CREATE TYPE not supported",
    "DefineStmt": "CREATE TYPE not supported",
    "AlterEnumStmt": "ALTER TYPE not supported",
    "AlterTypeStmt": "ALTER TYPE not supported",
    "RenameStmt": "unsupported object in RENAME statement",
}
