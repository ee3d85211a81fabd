"""TLC's configuration of a spec, as the compiled engine uses it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracecheck.compiled.facts import parts
from tracecheck.compiled.order import Order
from tracecheck.compiled.standard import MODULES, STANDARD
from tracecheck.errors import SpecError
from tracecheck.syntax import tree
from tracecheck.syntax.reader import Reader, UnknownConstructError
from tracecheck.tlc.portable import Portable
from tracecheck.tlc.spec import Loaded, SpecFiles
from tracecheck.values import ModelValue

SanyNode = Any


@dataclass(frozen=True)
class Configuration:
    """`constants` by name; `overrides` are the definitions that stand in the place of constants and of others;
    `initial` are the conjuncts of the initial predicate, `next_node` is the node of the next-state relation."""

    module: tree.Module
    constants: dict[str, Any]
    overrides: dict[object, tree.Definition]
    initial: tuple[tree.Node, ...]
    next_node: SanyNode
    invariants: dict[str, tree.Node]
    order: Order
    models: frozenset[str]


def configure(files: SpecFiles, loaded: Loaded, tool: Any, reader: Reader) -> Configuration:
    """What the configuration of a loaded spec says. Raises SpecError, UnknownConstructError."""
    module = reader.module(loaded.root)
    config = tool.getModelConfig()
    _refuse_of_modules(files, config)
    next_action = tool.getNextStateSpec()
    if next_action is None:
        raise SpecError(f"{files.config}: names no next-state relation; say SPECIFICATION or NEXT")
    first = tool.getInitStateSpec()
    actions = [first.elementAt(i) for i in range(first.size())]
    invariants = dict(zip(map(str, tool.getInvNames()), tool.getInvariants(), strict=True))
    for action in (next_action, *actions, *invariants.values()):
        if str(action.con) != "[]":
            raise UnknownConstructError("a specification with parameters", reader.place(action.pred))
    constants = _constants(files, config, Portable(loaded.loader))
    models = _models(constants)
    return Configuration(
        module,
        constants,
        _overrides(files, config, module),
        tuple(reader.expression(action.pred) for action in actions),
        next_action.pred,
        {name: reader.expression(action.pred) for name, action in invariants.items()},
        Order(_places(loaded, models, module)),
        models,
    )


def _place(files: SpecFiles, word: str) -> tree.Place:
    """Where the configuration says `word` first."""
    lines = Path(files.config).read_text(encoding="utf-8").splitlines()
    line = next((i for i, text in enumerate(lines, 1) if word in text.split()), 1)
    return tree.Place(str(files.config), line, 1)


def _refuse_of_modules(files: SpecFiles, config: Any) -> None:
    for table in (config.getModOverrides(), config.getModConstants()):
        for module in table.keySet():
            raise UnknownConstructError(f"a constant of the module {module} alone", _place(files, f"[{module}]"))


def _constants(files: SpecFiles, config: Any, portable: Portable) -> dict[str, Any]:
    found = {}
    rows = config.getConstants()
    for i in range(rows.size()):
        row = [rows.elementAt(i).elementAt(j) for j in range(rows.elementAt(i).size())]
        name = str(row[0])
        if len(row) != 2:
            raise UnknownConstructError(f"the constant operator {name}", _place(files, name))
        found[name] = portable.export(row[1])
    return found


def _overrides(files: SpecFiles, config: Any, module: tree.Module) -> dict[object, tree.Definition]:
    found: dict[object, tree.Definition] = {}
    table = config.getOverrides()
    for key in table.keySet():
        name, other = str(key), str(table.get(key))
        definition = module.definitions.get(other)
        replaced = module.constants.get(name) or module.definitions.get(name)
        if definition is None or (replaced is None and name not in STANDARD):
            raise UnknownConstructError(f"{name} <- {other}", _place(files, name))
        for target in [replaced] if replaced is not None else [tree.Given(name, module) for module in MODULES]:
            found[target] = definition
    return found


def _models(value: Any) -> frozenset[str]:
    """The names of the model values in a value."""
    if type(value) is ModelValue:
        return frozenset((value.name,))
    if isinstance(value, str | int):
        return frozenset()
    inner = [*value.values(), *value.keys()] if hasattr(value, "items") else list(value)
    return frozenset().union(*map(_models, inner))


def _places(loaded: Loaded, models: frozenset[str], module: tree.Module) -> dict[str, int]:
    """The order in which TLC met the strings that the spec and the configuration write, when it loaded them."""
    unique = loaded.cls("util.UniqueString").uniqueStringOf
    return {text: int(unique(text).getTok()) for text in models | _texts(module)}


def _texts(module: tree.Module) -> frozenset[str]:
    """The strings in a module, names of fields among them."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[tree.Node] = [definition.body for definition in module.definitions.values()]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case tree.Text(value=value):
                found.add(value)
            case tree.Record(fields=fields) | tree.Records(fields=fields):
                found.update(name for name, _ in fields)
            case tree.Apply(operator=tree.Definition(body=body)):
                waiting.append(body)
        waiting.extend(parts(node))
    return frozenset(found)
