"""Finds what would let two runs of one seed part: looks at sources, not at runs.

Wall clocks, threads and processes; random numbers without a seed; names of objects by `id` or `hash`; the order of sets
and of directories; the environment. What is a set is guessed from displays, calls and annotations, by name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODULES = _words(
    "_thread asyncio concurrent ctypes datetime gc getpass glob locale multiprocessing platform queue sched secrets "
    "select selectors socket subprocess tempfile threading time uuid weakref"
)
"""Whoever imports one of these has a clock, a thread, a process or a name of the machine in hand."""
OS = _words("O_APPEND O_CLOEXEC O_CREAT O_RDONLY O_WRONLY SEEK_END close fspath fsync lseek open path pread write")
"""What may be used of `os`: files of the trace, by their names."""
LISTINGS = _words("glob iterdir rglob")
ORDERLESS = _words("all any frozenset len max min set sorted sum update")
"""Calls whose result does not depend on the order of what they are given, if they are given nothing else."""
ORDERED = _words(
    "Counter choice choices deque dict enumerate extend filter fromkeys iter join list map next reversed sample "
    "starmap tuple zip"
)
"""Calls that look at what they are given in its order."""
SET_TYPES = frozenset(("set", "frozenset", "AbstractSet", "Set", "MutableSet"))
SET_METHODS = frozenset(("union", "intersection", "difference", "symmetric_difference"))


FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


class Complaint(NamedTuple):
    """What is wrong, and in which line."""

    line: int
    what: str


class Names(NamedTuple):
    """What is a set, by name; and whether `random` is the module of that name."""

    attributes: frozenset[str]
    functions: frozenset[str]
    types: frozenset[str]
    variables: frozenset[str] = frozenset()
    """Of the function that is looked at, and of those around it."""
    has_random: bool = False


def set_names(trees: Sequence[ast.AST]) -> Names:
    """All that is annotated as a set anywhere: who has an attribute need not have declared it."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    types = SET_TYPES | {
        _name(node.targets[0]) for node in nodes if isinstance(node, ast.Assign) and _is_type(node.value, SET_TYPES)
    }
    attributes: set[str] = set()
    functions: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.AnnAssign) and _is_type(node.annotation, types):
            attributes.add(_name(node.target))
        elif isinstance(node, FUNCTION) and node.returns is not None and _is_type(node.returns, types):
            is_value = any(_name(decorator) in ("property", "cached_property") for decorator in node.decorator_list)
            (attributes if is_value else functions).add(node.name)
    return Names(frozenset(attributes), frozenset(functions), types)


def complaints(tree: ast.AST, names: Names) -> Iterator[Complaint]:
    """All that is wrong in one module."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names = names._replace(variables=_variables(tree, names), has_random="random" in imported)
    for node, local in _walk(tree, names):
        for what in (*_imports(node), *_uses(node, parents.get(node), local), *_orders(node, parents, local)):
            yield Complaint(getattr(node, "lineno", 0), what)


def _walk(tree: ast.AST, names: Names) -> Iterator[tuple[ast.AST, Names]]:
    """All nodes, each with what is a set where it stands."""
    for node in ast.iter_child_nodes(tree):
        inside = names
        if isinstance(node, FUNCTION):
            parameters = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
            variables = (names.variables - parameters) | _variables(node, names)
            inside = names._replace(variables=variables, has_random=names.has_random and "random" not in parameters)
        yield node, inside
        yield from _walk(node, inside)


def _variables(scope: ast.AST, names: Names) -> frozenset[str]:
    """Parameters and variables of a module or function that are sets, without those of functions in it."""
    found: set[str] = set()
    if isinstance(scope, FUNCTION):
        arguments = (node for node in ast.walk(scope.args) if isinstance(node, ast.arg))
        found |= {one.arg for one in arguments if one.annotation is not None and _is_type(one.annotation, names.types)}
    todo: list[ast.AST] = list(getattr(scope, "body", []))
    while todo:
        node = todo.pop()
        if isinstance(node, (*FUNCTION, ast.ClassDef)):
            continue
        if isinstance(node, ast.Assign) and _is_set(node.value, names):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.AnnAssign) and _is_type(node.annotation, names.types):
            found |= {node.target.id} if isinstance(node.target, ast.Name) else set()
        todo += ast.iter_child_nodes(node)
    return frozenset(found)


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        modules = [node.module or ""]
        yield from (f"imports random.{a.name}" for a in node.names if node.module == "random" and a.name != "Random")
        yield from (f"uses os.{a.name}" for a in node.names if node.module == "os" and a.name not in OS)
    else:
        return
    yield from (f"imports {module}" for module in modules if module.partition(".")[0] in MODULES)


def _uses(node: ast.AST, parent: ast.AST | None, names: Names) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id == "os" and node.attr not in OS:
            yield f"uses os.{node.attr}"
        if node.value.id == "random" and names.has_random and node.attr != "Random":
            yield f"uses random.{node.attr}()"
    if isinstance(node, ast.Call) and _name(node.func) == "Random" and not node.args and not node.keywords:
        yield "makes random numbers without a seed"
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in ("id", "hash"):
        yield f"uses {node.id}()"
    is_sorted = isinstance(parent, ast.Call) and _name(parent.func) == "sorted"
    if isinstance(node, ast.Call) and _name(node.func) in LISTINGS and not is_sorted:
        yield f"takes the files of a directory as they come, by {_name(node.func)}()"


def _orders(node: ast.AST, parents: dict[ast.AST, ast.AST], names: Names) -> Iterator[str]:
    """Where the order of a set is looked at."""
    if isinstance(node, ast.For | ast.AsyncFor) and _is_set(node.iter, names):
        yield "goes through a set"
    if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
        parent = parents.get(node)
        is_orderless = isinstance(parent, ast.Call) and _name(parent.func) in ORDERLESS and not parent.keywords
        if not is_orderless and any(_is_set(generator.iter, names) for generator in node.generators):
            yield "makes a sequence of a set"
    if isinstance(node, ast.Starred) and _is_set(node.value, names) and not isinstance(parents.get(node), ast.Set):
        yield "spreads a set"
    if not isinstance(node, ast.Call):
        return
    called = _name(node.func)
    has_set = any(_is_set(argument, names) for argument in node.args)
    if has_set and (called in ORDERED or (called in ("min", "max") and node.keywords)):
        yield f"{called}() of a set"
    if called == "pop" and not node.args and isinstance(node.func, ast.Attribute) and _is_set(node.func.value, names):
        yield "pop() of a set"


def _is_set(node: ast.expr, names: Names) -> bool:
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=function):
            name = _name(function)
            return name in ("set", "frozenset") or name in names.functions or name in SET_METHODS
        case ast.BinOp(left=left, right=right, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
            return any(_is_set(side, names) or _is_keys(side) for side in (left, right))
        case ast.IfExp(body=body, orelse=other):
            return _is_set(body, names) or _is_set(other, names)
        case ast.Name(id=name):
            return name in names.variables
        case ast.Attribute(attr=name):
            return name in names.attributes
    return False


def _is_keys(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in ("keys", "items")


def _is_type(annotation: ast.expr, types: frozenset[str]) -> bool:
    """Whether an annotation, or what a name of a type stands for, is a set."""
    if isinstance(annotation, ast.Subscript):
        return _name(annotation.value) in types
    return isinstance(annotation, ast.Name | ast.Attribute) and _name(annotation) in types


def _name(node: ast.expr) -> str:
    """The last part of a name: ``choice`` of ``self.random.choice``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def reachable(package: Path, roots: Iterable[str]) -> dict[str, Path]:
    """The modules of a package that some of its modules import, they themselves included: names below the package."""
    found: dict[str, Path] = {}
    todo = list(roots)
    while todo:
        module = todo.pop()
        path = package.joinpath(*module.split(".")).with_suffix(".py")
        if module not in found and path.is_file():
            found[module] = path
            todo += _imported(ast.parse(path.read_text()), package.name)
    return found


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == package:
            base = node.module.removeprefix(package).removeprefix(".")
            yield base
            yield from (f"{base}.{alias.name}".removeprefix(".") for alias in node.names)
