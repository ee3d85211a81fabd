"""PostgreSQL's own grammar: from SQL text to raw parse trees, and small helpers to read these.

A tree is libpg_query's JSON: a node is a mapping ``{"TypeName": fields}``, or just the fields where PostgreSQL's
struct leaves only one type possible. Fields with their default value are absent. JSON because plain mappings are
parsed three times and walked four times faster than the protobuf form.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
from postgast.errors import check_error
from postgast.native import lib

from daybreak.errors import RequestError

Tree = dict[str, Any]


class RawStatement(msgspec.Struct):
    """One statement of a text: its tree, and where it stands in the text, in bytes of UTF-8; length 0: to the end."""

    stmt: Tree
    stmt_location: int = 0
    stmt_len: int = 0


class _ParseResult(msgspec.Struct):
    stmts: list[RawStatement] = []


_decoder = msgspec.json.Decoder(_ParseResult)


def too_complex() -> RequestError:
    """The statement is nested deeper than Python's stack, as PostgreSQL says it of its own."""
    return RequestError("stack depth limit exceeded", sqlstate="54001")


SHALLOW_BYTES = 16_384
"""A text of this size can be parsed on an ordinary stack whatever it holds: a level takes two bytes at least."""

_STACK_BYTES_PER_BYTE = 128
_STACK_BYTES = 64 * 2**20
_MAX_DEPTH = 20_000
"""Nested mappings; PostgreSQL itself gives up at fewer."""


def parse(text: str) -> list[RawStatement]:
    """The statements of `text`; empty for white space and comments.

    Raises `postgast.PgQueryError` where PostgreSQL's grammar does, `RequestError` for a text that nests too deep or
    holds a zero character.
    """
    if "\0" in text:
        raise RequestError('invalid byte sequence for encoding "UTF8": 0x00', sqlstate="22021")
    data = text.encode()
    if len(data) <= SHALLOW_BYTES:
        try:
            return _parse(data)
        except RecursionError:
            pass
    return _parse_deep(data)


def _parse(data: bytes) -> list[RawStatement]:
    result = lib.pg_query_parse(data)
    try:
        check_error(result)
        return _decoder.decode(result.parse_tree).stmts
    finally:
        lib.pg_query_free_parse_result(result)


def _parse_deep(data: bytes) -> list[RawStatement]:
    """Parse on a thread with a stack for the deepest tree that `data` can be.

    libpg_query walks its trees recursively without looking at the stack: a long chain of operators would end the
    process.
    """
    outcome: list[list[RawStatement] | Exception] = []

    def run() -> None:
        limit, collecting = sys.getrecursionlimit(), gc.isenabled()
        sys.setrecursionlimit(max(limit, _MAX_DEPTH))
        gc.disable()  # a large tree is made without garbage, but looking for it takes longer than the tree
        try:
            outcome.append(_parse(data))
        except Exception as error:  # whatever it is, it belongs to the caller's thread
            outcome.append(error)
        finally:
            sys.setrecursionlimit(limit)
            if collecting:
                gc.enable()

    before = threading.stack_size(_STACK_BYTES + -(-len(data) * _STACK_BYTES_PER_BYTE // 4096) * 4096)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    except RuntimeError:  # no memory for the stack
        raise too_complex() from None
    finally:
        threading.stack_size(before)
    thread.join()
    found = outcome[0]
    if isinstance(found, RecursionError):
        raise too_complex() from None
    if isinstance(found, Exception):
        raise found
    return found


def only(node: Tree) -> tuple[str, Tree]:
    """Type and fields of a node that names its type."""
    return next(iter(node.items()))


Nodes = dict[str, list[Tree]]
"""The nodes of a tree by the name of their type or, where that is left out, of the field they stand in."""

_LEAVES = frozenset({"A_Const", "String", "ParamRef"})


def nodes_of(tree: object) -> Nodes:
    """All nodes of `tree`; without recursion and without what is inside constants and names."""
    found: Nodes = {}
    stack = [tree]
    while stack:
        item = stack.pop()
        if type(item) is list:
            stack.extend(item)
        elif type(item) is dict:
            for name, value in item.items():
                if type(value) is dict:
                    found.setdefault(name, []).append(value)
                    if name not in _LEAVES:
                        stack.append(value)
                elif type(value) is list:
                    stack.extend(value)
    return found


_NEVER = frozenset({"A_Const", "A_Expr", "ColumnRef", "List", "ParamRef", "ResTarget", "String"})


def with_field(nodes: Nodes, field: str) -> Iterator[Tree]:
    """The nodes that have a field of this name, whatever their type; not for the fields of the commonest types."""
    for name, same in nodes.items():
        if name not in _NEVER:
            yield from (node for node in same if field in node)


def words(nodes: list[Tree] | None) -> list[str]:
    """The parts of a dotted name; a star or anything else that is no word is ``*``."""
    return [node["String"].get("sval", "") if "String" in node else "*" for node in nodes or ()]


def option_value(node: Tree | None) -> str:
    """The argument of an option as text: ``""`` when there is none."""
    if node is None:
        return ""
    kind, fields = only(node)
    if kind == "A_Const":
        kind, fields = next((k, v) for k, v in fields.items() if k != "location")
    if kind in ("String", "sval", "Float", "fval", "Boolean", "boolval"):
        return str(next(iter(fields.values()), ""))
    return str(fields.get("ival", 0)) if kind in ("Integer", "ival") else ""
