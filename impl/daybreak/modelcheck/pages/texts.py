"""What the files of a model say: modules, definitions and the comments above them, configurations.

This reads the text as a person does. What it means is TLC's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_DEFINED = re.compile(r"^(\w+)(?:\([^=]*?\))? ==")
_EXTENDS = re.compile(r"^EXTENDS\s+(.*)$", re.MULTILINE)
_VARIABLES = re.compile(r"^VARIABLES?\b(.*?)(?=^\S)", re.MULTILINE | re.DOTALL)
_BOX = re.compile(r"^\(\*(.*)\*\)\s*$")
_RULED = re.compile(r"^\(\*+\)\s*$")
_FIELD = re.compile(r"^  (who|why|when|changes) +(\S.*)$")
_TAG = re.compile(r"^(INV|LIVENESS|REFINES): (.*)$", re.DOTALL)
_RULE = re.compile(r"\bP\d+\b")
_SUBSTITUTED = re.compile(r"\b(\w+)\s*<-\s*(\w+)")
_SPECIFICATION = re.compile(r"^SPECIFICATION\s+(\w+)", re.MULTILINE)
_SEQUENCE = r"\b(?:Append|Len|Head|Tail|SubSeq|SelectSeq)\(\s*{0}\b(?!\s*[\['])|\b{0}\s*\\o\b"


@dataclass(frozen=True)
class Definition:
    """A definition: its TLA+ text, and the comment right above it, without what frames it."""

    name: str
    text: str
    comment: str
    module: str

    @property
    def card(self) -> dict[str, str]:
        """The card of an action: its who, why, when and changes; empty if it has none."""
        fields: dict[str, str] = {}
        last = ""
        for line in self.comment.splitlines():
            found = _FIELD.match(line)
            if found:
                last = found[1]
                fields[last] = found[2].strip()
            elif last and line.startswith("     "):
                fields[last] += " " + line.strip()
        return fields

    @property
    def tag(self) -> str:
        """What kind of property it is: INV, LIVENESS or REFINES; empty if it is none."""
        found = _TAG.match(self.comment)
        return found[1] if found else ""

    @property
    def rules(self) -> list[str]:
        """The rules that a property is tagged with, or that an action's card cites."""
        found = _TAG.match(self.comment)
        source = found[2].partition(".")[0] if found else " ".join(self.card.values())
        return list(dict.fromkeys(_RULE.findall(source)))

    @property
    def sentence(self) -> str:
        """The comment of a property without its tag, on one line."""
        found = _TAG.match(self.comment)
        words = " ".join((found[2] if found else self.comment).split())
        return words.partition(".")[2].strip() if found and found[1] != "REFINES" else words


@dataclass(frozen=True)
class Module:
    """A module's own text, without what it extends."""

    name: str
    text: str
    definitions: dict[str, Definition]
    extends: tuple[str, ...]
    variables: tuple[str, ...]

    @property
    def watches(self) -> bool:
        """Whether its variables only watch."""
        return self.name.endswith(("Props", "Notes"))


@dataclass(frozen=True)
class Config:
    """A configuration: its first line, the definitions it puts in the place of others, its specification."""

    about: str
    substituted: dict[str, str]
    specification: str


@dataclass(frozen=True)
class Spec:
    """A model's module and all that it extends, itself first."""

    modules: tuple[Module, ...]

    def definition(self, name: str) -> Definition | None:
        """The definition of `name`, wherever it stands."""
        found = (module.definitions[name] for module in self.modules if name in module.definitions)
        return next(found, None)

    @property
    def variables(self) -> tuple[str, ...]:
        """All variables, those of the spec first, then those that only watch."""
        return tuple(name for module in reversed(self.modules) for name in module.variables)

    @property
    def watching(self) -> frozenset[str]:
        """The variables that only watch: no step of the spec depends on them."""
        return frozenset(name for module in self.modules if module.watches for name in module.variables)

    @property
    def sequences(self) -> frozenset[str]:
        """The variables that the spec uses as sequences. (TLC prints a function over 1 .. n in the same way.)"""
        text = "\n".join(module.text for module in self.modules)
        return frozenset(name for name in self.variables if re.search(_SEQUENCE.format(name), text))


def read_spec(path: Path, libraries: Sequence[Path]) -> Spec:
    """The module at `path` and what it extends, as far as it lies beside it or in `libraries`."""
    places = (path.parent, *libraries)
    found: dict[str, Module] = {}
    waiting = [path.stem]
    while waiting:
        name = waiting.pop(0)
        file = next((file for place in places if (file := place / f"{name}.tla").is_file()), None)
        if file is not None and name not in found:
            found[name] = read_module(file)
            waiting += found[name].extends
    return Spec(tuple(found.values()))


@lru_cache(maxsize=256)
def read_module(path: Path) -> Module:
    """The module at `path`."""
    text = path.read_text(encoding="utf-8")
    extends = _EXTENDS.search(text)
    names = tuple(name.strip() for name in extends[1].split(",")) if extends else ()
    definitions = {definition.name: definition for definition in _definitions(path.stem, text.splitlines())}
    return Module(path.stem, text, definitions, names, tuple(_variables(text)))


def read_config(path: Path) -> Config:
    """The configuration at `path`."""
    text = path.read_text(encoding="utf-8")
    first = text.partition("\n")[0]
    about = first.removeprefix("\\*").strip() if first.startswith("\\*") else ""
    body = re.sub(r"\\\*.*", "", text)
    specification = _SPECIFICATION.search(body)
    return Config(about, dict(_SUBSTITUTED.findall(body)), specification[1] if specification else "")


def _variables(text: str) -> Iterator[str]:
    for block in _VARIABLES.findall(text):
        yield from re.findall(r"\w+", re.sub(r"\\\*.*", "", block))


def _definitions(module: str, lines: Sequence[str]) -> Iterator[Definition]:
    for at, line in enumerate(lines):
        found = _DEFINED.match(line)
        if not found:
            continue
        end = at + 1
        while end < len(lines) and (not lines[end].strip() or lines[end][0].isspace()):
            end += 1
        text = "\n".join(lines[at:end]).rstrip()
        yield Definition(found[1], text, "\n".join(_comment(lines, at)), module)


def _comment(lines: Sequence[str], at: int) -> list[str]:
    """The comment that ends right above line `at`."""
    found: list[str] = []
    for line in reversed(lines[:at]):
        box = _BOX.match(line)
        if line.startswith("\\*"):
            found.append(line.removeprefix("\\*").removeprefix(" ").rstrip())
        elif _RULED.match(line):
            continue
        elif box:
            found.append(box[1].removeprefix(" ").rstrip())
        elif not line.startswith("RECURSIVE"):
            break
    return found[::-1]
