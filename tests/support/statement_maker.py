"""Generated statements over a few tables, with literals and parameters in many forms."""

from __future__ import annotations

import struct
from typing import NamedTuple

from hypothesis import strategies as st

from daybreak.query.statements import Parameter

DDL = """
CREATE TABLE i (id bigint PRIMARY KEY, x int);
CREATE TABLE s (k text PRIMARY KEY, x int);
CREATE TABLE c (a int, b char(3), x int, PRIMARY KEY (a, b));
CREATE TABLE n (id numeric PRIMARY KEY, x int);
CREATE TABLE m (d date, f boolean, u uuid, x int, PRIMARY KEY (d, f, u));
CREATE TABLE v (k varchar(5) PRIMARY KEY, x int);
CREATE TABLE h (x int, y int);
"""

UUIDS = ["00000000-0000-0000-0000-000000000001", "7fffffff-0000-0000-0000-0000000000ff"]
ROWS: dict[str, list[tuple[object, ...]]] = {
    "i": [(n, n % 3) for n in (-5, -1, 0, 1, 2, 3, 7, 2**53, 2**53 + 1)],
    "s": [(k, n % 3) for n, k in enumerate(["", " ", "a", "a ", "ab", "b", "1", "2", "it's"])],
    "c": [(a, b, a % 2) for a in (-1, 0, 1, 2) for b in ("", "a", "ab", "a\t")],
    "n": [(q, n % 2) for n, q in enumerate(["-1.5", "-1", "0", "1", "1.5", "2.50", "10000", "NaN"])],
    "m": [(d, f, u, 1) for d in ("2026-01-01", "2026-02-01") for f in (True, False) for u in UUIDS],
    "v": [(k, 1) for k in ("", "a", "a ", "ab", "a\t")],
    "h": [(0, 1), (1, 1), (None, 2)],
}
TABLES: dict[str, dict[str, str]] = {
    "i": {"id": "int8", "x": "int4"},
    "s": {"k": "text", "x": "int4"},
    "c": {"a": "int4", "b": "bpchar", "x": "int4"},
    "n": {"id": "numeric", "x": "int4"},
    "m": {"d": "date", "f": "bool", "u": "uuid", "x": "int4"},
    "v": {"k": "varchar", "x": "int4"},
    "h": {"x": "int4", "y": "int4"},
}
_INTEGERS = ["-5", "-1", "0", "1", "2", "3", "9007199254740992", "9007199254740993"]
_VALUES = {
    "int4": ["-1", "0", "1", "2", "3", "7"],
    "int8": _INTEGERS,
    "text": ["", " ", "a", "a ", "ab", "b", "1", "it's"],
    "bpchar": ["", " ", "a", "a ", "ab", "a\t", "abc "],
    "varchar": ["", " ", "a", "a ", "ab", "a\t"],
    "numeric": ["-1.5", "-1", "0", "1", "1.0", "1.50", "2.5", "1e4", "NaN"],
    "date": ["2026-01-01", "2026-01-15", "2026-02-01"],
    "bool": ["true", "false", "t", "f"],
    "uuid": UUIDS,
}
_TEXTS = ("text", "bpchar", "varchar")
_NUMERIC_LIKE = ("int4", "int8", "numeric")
_OIDS = {
    "varchar": 1043,
    "int4": 23,
    "int8": 20,
    "text": 25,
    "bpchar": 1042,
    "numeric": 1700,
    "date": 1082,
    "bool": 16,
    "uuid": 2950,
}
_ARRAYS = {
    "varchar": 1015,
    "int4": 1007,
    "int8": 1016,
    "text": 1009,
    "bpchar": 1014,
    "numeric": 1231,
    "date": 1182,
    "uuid": 2951,
}


class Made(NamedTuple):
    """A statement and what is bound to its parameters."""

    sql: str
    parameters: tuple[Parameter, ...]


class Column(NamedTuple):
    """A column as an expression may name it."""

    text: str
    type_name: str


class Maker:
    """Draws one statement."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.parameters: list[Parameter] = []
        self.aliases = 0

    def one_of(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) < percent

    # Values

    def value(self, type_name: str) -> str:
        """An expression to compare a column of this type with."""
        if self.chance(4):
            return "NULL"
        if self.chance(6) and type_name in _NUMERIC_LIKE:
            return self.one_of("1.5", "1::float8", "2::numeric", "9007199254740992::float8", "-1.0", "1e0", "'1'::int4")
        if self.chance(3):
            type_name = self.one_of(*_VALUES)
        elif type_name in _TEXTS and self.chance(20):
            type_name = self.one_of(*_TEXTS)
        text = self.one_of(*_VALUES[type_name])
        form = self.draw(st.integers(0, 9))
        quoted = "'" + text.replace("'", "''") + "'"
        if form < 3:
            return self.parameter(type_name, text)
        if form < 5:
            return f"{quoted}::{self.cast_target(type_name)}"
        if form < 8 and type_name in _NUMERIC_LIKE and text != "NaN":
            return text
        return quoted

    def cast_target(self, type_name: str) -> str:
        """A type to cast a value of `type_name` to, mostly itself."""
        if self.chance(70):
            return type_name
        if type_name in _TEXTS:
            return self.one_of("text", "bpchar", "char(2)", "varchar(1)", "varchar")
        return self.one_of(*_VALUES, "varchar(2)", "float8", "char(2)", "timestamp")

    def parameter(self, type_name: str, text: str) -> str:
        """A new parameter, or an old one again."""
        if self.parameters and self.chance(25):
            return f"${self.draw(st.integers(1, len(self.parameters)))}"
        typed = self.chance(60)
        value: bytes | None = text.encode()
        binary = typed and type_name in ("int4", "int8", "text", "bool") and self.chance(50)
        if binary and type_name in ("int4", "int8"):
            value = struct.pack(">i" if type_name == "int4" else ">q", int(text))
        elif binary and type_name == "bool":
            value = b"\1" if text.startswith("t") else b"\0"
        if self.chance(4):
            value = None
        self.parameters.append(Parameter(int(binary), _OIDS[type_name] if typed else 0, value))
        return f"${len(self.parameters)}" + (f"::{type_name}" if self.chance(15) else "")

    def array(self, type_name: str) -> str:
        """An array to compare a column with ANY of."""
        texts = [self.one_of(*_VALUES[type_name]) for _ in range(self.draw(st.integers(0, 3)))]
        literal = "{" + ",".join('"' + text + '"' if text != "1" else "NULL" for text in texts) + "}"
        form = self.draw(st.integers(0, 3))
        if form == 0:
            return f"ANY(ARRAY[{', '.join(self.value(type_name) for _ in texts) or 'NULL'}])"
        quoted = "'" + literal.replace("'", "''") + "'"
        if form == 1 or type_name not in _ARRAYS:
            return f"ANY({quoted}::{type_name}[])"
        if form == 2:
            return f"ANY({quoted})"
        self.parameters.append(Parameter(0, _ARRAYS[type_name], literal.encode()))
        return f"ANY(${len(self.parameters)})"

    # Predicates

    def predicate(self, columns: list[Column], depth: int = 2) -> str:
        """A boolean expression over some of `columns`."""
        if depth and self.chance(35):
            word = self.one_of("AND", "AND", "AND", "OR")
            return f"({self.predicate(columns, depth - 1)} {word} {self.predicate(columns, depth - 1)})"
        if depth and self.chance(8):
            return f"NOT ({self.predicate(columns, depth - 1)})"
        keys = [column for column in columns if not column.text.endswith("x")]
        column = self.draw(st.sampled_from(keys if keys and self.chance(80) else columns))
        return self.comparison(columns, column)

    def comparison(self, columns: list[Column], column: Column) -> str:
        """One comparison of `column`."""
        name, type_name = column
        form = self.draw(st.integers(0, 14))
        if form < 4:
            return f"{name} = {self.value(type_name)}"
        if form < 6:
            return f"{name} {self.one_of('<', '<=', '>', '>=', '<>')} {self.value(type_name)}"
        if form == 6:
            return f"{self.value(type_name)} {self.one_of('=', '<', '>=')} {name}"
        if form == 7:
            return f"{name} BETWEEN {self.value(type_name)} AND {self.value(type_name)}"
        if form < 10:
            items = ", ".join(self.value(type_name) for _ in range(self.draw(st.integers(1, 3))))
            return f"{name} {self.one_of('IN', 'IN', 'NOT IN')} ({items})"
        if form == 10:
            return f"{name} = {self.array(type_name)}"
        other = self.draw(st.sampled_from(columns))
        if form == 11:
            return f"({name}, {other.text}) = ({self.value(type_name)}, {self.value(other.type_name)})"
        if form == 12:
            pairs = [f"({self.value(type_name)}, {self.value(other.type_name)})" for _ in range(2)]
            return f"({name}, {other.text}) IN ({', '.join(pairs)})"
        if form == 13:
            return f"{name} = {other.text}"
        return self.one_of(f"{name} IS NULL", f"{name} IS NOT NULL", f"{name}::text LIKE 'a%'", f"({name}) IS NULL")

    # FROM

    def table(self) -> tuple[str, list[Column]]:
        """A table, with or without an alias, now and then under other column names or behind a subquery."""
        table = self.one_of(*TABLES, "i", "c")
        self.aliases += 1
        alias = self.one_of(f"p{self.aliases}", f"q{self.aliases % 3}", table)
        types = TABLES[table]
        names = list(types)
        form = self.draw(st.integers(0, 9))
        if form == 0:
            names = [*names[1:], names[0]]  # the same names for other columns
            text = f"{table} AS {alias}({', '.join(names)})"
        elif form == 1:
            inner = self.predicate(self.named(table, types))
            text = f"(SELECT * FROM {table} WHERE {inner}) AS {alias}"
        else:
            text = table if alias == table else f"{table} AS {alias}"
        return text, self.named(alias, dict(zip(names, types.values(), strict=True)))

    def named(self, alias: str, types: dict[str, str]) -> list[Column]:
        """The columns as they are mostly named, with their table, or without."""
        return [Column(name if self.chance(10) else f"{alias}.{name}", kind) for name, kind in types.items()]

    def tables(self) -> tuple[str, list[Column]]:
        """A FROM list."""
        text, columns = self.table()
        for _ in range(self.draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
            other, more = self.table()
            columns = columns + more
            word = self.one_of("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
            form = self.draw(st.integers(0, 9))
            if form < 2:
                text = f"{text}, {other}"
            elif form == 2:
                text = f"{text} {word} {other} USING (x)"
            elif form == 3:
                text = f"{other} {word} ({text}) ON {self.predicate(columns)}"
            else:
                both = f"{columns[0].text} = {more[0].text} AND " if word == "FULL JOIN" else ""
                text = f"{text} {word} {other} ON {both}{self.predicate(columns)}"
        if "JOIN" in text and "," not in text and self.chance(10):
            return f"({text}) AS j", [Column("j." + c.text.split(".")[-1], c.type_name) for c in columns]
        return text, columns

    # Statements

    def select(self, outer: list[Column], depth: int = 1) -> str:
        """A query block; `outer` are the columns of the query around it."""
        text, columns = self.tables()
        joined = "JOIN" in text
        where = self.predicate(columns + (outer if self.chance(40) else []))
        if depth and self.chance(25):
            inner = self.select(columns, depth - 1)
            where += self.one_of(" AND ", " OR ", " AND NOT ") + f"EXISTS ({inner})"
        what = self.one_of("*", "*", "count(*)", "1")
        return f"SELECT {what} FROM {text}" + (f" WHERE {where}" if not joined or self.chance(50) else "")

    def statement(self) -> Made:
        """A whole statement."""
        form = self.draw(st.integers(0, 9))
        if form < 5:
            sql = self.select([])
        elif form == 5:
            sql = f"WITH {self.one_of('w', 'i', 'p')} AS ({self.select([])}) {self.select([])}"
        elif form == 6:
            sql = f"SELECT 1 FROM ({self.select([])}) AS a UNION ALL SELECT 2 FROM ({self.select([])}) AS b"
        else:
            sql = self.change(form)
        return Made(sql, tuple(self.parameters))

    def change(self, form: int) -> str:
        """An UPDATE or DELETE."""
        table = self.one_of(*TABLES)
        alias = self.one_of("p", table)
        columns = self.named(alias, TABLES[table])
        others, more = self.tables() if self.chance(40) else ("", [])
        word = "FROM" if form == 7 else "USING"
        others = f" {word} {others}" if others else ""
        where = f"WHERE {self.predicate(columns + more)} RETURNING {alias}.*"
        if form == 7:
            return f"UPDATE {table} AS {alias} SET x = {alias}.x + 1{others} {where}"
        return f"DELETE FROM {table} AS {alias}{others} {where}"


@st.composite
def statements(draw: st.DrawFn) -> Made:
    """Statements that mostly are valid."""
    return Maker(draw).statement()
