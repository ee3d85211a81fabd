"""DDL: which definitions of tables and indexes are allowed, and what they define."""

from __future__ import annotations

from typing import Any

from daybreak.errors import RequestError
from daybreak.query.asyncindex import without_unique
from daybreak.query.grammar import Tree, nodes_of, only, option_value, words
from daybreak.query.refusals import check_query, not_supported, table_name
from daybreak.query.statements import Ddl, DdlKind, TableName

_TABLE_OPTIONS = {
    "inhRelations": "INHERITS",
    "partbound": "PARTITION OF",
    "partspec": "PARTITION BY",
    "ofTypename": "OF type",
    "options": "WITH",
    "tablespacename": "TABLESPACE",
    "accessMethod": "USING",
}
_PERSISTENCE = {"t": "TEMPORARY or TEMP", "u": "UNLOGGED"}
_CONSTRAINTS = {
    "CONSTR_FOREIGN": "FOREIGN KEY constraint not supported",
    "CONSTR_EXCLUSION": "EXCLUDE constraint not supported",
    "CONSTR_IDENTITY": "identity column not supported",
    "CONSTR_ATTR_DEFERRABLE": "DEFERRABLE constraint not supported",
    "CONSTR_ATTR_DEFERRED": "DEFERRABLE constraint not supported",
    "CONSTR_ATTR_NOT_ENFORCED": "NOT ENFORCED constraint not supported",
}
_SERIALS = frozenset({"serial", "serial2", "serial4", "serial8", "smallserial", "bigserial"})
_DEFINITION_NODES = frozenset({"Constraint", "TableLikeClause"})


def create_table(fields: Tree) -> Ddl:
    """CREATE TABLE with columns, defaults, checks, stored generated columns, a primary key and unique constraints."""
    relation = fields["relation"]
    _check_name(relation)
    if relation.get("relpersistence") in _PERSISTENCE:
        raise not_supported(f"{_PERSISTENCE[relation['relpersistence']]} table not supported for CREATE TABLE")
    for option, word in _TABLE_OPTIONS.items():
        if option in fields:
            raise not_supported(f"{word} not supported for CREATE TABLE")
    if fields.get("oncommit", "ONCOMMIT_NOOP") != "ONCOMMIT_NOOP":
        raise not_supported("ON COMMIT not supported for CREATE TABLE")
    check_query(nodes_of(fields), _DEFINITION_NODES)
    for element in fields.get("tableElts", ()):
        kind, definition = only(element)
        if kind == "ColumnDef":
            _check_column(definition)
        elif kind == "Constraint":
            _check_constraint(definition)
    return Ddl(DdlKind.CREATE_TABLE, (table_name(relation),), lenient="if_not_exists" in fields)


def _check_name(relation: dict[str, Any]) -> None:
    if relation.get("schemaname", "").startswith("pg_temp"):
        raise not_supported("TEMPORARY or TEMP table not supported for CREATE TABLE")


def _check_column(column: Tree) -> None:
    type_name = words(column["typeName"]["names"])[-1] if "typeName" in column else ""
    if type_name in _SERIALS:
        raise RequestError(f'type "{type_name}" does not exist', sqlstate="42704")
    if "compression" in column or "storage_name" in column:
        raise not_supported("column storage parameters not supported for CREATE TABLE")
    for constraint in column.get("constraints", ()):
        _check_constraint(constraint["Constraint"])


def _check_constraint(constraint: Tree) -> None:
    kind = constraint["contype"]
    if constraint.get("deferrable"):
        kind = "CONSTR_ATTR_DEFERRABLE"
    if kind in _CONSTRAINTS:
        raise not_supported(_CONSTRAINTS[kind])
    if constraint.get("generated_kind", "s") != "s":
        raise not_supported("VIRTUAL generated column not supported")
    if "options" in constraint or "indexspace" in constraint or constraint.get("without_overlaps"):
        raise not_supported("index parameters not supported for constraints")


def create_index(fields: Tree, asynchronous: bool, sql: str) -> Ddl:
    """CREATE [UNIQUE] INDEX; `asynchronous` tells whether ASYNC stood in the text."""
    if fields.get("concurrent"):
        raise not_supported("CONCURRENTLY not supported for CREATE INDEX")
    if not asynchronous:
        raise not_supported("unsupported mode. please use CREATE INDEX ASYNC.")
    if fields.get("accessMethod", "btree") != "btree" or "options" in fields or "tableSpace" in fields:
        raise not_supported("USING, WITH and TABLESPACE not supported for CREATE INDEX")
    expressions = False
    for element in fields["indexParams"]:
        key = element["IndexElem"]
        expressions = expressions or "expr" in key
        if key.get("ordering", "SORTBY_DEFAULT") != "SORTBY_DEFAULT":
            raise not_supported("specifying sort order not supported for index keys")
        if "opclass" in key:
            raise not_supported("opclass not supported for index keys")
        if "collation" in key:
            raise not_supported("COLLATE clause not supported")
    unique = bool(fields.get("unique"))
    if unique and (expressions or "whereClause" in fields):
        raise not_supported("partial or expression index not supported for CREATE UNIQUE INDEX")
    check_query(nodes_of(fields))
    return Ddl(
        DdlKind.CREATE_INDEX,
        (table_name(fields["relation"]),),
        lenient="if_not_exists" in fields,
        unique=unique,
        declaration=without_unique(sql) if unique else sql,
    )


def drop(fields: Tree) -> Ddl:
    """DROP TABLE, DROP INDEX."""
    if fields["removeType"] not in ("OBJECT_TABLE", "OBJECT_INDEX"):
        raise not_supported("unsupported object in DROP statement")
    if fields.get("concurrent"):
        raise not_supported("CONCURRENTLY not supported for DROP INDEX")
    kind = DdlKind.DROP_TABLE if fields["removeType"] == "OBJECT_TABLE" else DdlKind.DROP_INDEX
    names = tuple(_dropped_name(node) for node in fields["objects"])
    if kind is DdlKind.DROP_INDEX and len(names) > 1:
        raise not_supported("DROP INDEX of several indexes not supported")
    return Ddl(kind, names, lenient="missing_ok" in fields)


def _dropped_name(node: Tree) -> TableName:
    path = words(node["List"]["items"])
    return TableName(path[-2] if len(path) > 1 else None, path[-1])


_ALTERATIONS = {
    "AT_AlterColumnType": "ALTER COLUMN ... SET DATA TYPE",
    "AT_SetStatistics": "ALTER COLUMN ... SET STATISTICS",
    "AT_AddConstraint": "ADD CONSTRAINT",
    "AT_ValidateConstraint": "VALIDATE CONSTRAINT",
}


def alter_refusal(fields: Tree) -> RequestError:
    """The refusal of an ALTER TABLE: none is supported."""
    subtype = only(fields["cmds"][0])[1]["subtype"] if fields.get("cmds") else ""
    if subtype in _ALTERATIONS:
        return not_supported(f"unsupported ALTER TABLE {_ALTERATIONS[subtype]} statement")
    return not_supported("unsupported statement: AlterTable")


def function_refusal(fields: Tree) -> RequestError:
    """The refusal of a CREATE FUNCTION or PROCEDURE: none is supported."""
    if fields.get("is_procedure"):
        return not_supported("PROCEDURE is not supported")
    options = {node["DefElem"]["defname"]: node["DefElem"].get("arg") for node in fields.get("options", ())}
    language = option_value(options.get("language")) or "sql"
    if language != "sql":
        return not_supported(f"CREATE FUNCTION with language {language} not supported")
    return not_supported("unsupported statement: CreateFunction")
