"""The text of a spec's files, and where the nodes of its tree stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tracecheck.syntax import tree
from tracecheck.syntax.walk import parts

_COMMENT = re.compile(r"\(\*.*?\*\)|\\\*[^\n]*", re.DOTALL)
_SUBSTITUTION = re.compile(r"(\w+)\s*<-\s*(\w+)")


class Source:
    """The files of a spec by path, each read once."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._starts: dict[str, list[int]] = {}

    def text(self, file: str) -> str:
        """All of a file."""
        if file not in self._texts:
            text = Path(file).read_text(encoding="utf-8")
            self._texts[file] = text
            self._starts[file] = [0, *(match.end() for match in re.finditer("\n", text))]
        return self._texts[file]

    def span(self, place: tree.Place) -> tuple[int, int]:
        """The positions in its file where a node begins, and after which it ends."""
        self.text(place.file)
        starts = self._starts[place.file]
        return starts[place.line - 1] + place.column - 1, starts[place.end[0] - 1] + place.end[1]

    def of(self, node: tree.Node) -> str:
        """The text of a node."""
        begin, end = self.span(node.place)
        return self.text(node.place.file)[begin:end]

    def token(self, file: str, begin: int, end: int, pattern: str) -> tuple[int, int] | None:
        """Where in a stretch of text the one token `pattern` stands; None if it does not, or there are two."""
        stretch = _COMMENT.sub(lambda match: " " * len(match[0]), self.text(file)[begin:end])
        found = list(re.finditer(pattern, stretch))
        return (begin + found[0].start(), begin + found[0].end()) if len(found) == 1 else None


def inside(node: tree.Node) -> Iterator[tree.Node]:
    """The parts of a node that stand in its own text: not the bodies of the operators it applies."""
    if isinstance(node, tree.Apply):
        yield from parts(node.arguments)
    elif not isinstance(node, tree.OperatorName):
        yield from parts(node)


def everything(node: tree.Node) -> Iterator[tree.Node]:
    """A node and all that stands in its text, outermost first."""
    yield node
    for part in inside(node):
        yield from everything(part)


def speaks_of_next(node: tree.Node) -> bool:
    """Whether an expression, or a definition that it uses, says something of the next state."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        for part in everything(waiting.pop()):
            if isinstance(part, tree.Prime | tree.Unchanged):
                return True
            operator = getattr(part, "operator", None)
            if isinstance(operator, tree.Definition) and id(operator) not in seen:
                seen.add(id(operator))
                waiting.append(operator.body)
    return False


def substitutions(config: Path) -> dict[str, str]:
    """What a TLC configuration puts in the place of definitions and constants: name by name."""
    text = re.sub(r"\\\*[^\n]*", "", config.read_text(encoding="utf-8"))
    return dict(_SUBSTITUTION.findall(text))


def reached(module: tree.Module, roots: list[str], replaced: dict[str, str]) -> list[tree.Definition]:
    """The definitions that the definitions `roots` are evaluated with, themselves among them, those that the
    configuration replaces left out. Only what stands in a file of the spec's own."""
    found: dict[int, tree.Definition] = {}
    waiting = [module.definitions[name] for name in roots if name in module.definitions]
    while waiting:
        definition = waiting.pop(0)
        other = module.definitions.get(replaced.get(definition.name, ""))
        definition = definition if other is None else other
        if id(definition) in found or not Path(definition.place.file).is_file():
            continue
        found[id(definition)] = definition
        for node in everything(definition.body):
            operator = getattr(node, "operator", None)
            if isinstance(operator, tree.Definition):
                waiting.append(operator)
            target = getattr(node, "target", None) or operator
            if isinstance(target, tree.Constant) and replaced.get(target.name) in module.definitions:
                waiting.append(module.definitions[replaced[target.name]])
    return list(found.values())
