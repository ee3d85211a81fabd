"""Where a statement reads tables, and what is implied about the rows that matter at each of these places.

A query block is one FROM list with its WHERE. Rows of a table that do not satisfy a condition of WHERE, or of the ON
of a join that could drop them, do not change the block's result; what is above the block need not be looked at.
The conditions of an outer join's ON say nothing about the side whose rows it keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from daybreak.query.catalog import Catalog, Table
from daybreak.query.conditions import Finder, Leaf, Scope, Values
from daybreak.query.grammar import Nodes, Tree, nodes_of, only, with_field
from daybreak.query.predicates import Both, Condition, Equal
from daybreak.query.refusals import table_name


class Place(NamedTuple):
    """A place where a table is read; None: all of its rows matter."""

    table: Table
    condition: Condition | None


_LEFT = {"JOIN_INNER", "JOIN_RIGHT"}
_RIGHT = {"JOIN_INNER", "JOIN_LEFT"}
"""Joins whose ON restricts the rows of their left or right side."""


class Reader(NamedTuple):
    """Reads one statement against one catalog."""

    nodes: Nodes
    catalog: Catalog
    values: Values

    def places(self) -> Iterator[Place]:
        """All places where the statement reads tables; the targets of INSERT are none."""
        done = {id(node["relation"]) for node in self.nodes.get("InsertStmt", ())}
        for clause in self.nodes.get("LockingClause", ()):
            done.update(id(node["RangeVar"]) for node in clause.get("lockedRels", ()))
        for statement, others in (("UpdateStmt", "fromClause"), ("DeleteStmt", "usingClause")):
            for node in self.nodes.get(statement, ()):
                items = [{"RangeVar": node["relation"]}, *node.get(others, ())]
                yield from self._block(items, node, done)
        for node in with_field(self.nodes, "fromClause"):
            if "relation" not in node:  # which an UPDATE has
                yield from self._block(node["fromClause"], node, done)
        for relation in with_field(self.nodes, "relname"):
            table = self._table(relation) if id(relation) not in done else None
            if table is not None:
                yield Place(table, None)

    def insert_keys(self) -> Iterator[Place]:
        """For each INSERT ... VALUES, the rows whose primary keys it names: they may be there already."""
        for insert in self.nodes.get("InsertStmt", ()):
            table = self._table(insert["relation"])
            if table is not None and table.primary_key is not None:
                yield from self._inserted(table, table.primary_key.columns, insert)

    def _inserted(self, table: Table, key: tuple[int, ...], insert: Tree) -> Iterator[Place]:
        select = insert.get("selectStmt", {}).get("SelectStmt", {})
        targets = [node["ResTarget"].get("name") for node in insert.get("cols", ())]
        names = targets or [column.name for column in table.columns]
        key_names = [table.columns[number].name for number in key]
        if not set(key_names) <= set(names):
            return
        positions = [names.index(name) for name in key_names]
        for row in select.get("valuesLists", ()):
            items = row["List"]["items"]
            sources = [self.values.source(items[n]) for n in positions if n < len(items)]
            known = tuple(source for source in sources if source is not None)
            if len(known) == len(key):
                yield Place(table, Equal(key, [known]))

    def _table(self, relation: Tree) -> Table | None:
        return self.catalog.find(*table_name(relation))

    def _block(self, items: list[Tree], block: Tree, done: set[int]) -> Iterator[Place]:
        leaves: list[Leaf] = []
        found: list[tuple[Leaf, list[Tree]]] = []
        merged = False
        where = [block["whereClause"]] if "whereClause" in block else []
        stack = [(item, where, True) for item in reversed(items)]
        while stack:
            item, conditions, visible = stack.pop()
            kind, fields = only(item)
            if kind == "JoinExpr":
                merged = merged or "usingClause" in fields or "isNatural" in fields
                stack += _sides(fields, conditions, visible)
            elif kind == "RangeVar":
                leaf = self._leaf(fields, visible)
                leaves.append(leaf)
                done.add(id(fields))
                found.append((leaf, conditions))
            else:
                leaves.append(Leaf(fields.get("alias", {}).get("aliasname") if visible else None, None))
        scope = Scope(leaves, merged)
        for leaf, conditions in found:
            if leaf.table is not None:
                yield Place(leaf.table, self._condition(Finder(leaf, scope, self.values), conditions))

    def _leaf(self, relation: Tree, visible: bool) -> Leaf:
        alias = relation.get("alias", {})
        name = alias.get("aliasname", relation["relname"])
        return Leaf(name if visible else None, self._table(relation), renamed="colnames" in alias)

    def _condition(self, finder: Finder, conditions: list[Tree]) -> Condition | None:
        parts = [finder.condition(node) for node in conditions]
        known = tuple(part for part in parts if part is not None)
        if len(known) == 1:
            return known[0]
        return Both(known) if known else None


def _sides(join: Tree, conditions: list[Tree], visible: bool) -> list[tuple[Tree, list[Tree], bool]]:
    """Both sides of a join, the left one on top, each with the conditions that restrict its rows."""
    if "alias" in join:
        conditions, visible = [], False
    quals = [join["quals"]] if "quals" in join and visible else []
    left = conditions + (quals if join["jointype"] in _LEFT else [])
    right = conditions + (quals if join["jointype"] in _RIGHT else [])
    return [(join["rarg"], right, visible), (join["larg"], left, visible)]


def reader(tree: Tree, slots: dict[int, int] | None, catalog: Catalog) -> Reader:
    """The reader for one statement."""
    nodes = nodes_of(tree)
    counts = Counter(node.get("number", 0) for node in nodes.get("ParamRef", ()))
    return Reader(nodes, catalog, Values(slots or {}, counts))
