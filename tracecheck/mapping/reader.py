"""Reads a mapping, and refuses whatever it does not understand, with the file, the line and the field."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tracecheck.errors import MappingError
from tracecheck.mapping.document import (
    Document,
    EventValue,
    HiddenTable,
    LogTable,
    PairTable,
    RuleTable,
    SliceTable,
    SymmetryTable,
    fields_of,
)
from tracecheck.mapping.expressions import Expression, ExpressionError, parse
from tracecheck.mapping.log import UNITS_US, LogFormat
from tracecheck.mapping.places import Places
from tracecheck.mapping.rulereader import RuleReader
from tracecheck.mapping.rules import EventRule, Mapping, Pair
from tracecheck.mapping.typetable import TypeTable

_EVENT_FIELDS = ("slice", "node", "epoch")

Shape = TypeVar("Shape")


def load_mapping(path: str | Path) -> Mapping:
    """Reads a mapping. Raises MappingError with the file, the line if it can be told, and the field."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise MappingError(f"{file}: cannot read the mapping: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"{_at(file, str(error))}: the mapping is no TOML: {error}") from None
    except UnicodeDecodeError:
        raise MappingError(f"{file}: the mapping is no TOML: it is not even text") from None
    return Reader(file, text, document).mapping()


def _at(file: Path, message: str) -> str:
    """File and line of an error of the TOML parser, which ends in "(at line 3, column 5)"."""
    line = message.partition("(at line ")[2].partition(",")[0]
    return f"{file}:{line}" if line else str(file)


class Reader:
    """One mapping while it is read. `places` tells lines; `document` is the file's content."""

    def __init__(self, file: Path, text: str, document: dict[str, Any]) -> None:
        self.file = file
        self.places = Places(text)
        self.document = document

    def mapping(self) -> Mapping:
        """What the file says. Raises MappingError."""
        known = fields_of(Document)
        for table, content in self.document.items():
            if table not in known:
                raise self.error(f"[{table}] is no table of a mapping; there are {', '.join(known)}", table)
            if not isinstance(content, dict):
                raise self.error(f"{table} must be a table", table)
        ignored: dict[str, str] = self.entries("ignored", str)
        types = TypeTable(self, self.entries("types", str | dict[str, str]))
        sliced, fields = self.slices()
        rules = self.rules(types, ignored, fields)
        types.check_used(set(rules))
        by, retire = (None, []) if sliced is None else (sliced.by, sliced.retire)
        for act in retire:
            if act not in rules:
                raise self.error(f"[slice] retire: {act} is not mapped in [events]", "slice", "retire")
        symmetry = self.shaped("symmetry", SymmetryTable)
        symmetric = () if symmetry is None else tuple(symmetry.constants)
        pairs = self.pairs({*rules, *ignored})
        return Mapping(self.file, rules, ignored, by, frozenset(retire), symmetric, self.log(), pairs)

    def rules(self, types: TypeTable, ignored: dict[str, str], sliced: frozenset[str]) -> dict[str, EventRule]:
        """The rules by event; `sliced` are the arguments that tell slices apart."""
        events: dict[str, EventValue] = self.entries("events", EventValue)
        if not events:
            raise self.error("[events] maps nothing, so every log would conform", "events")
        for act in events:
            if act in ignored:
                raise self.error(f"{act} is both mapped and ignored", "ignored", act)
        unused: dict[str, str | dict[str, str]] = self.entries("unused", str | dict[str, str])
        for act in unused:
            if act not in events and act != "*":
                raise self.error(f"[unused] speaks of {act}, which [events] does not map", "unused", act)
        reader = RuleReader(self, types, self.shaped("hidden", HiddenTable), unused, sliced)
        rules = {act: reader.rule(act, value) for act, value in events.items()}
        if not any(case.constrains for rule in rules.values() for case in rule.cases):
            text = "the mapping constrains nothing: no event gives an argument or speaks of a variable"
            raise self.error(text, "events")
        return rules

    # -- the smaller tables ----------------------------------------------------------------------------------

    def slices(self) -> tuple[SliceTable | None, frozenset[str]]:
        """[slice], and the arguments that it looks at."""
        table = self.shaped("slice", SliceTable)
        if table is None or table.by in _EVENT_FIELDS:
            return table, frozenset()
        by = self.expression(table.by, "slice", "by")
        if table.by.isidentifier():
            text = f"[slice] by: {table.by!r} is none of {', '.join(_EVENT_FIELDS)}; say args.{table.by}"
            raise self.error(text, "slice", "by")
        return table, by.fields

    def pairs(self, events: set[str]) -> tuple[Pair, ...]:
        """[complete]: by field what begins and what ends its values."""
        tables: dict[str, PairTable] = self.entries("complete", PairTable)
        for name, table in tables.items():
            for act in (*table.begin, *table.end):
                if act not in events and not any(p[:-1] == act[: len(p) - 1] for p in events if p.endswith("*")):
                    text = f"[complete] {name}: {act} is neither mapped nor ignored"
                    raise self.error(text, "complete", name)
        found = ((self.expression(name, "complete", name), table) for name, table in tables.items())
        return tuple(Pair(field, frozenset(table.begin), frozenset(table.end)) for field, table in found)

    def log(self) -> LogFormat | None:
        table = self.shaped("log", LogTable)
        if table is None:
            return None
        parts = ("event", "node", "sequence", "time", "clock", "causes", "slice", "epoch", "only")
        given = {name: getattr(table, name) for name in parts}
        paths = {name: self.expression(text, "log", name) for name, text in given.items() if text is not None}
        for name, expression in paths.items():
            if name != "only" and expression.path is None:
                raise self.error(f"[log] {name}: {expression.text!r} is no path such as msg.type", "log", name)
        if table.error and table.time is None:
            raise self.error("[log] error: the log has no time, so it cannot be off", "log", "error")
        whole = None if table.arguments == "." else self.expression(table.arguments, "log", "arguments")
        return LogFormat(**paths, arguments=whole, us_per_unit=UNITS_US[table.unit], error=table.error)

    # -- what all tables need --------------------------------------------------------------------------------

    def expression(self, text: str, *path: str | int) -> Expression:
        try:
            return parse(text, of_line=path[0] == "log")
        except ExpressionError as error:
            raise self.error(f"[{path[0]}] {path[-1]}: {error}", *path) from None

    def shaped(self, name: str, table: type[Shape]) -> Shape | None:
        """The table `name`, None when the mapping has none."""
        content = self.document.get(name)
        return None if content is None else self.convert(content, table, name)

    def entries(self, name: str, shape: Any) -> dict[str, Any]:
        """The entries of the table `name`, each of one shape."""
        content = self.document.get(name, {})
        return {key: self.convert(value, shape, name, key) for key, value in content.items()}

    def convert(self, value: Any, shape: Any, *path: str) -> Any:
        """`value` in the shape that the document gives it."""
        if path[0] in ("ignored", "unused") and _is_blank(value):
            raise self.error(f"[{path[0]}] {path[-1]}: say why it is left out", *path)
        try:
            return msgspec.convert(value, shape)
        except msgspec.ValidationError as error:
            message, _, inner = str(error).partition(" - at `$")
            inner = inner.rstrip("`").lstrip(".")
            field = inner.rpartition(".")[2]
            if "unknown field" in message:
                wrong = message.split("`")[1]
                known = _fields(shape, path[0], inner)
                message, field = f"there is no {wrong!r}; there are {', '.join(known)}", wrong
            where = ": ".join([f"[{path[0]}]", *path[1:], *([inner] if inner else [])])
            raise self.error(f"{where}: {message}", *path, *([field] if field else [])) from None

    def error(self, message: str, *path: str | int) -> MappingError:
        """An error with the line on which `path` stands, as far as that can be told."""
        return MappingError(f"{self.place(*path)}: {' '.join(message.split())}")

    def place(self, *path: str | int) -> str:
        """File and line of what stands at `path`."""
        line = self.places.line(*path)
        return f"{self.file}:{line}" if line else str(self.file)


def _is_blank(value: Any) -> bool:
    texts = value.values() if isinstance(value, dict) else [value]
    return any(not isinstance(text, str | dict) or (isinstance(text, str) and not text.strip()) for text in texts)


def _fields(shape: Any, table: str, inner: str) -> tuple[str, ...]:
    """The names that may stand where an unknown one was found: `inner` is the path within an entry of `table`."""
    if inner.rpartition(".")[2] == "hidden":
        return fields_of(HiddenTable)
    return fields_of(RuleTable if table == "events" else shape)
