"""What is not allowed inside a query, and the words in which the service refuses it.

Everything is a whitelist over node types of the parse tree, except functions: there are three thousand harmless ones,
so those that reach around the snapshot are listed, and a test compares the list with the server's own catalog.
Source of the texts: recordings of the service (profile of October 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from daybreak.base.writes import Access
from daybreak.errors import RequestError
from daybreak.query.grammar import Nodes, Tree, nodes_of, only, with_field, words
from daybreak.query.statements import RowLock, TableName

HIDDEN_SCHEMA = "daybreak"
"""Where private databases keep our own helpers; clients must not know it."""

_QUERY_NODES = """
    A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star Alias BitString BoolExpr Boolean BooleanTest CaseExpr
    CaseWhen CoalesceExpr ColumnDef ColumnRef CommonTableExpr DefElem DeleteStmt Float FuncCall GroupingFunc GroupingSet
    IndexElem InsertStmt Integer JoinExpr JsonArgument JsonArrayAgg JsonArrayConstructor JsonArrayQueryConstructor
    JsonFuncExpr JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor JsonParseExpr JsonScalarExpr
    JsonSerializeExpr JsonTable JsonTableColumn JsonValueExpr List LockingClause MinMaxExpr MultiAssignRef NamedArgExpr
    NullTest ParamRef RangeFunction RangeSubselect RangeVar ResTarget ReturningOption RowExpr SQLValueFunction
    SelectStmt SetToDefault SortBy String SubLink TypeCast TypeName UpdateStmt WindowDef
    CollateClause
    """
QUERY_NODES = frozenset(_QUERY_NODES.split())
"""Node types that a SELECT, INSERT, UPDATE or DELETE may consist of."""

_FUNCTIONS = re.compile(r"""(?x)
    lo_.* | loread | lowrite                                    # large objects
    | nextval | setval | currval | lastval | pg_sequence_last_value | pg_get_sequence_data
    | set_config                                                # SET by another name
    | (query|cursor|table|schema|database)_to_xml.* | ts_stat | ts_rewrite      # run SQL or read tables named in text
    | pg_(try_)?advisory_.* | pg_notify | pg_(cancel|terminate)_backend | pg_export_snapshot
    | pg_(clear|restore)_(relation|attribute)_stats | pg_stat_(reset|clear|force).* | pg_log.* | pg_reload_conf
    | pg_(read|ls|file|stat_file|current_logfile|rotate|promote|switch|backup|create|drop|copy|sync|replication).*
    | pg_(import|extension_config|nextoid|stop_making|wal_replay|logical).* | binary_upgrade_.*
    | brin_(de)?summarize.* | gin_clean_pending_list | currtid2? | dblink.* | .*_(handler|validator)
    """)

_NODES = {
    "RangeTableSample": "TABLESAMPLE clause not supported",
    "MergeStmt": "unsupported statement type: MERGE",
    "CurrentOfExpr": "WHERE CURRENT OF not supported",
}
_CHANGING = ("InsertStmt", "UpdateStmt", "DeleteStmt")
_STRENGTHS = {"LCS_FORUPDATE": Access.WRITE, "LCS_FORKEYSHARE": Access.SHARE}


def not_supported(message: str) -> RequestError:
    """A refusal with the service's SQLSTATE for features it lacks."""
    return RequestError(message, sqlstate="0A000")


def check_query(nodes: Nodes, also: frozenset[str] = frozenset()) -> None:
    """Raise `RequestError` unless all nodes are of allowed types (or those in `also`), functions and schemas."""
    for field in ("collClause", "CollateClause"):
        for clause in nodes.get(field, ()):
            if words(clause["collname"])[-1] != "default":  # what psql writes after each pattern
                raise not_supported("COLLATE clause not supported")
    if "intoClause" in nodes:
        raise not_supported("unsupported statement: CreateTableAs")
    for name in nodes:
        if name[0] <= "Z" and name not in QUERY_NODES and name not in also:
            raise not_supported(_NODES.get(name, f"unsupported expression: {name}"))
    for call in with_field(nodes, "funcname"):
        _check_function(words(call["funcname"]))
    for type_name in with_field(nodes, "names"):
        _check_schema(words(type_name["names"])[:-1])
    for relation in with_field(nodes, "relname"):
        _check_schema([relation.get("schemaname", "")])


def _check_function(name: list[str]) -> None:
    _check_schema(name[:-1])
    if _FUNCTIONS.fullmatch(name[-1]):
        raise not_supported(f"function {name[-1]} not supported")


def _check_schema(path: list[str]) -> None:
    if HIDDEN_SCHEMA in path:
        raise RequestError(f'schema "{HIDDEN_SCHEMA}" does not exist', sqlstate="3F000")


def table_name(relation: dict[str, Any]) -> TableName:
    """The name in the fields of a RangeVar."""
    return TableName(relation.get("schemaname"), relation["relname"])


def relations(nodes: Nodes) -> tuple[tuple[TableName, ...], tuple[TableName, ...]]:
    """The names of all relations: those that may be read, and those that are written."""
    reads = dict.fromkeys(table_name(relation) for relation in with_field(nodes, "relname"))
    changes = (node for name in _CHANGING for node in nodes.get(name, ()))
    writes = dict.fromkeys(table_name(node["relation"]) for node in changes)
    return tuple(reads), tuple(writes)


def row_locks(nodes: Nodes) -> tuple[RowLock, ...]:
    """The locks of all locking clauses; raises `RequestError` for strengths that the service lacks."""
    locks: dict[RowLock, None] = {}
    for select in with_field(nodes, "lockingClause"):
        for clause in select["lockingClause"]:
            locks.update(dict.fromkeys(_locks_of(clause["LockingClause"], select.get("fromClause", []))))
    return tuple(locks)


def _locks_of(clause: Tree, from_clause: list[Tree]) -> Iterator[RowLock]:
    if clause["strength"] not in _STRENGTHS:
        raise not_supported("locking clauses other than FOR UPDATE/FOR KEY SHARE are not supported")
    only_these = {node["RangeVar"]["relname"] for node in clause.get("lockedRels", ())}
    for leaf in from_leaves(from_clause):
        fields = only(leaf)[1]
        name = fields.get("alias", {}).get("aliasname", fields.get("relname", ""))
        if not only_these or name in only_these:
            for table in relations(nodes_of(leaf))[0]:
                yield RowLock(table, _STRENGTHS[clause["strength"]])


def from_leaves(items: list[Tree]) -> Iterator[Tree]:
    """The tables, subqueries and functions of a FROM list, also those inside joins."""
    stack = list(reversed(items))
    while stack:
        item = stack.pop()
        join = item.get("JoinExpr")
        if join is None:
            yield item
        else:
            stack += [join["rarg"], join["larg"]]
