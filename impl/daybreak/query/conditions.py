"""From an expression of the parse tree to the condition on one table that it implies.

Only comparisons of a column with a value that is the same for all rows say anything: a constant or a parameter.
Whatever is not understood gives None, "says nothing", except within OR, where it takes the whole OR with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from daybreak.query import keycodec as k
from daybreak.query.catalog import Table
from daybreak.query.grammar import Tree, only, words
from daybreak.query.predicates import Both, Bound, Condition, Either, Equal, Member
from daybreak.query.sources import Source

_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TYPES = {
    "bool": k.BOOL,
    "int2": k.INT2,
    "int4": k.INT4,
    "int8": k.INT8,
    "text": k.TEXT,
    "varchar": k.VARCHAR,
    "bpchar": k.BPCHAR,
    "uuid": k.UUID,
    "numeric": k.NUMERIC,
    "date": k.DATE,
    "timestamp": k.TIMESTAMP,
    "timestamptz": k.TIMESTAMPTZ,
}


class Leaf(NamedTuple):
    """A table in a FROM list. `name` is None where nothing outside can name it; `table` None: none of ours."""

    name: str | None
    table: Table | None
    renamed: bool = False
    """Its columns have other names here."""


class Scope(NamedTuple):
    """The tables that an expression sees. `merged`: columns named without table may be those of JOIN USING."""

    leaves: Sequence[Leaf]
    merged: bool = False


class Values(NamedTuple):
    """What tells constants from literals, and how often each parameter stands in the whole statement."""

    slots: Mapping[int, int]
    parameter_counts: Mapping[int, int]

    def source(self, node: Tree) -> Source | None:
        """The source of a constant expression; None for any other."""
        kind, fields = only(node)
        if kind == "A_Const":
            return self._constant(fields)
        if kind == "ParamRef":
            number = fields.get("number", 0)
            return Source(parameter=number, only=self.parameter_counts.get(number) == 1)
        if kind == "TypeCast":
            return self._cast(fields, array=False)
        return None

    def array(self, node: Tree) -> Source | None:
        """The source of an array; a cast of it is that of its elements."""
        kind, fields = only(node)
        if kind == "TypeCast":
            return self._cast(fields, array=True)
        return self.source(node)

    def _constant(self, fields: Tree) -> Source | None:
        slot = self.slots.get(fields.get("location", 0))
        if slot is not None:
            return Source(slot=~slot, negative=True) if slot < 0 else Source(slot=slot)
        if "sval" in fields:
            return Source("'" + fields["sval"].get("sval", "").replace("'", "''") + "'")
        if "boolval" in fields:
            return Source("'t'" if fields["boolval"] else "'f'", cast=k.BOOL)
        if "ival" in fields:
            return Source(str(fields["ival"].get("ival", 0)))
        if "fval" in fields:
            return Source(fields["fval"]["fval"])
        return Source() if fields.get("isnull") else None

    def _cast(self, fields: Tree, *, array: bool) -> Source | None:
        target = fields["typeName"]
        *schema, name = words(target["names"])
        type_oid = _TYPES.get(name)
        if schema not in ([], ["pg_catalog"]) or type_oid is None or "typmods" in target or "setof" in target:
            return None
        if ("arrayBounds" in target) is not array or "TypeCast" in fields["arg"]:
            return None
        inner = self.source(fields["arg"])
        return None if inner is None or inner.cast is not None else inner._replace(cast=type_oid)


class Finder(NamedTuple):
    """Finds what expressions say about `leaf`, which is one of the leaves of `scope` and has a table."""

    leaf: Leaf
    scope: Scope
    values: Values

    def condition(self, node: Tree) -> Condition | None:
        """What the truth of this expression implies."""
        kind, fields = only(node)
        if kind == "A_Expr":
            rule = _RULES.get(fields["kind"])
            return rule(self, fields) if rule is not None else None
        if kind == "BoolExpr":
            return self._boolean(fields)
        if kind == "ColumnRef":
            column = self.column(node)
            return None if column is None else Equal((column,), [(Source("'t'", cast=k.BOOL),)])
        return None

    def column(self, node: Tree) -> int | None:
        """The leaf's column that this expression is."""
        table = self.leaf.table
        if "ColumnRef" not in node or table is None or self.leaf.renamed:
            return None
        path = words(node["ColumnRef"]["fields"])
        if len(path) == 2:
            same_name = [leaf for leaf in self.scope.leaves if leaf.name == path[0]]
            return table.column_numbers.get(path[1]) if same_name == [self.leaf] else None
        if len(path) > 2 or self.scope.merged:
            return None
        having = [leaf for leaf in self.scope.leaves if leaf.table and path[0] in leaf.table.column_numbers]
        return table.column_numbers[path[0]] if having == [self.leaf] else None

    def _boolean(self, fields: Tree) -> Condition | None:
        parts = [self.condition(argument) for argument in fields["args"]]
        known = tuple(part for part in parts if part is not None)
        if fields["boolop"] == "AND_EXPR":
            return Both(known) if known else None
        return Either(known) if fields["boolop"] == "OR_EXPR" and len(known) == len(parts) else None

    def compare(self, fields: Tree) -> Condition | None:
        """``a = 1``, ``1 < a``, ``(a, b) = (1, 2)``."""
        *schema, operator = words(fields["name"])
        if schema not in ([], ["pg_catalog"]) or operator not in _MIRRORED or "lexpr" not in fields:
            return None
        left, right = fields["lexpr"], fields["rexpr"]
        if "RowExpr" in left:
            return self._equal_rows(left, [right]) if operator == "=" else None
        return self._compare(left, operator, right) or self._compare(right, _MIRRORED[operator], left)

    def _compare(self, left: Tree, operator: str, right: Tree) -> Condition | None:
        column, source = self.column(left), self.values.source(right)
        if column is None or source is None:
            return None
        return Equal((column,), [(source,)]) if operator == "=" else Bound(column, operator, source)

    def _equal_rows(self, left: Tree, rows: list[Tree]) -> Condition | None:
        columns = [self.column(node) for node in left["RowExpr"].get("args", ())]
        found: list[tuple[Source, ...]] = []
        for row in rows:
            items = row["RowExpr"].get("args", ()) if "RowExpr" in row else ()
            sources = [self.values.source(item) for item in items]
            if len(sources) != len(columns):
                return None
            found.append(tuple(source for source in sources if source is not None))
        known = tuple(column for column in columns if column is not None)
        complete = all(len(row) == len(known) == len(columns) for row in found)
        return Equal(known, found) if complete and len(set(known)) == len(known) else None

    def is_in(self, fields: Tree) -> Condition | None:
        """``a IN (1, 2)``, ``(a, b) IN ((1, 2), (3, 4))``."""
        if words(fields["name"]) != ["="]:
            return None
        items = fields["rexpr"]["List"]["items"]
        if "RowExpr" in fields["lexpr"]:
            return self._equal_rows(fields["lexpr"], items)
        return self._one_of(fields["lexpr"], items)

    def _one_of(self, left: Tree, items: list[Tree]) -> Condition | None:
        column = self.column(left)
        if column is None:
            return None
        sources = [self.values.source(item) for item in items]
        known = [(source,) for source in sources if source is not None]
        return Equal((column,), known) if len(known) == len(sources) else None

    def between(self, fields: Tree) -> Condition | None:
        """``a BETWEEN 1 AND 2``."""
        low, high = fields["rexpr"]["List"]["items"]
        bounds = [self._compare(fields["lexpr"], ">=", low), self._compare(fields["lexpr"], "<=", high)]
        known = tuple(bound for bound in bounds if bound is not None)
        return Both(known) if known else None

    def is_any(self, fields: Tree) -> Condition | None:
        """``a = ANY($1)``, ``a = ANY(ARRAY[1, 2])``, ``a = ANY('{1,2}')``."""
        column, array = self.column(fields["lexpr"]), fields["rexpr"]
        if words(fields["name"]) != ["="] or column is None:
            return None
        if "A_ArrayExpr" in array:
            return self._one_of(fields["lexpr"], array["A_ArrayExpr"].get("elements", []))
        source = self.values.array(array)
        return None if source is None else Member(column, source)


_RULES = {
    "AEXPR_OP": Finder.compare,
    "AEXPR_IN": Finder.is_in,
    "AEXPR_BETWEEN": Finder.between,
    "AEXPR_OP_ANY": Finder.is_any,
}
