"""The mapping: which event is which action of the spec, and what its arguments mean. A TOML file:

    [slice]                                   # optional: an independent behaviour of the spec per value of a field
    by = "slice"                              # slice, node, epoch or args.NAME

    [types]                                   # argument name = type, see tracecheck.codec
    txn = "string"
    [types."Adjudication!Commit"]             # the same name, another type in one event
    keys = "map(string, string)"

    [events]                                  # event = action, applied to logged arguments
    "Adjudication!Commit" = "Commit(txn, start, keys, ts)"

    [derived]                                 # names that Next quantifies, no event carries, and an argument determines
    Commit = { used = "domain(keys)" }

    [unused]                                  # logged arguments the action does not have, and why
    "Adjudication!Recover" = { at = "clients see no lease" }

    [ignored]                                 # events that are no step of this spec, and why; "Module!*" for all others
    "Adjudication!*" = "decided behind the commit"

Nothing else is accepted: a name that is misspelt, an event that is both mapped and ignored, a reason left out.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracecheck.codec import Type, TypeSyntaxError, parse_type
from tracecheck.errors import MappingError

_TABLES = ("slice", "types", "events", "derived", "unused", "ignored")
_APPLICATION = re.compile(r"\s*(\w+)\s*(?:\(\s*(\w+(?:\s*,\s*\w+)*)?\s*\))?\s*")
_DERIVATION = re.compile(r"\s*(\w+)\s*\(\s*(\w+)\s*\)\s*")
_DERIVATIONS = ("domain",)
_SLICE_FIELDS = ("slice", "node", "epoch")
_ANY = "!*"


@dataclass(frozen=True)
class Derived:
    """The quantified name `name` is `function` of the action's formal parameter `of`."""

    name: str
    function: str
    of: str


@dataclass(frozen=True)
class EventRule:
    """The event `act` is `action` applied to the logged `arguments`; `unused` are logged and not looked at."""

    act: str
    action: str
    arguments: tuple[str, ...]
    types: dict[str, Type]
    unused: frozenset[str]
    derived: tuple[Derived, ...]


@dataclass(frozen=True)
class Mapping:
    """A mapping that is well-formed; whether it fits its spec, `tracecheck.tlc.move` finds out."""

    path: Path
    rules: dict[str, EventRule]
    ignored: dict[str, str] = field(default_factory=dict)
    slice_by: str | None = None

    def ignores(self, act: str) -> bool:
        """Whether `act` is declared to be no step of the spec."""
        return act in self.ignored or act.partition("!")[0] + _ANY in self.ignored


def load_mapping(path: str | Path) -> Mapping:
    """Reads a mapping. Raises MappingError with the file, the line if it can be told, and the field."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise MappingError(f"{file}: cannot read the mapping: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"{file}: the mapping is no TOML: {error}") from None
    return _Reader(file, text, document).mapping()


class _Reader:
    def __init__(self, file: Path, text: str, document: dict[str, Any]) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.document = document

    def mapping(self) -> Mapping:
        for table, content in self.document.items():
            if table not in _TABLES:
                raise self.error(f"[{table}] is no table of a mapping; there are {', '.join(_TABLES)}", table)
            if not isinstance(content, dict):
                raise self.error(f"{table} must be a table", table)
        events = self.table("events")
        if not events:
            raise self.error("[events] maps nothing, so every log would conform")
        ignored = {act: self.reason(act, why) for act, why in self.table("ignored").items()}
        for act in events:
            if act in ignored:
                raise self.error(f"{act} is both mapped and ignored", act)
        for table in ("unused", "derived"):
            self.known_only(table, events)
        for act in [name for name, value in self.table("types").items() if isinstance(value, dict)]:
            if act not in events:
                raise self.error(f"[types] speaks of {act}, which [events] does not map", act)
        rules = {act: self.rule(act, text) for act, text in events.items()}
        self.types_are_used(rules)
        return Mapping(self.file, rules, ignored, self.slice_by())

    def types_are_used(self, rules: dict[str, EventRule]) -> None:
        used = {name for rule in rules.values() for name in rule.types}
        for name, value in self.table("types").items():
            inner = [n for n in value if n not in rules[name].types] if isinstance(value, dict) else []
            for stray in inner or ([] if isinstance(value, dict) or name in used else [name]):
                raise self.error(f"[types] gives {stray} a type, but no event in [events] uses it so", stray)

    def rule(self, act: str, text: Any) -> EventRule:
        match = _APPLICATION.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise self.error(f"{act}: {text!r} is no action applied to arguments, such as Commit(txn, ts)", act)
        action, arguments = match[1], tuple(re.findall(r"\w+", match[2] or ""))
        unused = self.table("unused").get(act, {})
        if not isinstance(unused, dict):
            raise self.error(f'{act}: [unused] wants {{ argument = "reason" }}', act)
        for name, why in unused.items():
            self.reason(f"{act}.{name}", why)
            if name in arguments:
                raise self.error(f"{act}: {name} is both used and unused", act)
        types = {name: self.type_of(act, name) for name in dict.fromkeys(arguments)}
        return EventRule(act, action, arguments, types, frozenset(unused), self.derived(action))

    def type_of(self, act: str, name: str) -> Type:
        types = self.table("types")
        own = types.get(act, {})
        text = own[name] if isinstance(own, dict) and name in own else types.get(name)
        if not isinstance(text, str):
            raise self.error(f"{act}: argument {name} has no type in [types]", act)
        try:
            return parse_type(text)
        except TypeSyntaxError as error:
            raise self.error(f"{act}: {error}", name) from None

    def derived(self, action: str) -> tuple[Derived, ...]:
        found = []
        for name, text in self.table("derived").get(action, {}).items():
            match = _DERIVATION.fullmatch(text) if isinstance(text, str) else None
            if match is None or match[1] not in _DERIVATIONS:
                raise self.error(f"{action}.{name}: {text!r} is no derivation; say domain(parameter)", action)
            found.append(Derived(name, match[1], match[2]))
        return tuple(found)

    def known_only(self, table: str, events: dict[str, Any]) -> None:
        """Refuses entries of [unused] and [derived] that no event leads to."""
        known = set(events)
        if table == "derived":
            known = {str(text).partition("(")[0].strip() for text in events.values()}
        for name, content in self.table(table).items():
            if name not in known:
                raise self.error(f"[{table}] speaks of {name}, which [events] does not map", name)
            if not isinstance(content, dict):
                raise self.error(f"[{table}] {name} must be a table", name)

    def slice_by(self) -> str | None:
        table = self.table("slice")
        if not table:
            return None
        by = table.get("by")
        fits = isinstance(by, str) and (by in _SLICE_FIELDS or by.startswith("args."))
        if set(table) != {"by"} or not fits:
            raise self.error("[slice] takes one line: by = one of slice, node, epoch, args.NAME", "slice")
        return str(by)

    def reason(self, name: str, why: Any) -> str:
        if not isinstance(why, str) or not why.strip():
            raise self.error(f"{name}: say why it is left out", name)
        return why

    def table(self, name: str) -> dict[str, Any]:
        content = self.document.get(name, {})
        return content if isinstance(content, dict) else {}

    def error(self, message: str, near: str | None = None) -> MappingError:
        """An error with the first line that mentions `near`."""
        line = next((i for i, text in enumerate(self.lines, 1) if near is not None and near in text), None)
        return MappingError(f"{self.file}:{line}: {message}" if line else f"{self.file}: {message}")
