"""Which mutants of a trace are behaviours all the same: decided by arguments that do not use the checker.

A file of them is TOML, one table for each:

    [[equivalent]]
    condition = "same-steps"       same-steps, fewer-steps, declared or oracle
    why = "..."                    the argument, for people
    kinds = ["event dropped"]      optional: the kinds of mutation it speaks of; all if left out
    acts = ["Bank!Look"]           optional: the events (before the mutation) that it speaks of
    argument = "memo"              optional: the argument that was changed

    same-steps    each slice has the mapped events of the good run, with the arguments that are used, in the same order
    fewer-steps   each slice has a first part of them
    declared      a person has thought it through; needs `kinds` or `acts`
    oracle        a program other than the checker says so: the caller's `oracle`
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tracecheck.errors import UsageError
from tracecheck.mapping import Mapping
from tracecheck.mutate.kind import Kind, Site, Subject
from tracecheck.read import Entry

Oracle: TypeAlias = Callable[[Sequence[Entry]], "bool | None"]
"""Whether events, in order, are a behaviour of the spec; None if it cannot tell."""

_CONDITIONS = ("same-steps", "fewer-steps", "declared", "oracle")
_FIELDS = {"condition", "why", "kinds", "acts", "argument"}
_BUILT_IN = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Rule:
    """One argument why mutants are behaviours, and which mutants it speaks of."""

    condition: str
    why: str
    kinds: frozenset[str] = frozenset()
    acts: frozenset[str] = frozenset()
    argument: str | None = None

    def speaks_of(self, kind: Kind, site: Site, act: str) -> bool:
        named = self.argument is None or f": {self.argument}" in site.note
        return named and (not self.kinds or kind.name in self.kinds) and (not self.acts or act in self.acts)


def load_rules(path: Path | None = None) -> list[Rule]:
    """The rules that hold for every spec, then those of the file `path`. Raises UsageError."""
    return [rule for file in (_BUILT_IN, path) if file is not None for rule in _rules(file)]


def _rules(file: Path) -> list[Rule]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: cannot read it: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: no TOML: {error}") from None
    tables = document.get("equivalent", [])
    if set(document) - {"equivalent"} or not isinstance(tables, list):
        raise UsageError(f"{file}: holds nothing but tables [[equivalent]]")
    return [_rule(file, i, table) for i, table in enumerate(tables, 1)]


def _rule(file: Path, number: int, table: dict[str, Any]) -> Rule:
    where = f"{file}: the [[equivalent]] number {number}"
    if stray := sorted(set(table) - _FIELDS):
        raise UsageError(f"{where} has {', '.join(stray)}, which means nothing here")
    condition, why = table.get("condition"), table.get("why")
    if condition not in _CONDITIONS:
        raise UsageError(f"{where} wants condition = one of {', '.join(_CONDITIONS)}")
    if not isinstance(why, str) or not why.strip():
        raise UsageError(f"{where}: say why")
    rule = Rule(
        condition, why, frozenset(table.get("kinds", ())), frozenset(table.get("acts", ())), table.get("argument")
    )
    if condition == "declared" and not (rule.kinds or rule.acts):
        raise UsageError(f"{where} declares every mutant a behaviour; name kinds or acts")
    return rule


@dataclass(frozen=True)
class Mutant:
    """What there is to decide on: a mutation of `subject`, and the events of the result in their order."""

    kind: Kind
    site: Site
    subject: Subject
    good: Sequence[Entry]
    entries: Sequence[Entry]


def why_equivalent(mutant: Mutant, rules: Sequence[Rule], oracle: Oracle | None) -> Rule | None:
    """The first of the rules that shows the mutant to be a behaviour."""
    act = mutant.subject.event(mutant.site.place)["act"]
    return next((r for r in rules if r.speaks_of(mutant.kind, mutant.site, act) and _holds(r, mutant, oracle)), None)


def _holds(rule: Rule, mutant: Mutant, oracle: Oracle | None) -> bool:
    if rule.condition == "declared":
        return True
    if rule.condition == "oracle":
        return oracle is not None and oracle(mutant.entries) is True
    mapping = mutant.subject.mapping
    good, now = _steps(mapping, mutant.good), _steps(mapping, mutant.entries)
    if rule.condition == "same-steps":
        return good == now
    return all(good.get(name, [])[: len(steps)] == steps for name, steps in now.items())


def _steps(mapping: Mapping, entries: Sequence[Entry]) -> dict[Any, list[tuple[str, str]]]:
    """For each slice its mapped events in order, with the arguments that are used."""
    found: dict[Any, list[tuple[str, str]]] = {}
    for entry in entries:
        event, rule = entry.event, mapping.rules.get(entry.event.act)
        if rule is not None:
            used = {name: value for name, value in event.args.items() if name in rule.types}
            found.setdefault(_slice(mapping.slice_by, entry), []).append((event.act, repr(sorted(used.items()))))
    return found


def _slice(by: str | None, entry: Entry) -> Any:
    if by is None:
        return None
    return repr(entry.event.args.get(by[5:])) if by.startswith("args.") else getattr(entry.event, by)
