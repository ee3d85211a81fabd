"""Renders docs/protocol.md: every message, its fields, who says it and who hears it, read from the sources.

A class hears a message if it has a method ``on_…`` whose parameter ``message`` is annotated with it, or matches on it
in ``on_message``; a class says it if it makes one.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

WIDTH = 120
BASE = "Message"
_HEADER = """\
# Messages

Generated from the code by `make docs`; not to be edited. Roles talk in these messages only, and import nothing of
each other but the modules that define them. A handler is named after its message: a role hears `CommitRequest` in
`on_commit_request`. Classes are named by their module below `impl/daybreak`. "Not causal" means that an event of the
receiver does not name what the sender knew as its cause.
"""


@dataclass
class Declared:
    """A message class as its source declares it."""

    module: str
    name: str
    doc: str
    fields: list[tuple[str, str]]
    causal: bool
    said_by: set[str] = field(default_factory=set)
    heard_by: dict[str, bool] = field(default_factory=dict)
    """Class, and whether it is a role."""


Messages = dict[tuple[str, str], Declared]


@dataclass
class Source:
    """A module: its name below the package, its syntax, and what its names were imported from."""

    name: str
    tree: ast.Module
    origin: dict[str, tuple[str, str]]


def sources(package: Path) -> list[Source]:
    """All modules of the package in the directory `package`."""
    found = []
    for path in sorted(package.rglob("*.py")):
        name = ".".join(path.relative_to(package).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        origin = {node.name: (name, node.name) for node in tree.body if isinstance(node, ast.ClassDef)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{package.name}."):
                module = node.module.removeprefix(f"{package.name}.")
                origin |= {alias.asname or alias.name: (module, alias.name) for alias in node.names}
        found.append(Source(name, tree, origin))
    return found


def messages(package: Path) -> Messages:
    """Every message of the package, with who says it and who hears it."""
    modules = sources(package)
    found: Messages = {}
    for source in modules:
        for node in source.tree.body:
            if isinstance(node, ast.ClassDef) and BASE in _names(node.bases):
                found[source.name, node.name] = _declared(source.name, node)
    for source in modules:
        for node in source.tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                _note_speaker(source, node, found)
            if isinstance(node, ast.ClassDef):
                _note_hearer(source, node, found)
    return found


def _names(nodes: list[ast.expr]) -> list[str]:
    return [node.id for node in nodes if isinstance(node, ast.Name)]


def _declared(module: str, node: ast.ClassDef) -> Declared:
    fields, causal = [], True
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            annotation = ast.unparse(part.annotation)
            if part.target.id == "causal":
                causal = part.value is None or ast.literal_eval(part.value) is True
            elif not annotation.startswith("ClassVar"):
                fields.append((part.target.id, annotation))
    return Declared(module, node.name, ast.get_docstring(node) or "", fields, causal)


def _note_speaker(source: Source, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, found: Messages) -> None:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            message = found.get(source.origin.get(call.func.id, ("", "")))
            if message is not None:
                message.said_by.add(f"{source.name}.{node.name}")


def _note_hearer(source: Source, node: ast.ClassDef, found: Messages) -> None:
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name.startswith("on_"):
            for name in _heard(method):
                message = found.get(source.origin.get(name, ("", "")))
                if message is not None:
                    message.heard_by[f"{source.name}.{node.name}"] = "Role" in _names(node.bases)


def _heard(method: ast.FunctionDef) -> Iterator[str]:
    """The classes of the messages that a method takes."""
    for argument in method.args.args:
        if argument.arg == "message" and isinstance(argument.annotation, ast.Name):
            yield argument.annotation.id
    for node in ast.walk(method):
        if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name):
            yield node.cls.id


def render(package: Path) -> str:
    """The text of docs/protocol.md."""
    found = messages(package)
    parts = [_HEADER]
    for module in dict.fromkeys(module for module, _ in found):
        parts.append(f"\n## `{module}`\n")
        parts += [_section(message, found) for message in found.values() if message.module == module]
    return "".join(parts)


def _section(message: Declared, found: Messages) -> str:
    note = "" if message.causal else " (not causal)"
    lines = [f"\n### {message.name}{note}\n", message.doc, ""]
    if message.fields:
        lines += _item("fields", [f"`{name}: {annotation}`" for name, annotation in message.fields])
    lines += _item("said by", [f"`{speaker}`" for speaker in sorted(message.said_by)])
    hearers = sorted(message.heard_by, key=lambda hearer: (not message.heard_by[hearer], hearer))
    holders = [other.name for other in found.values() if any(message.name in _words(a) for _, a in other.fields)]
    if hearers:
        lines += _item("heard by", [f"`{hearer}`" for hearer in hearers])
    elif holders:
        lines += _item("part of", [f"`{holder}`" for holder in holders])
    else:
        lines += _item("heard by", ["no role: the runtime hands it to whoever listens for the sender's answer"])
    return "\n".join(lines) + "\n"


def _words(annotation: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(annotation)) if isinstance(node, ast.Name)}


def _item(title: str, values: list[str]) -> list[str]:
    whole = ", ".join(value.replace(" ", "\0") if value.startswith("`") else value for value in values)
    lines = textwrap.wrap(f"- {title}: {whole}", WIDTH, subsequent_indent="  ", break_long_words=False)
    return [line.replace("\0", " ") for line in lines]
