"""Writes the generated pages.

docs/action-map.md   which method is which action of a spec
docs/protocol.md     the messages
specs/README.md      of it, the table of rules
docs/operating.md    of it, the tables of views

python -m tools.actionmap            writes them
python -m tools.actionmap --check    writes nothing; exit code 1 if the code and the specs disagree, or a page is
                                     stale
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
import tomllib
from collections.abc import Iterable, Mapping
from functools import reduce
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from daybreak.trace.action import REGISTRY, Performance
from tools import protocolpage, ruletable, viewtables
from tracecheck import actions

ROOT = Path(__file__).resolve().parent.parent
SPECS = ROOT / "specs"
PACKAGE = ROOT / "impl" / "daybreak"

_TRACE = "Trace"
_HEADER = """\
# Action map

Generated from the code and the specs by `make docs`; not to be edited. Each action of a spec's next-state relation is
one method, named after it, with the same parameters; the method writes the event (`trace.action.performs`). Places
are relative to `impl/daybreak`. One step may be an action of several rungs: then all of them name the same method, each
says in its last column what the other rungs call the step, if not the same, and their mappings say which arguments they
take.
"""

_SLICES = frozenset({"by", "adj"})
"""The formal parameters by which specs of a whole cluster name who takes a step; events name it as their slice."""

_ELSEWHERE = {"level": "floor", "found": "ranges", "left": "leaving"}
"""Formal parameters that events call by the name of a variable of the spec, which a parameter there cannot have."""

_MORE = {"CrossRegion!Restart": {"found", "promised"}, "Damage!Spoil": {"promised"}, "Trimming!BeginAfter": {"epoch"}}
"""What events of some actions tell besides the action's parameters; what becomes of it is in the mapping."""

_BESIDE = {"CrossRegion": {"Damage": ("Spoil", "Tell", "Mend"), "Trimming": ("BeginAfter",)}}
"""By spec, actions of specs beside it that its mapping has too; their other actions are its own."""

_NOBODYS = {
    "Commit!FirstStatement": "the first statement fixes the start, so the two are one step here",
    "Commit!Return": "a successor finds its ranges in one step, rung 6's Seal",
    "CrossRegion!Part": "no node knows who can hear whom",
}
"""Actions that no method performs, and why not."""


class SpecModule(NamedTuple):
    """A spec: its file and the actions of its Next, each with its formal parameters."""

    path: Path
    actions: Mapping[str, tuple[str, ...]]
    taken: Mapping[str, frozenset[str]] = MappingProxyType({})
    """By event, the actions that the spec's mapping makes of it."""

    @property
    def name(self) -> str:
        """The TLA+ module's name."""
        return self.path.stem


def spec_files(specs: Path = SPECS) -> list[Path]:
    """The specs that code performs: those with a mapping, by which recorded runs are compared with them."""
    traced = [
        trace for mapping in sorted(specs.glob("*/mapping.toml")) for trace in mapping.parent.glob(f"{_TRACE}*.tla")
    ]
    return [trace.with_name(trace.name.removeprefix(_TRACE)) for trace in traced]


def spec_modules(specs: Path = SPECS) -> list[SpecModule]:
    """Every rung that code performs, with its actions as TLC's own parser reads them."""
    modules = []
    for path in spec_files(specs):
        taking = taken(path.with_name("mapping.toml"))
        modules.append(SpecModule(path, actions(path), taking))
        for name, added in _BESIDE.get(path.stem, {}).items():
            beside = path.with_name(f"{name}.tla")
            formals = actions(beside)
            modules.append(SpecModule(beside, {action: formals[action] for action in added}, taking))
    return modules


def taken(mapping: Path) -> dict[str, frozenset[str]]:
    """By event, the actions that a mapping makes of it."""
    events: dict[str, Any] = tomllib.loads(mapping.read_text())["events"]
    return {act: frozenset(text.partition("(")[0] for text in _steps(entry)) for act, entry in events.items()}


def _steps(entry: Any) -> list[str]:
    """The steps of an entry: one, several one after the other, or a table or several of them that say which."""
    if isinstance(entry, str):
        return [entry]
    return [step for part in (entry if isinstance(entry, list) else [entry["step"]]) for step in _steps(part)]


def parts(step: Performance, modules: Iterable[SpecModule]) -> set[str]:
    """All actions that a step is, of whatever rung."""
    own = {step.action} if step.refines is None else {step.action, step.refines}
    return own.union(f"{m.name}!{name}" for m in modules for name in m.taken.get(step.action, ()) if name in m.actions)


def performances() -> list[Performance]:
    """The registry of all roles."""
    importlib.import_module("daybreak.cluster")  # knows all roles; tests may have registered steps of their own
    return [performance for performance in REGISTRY if performance.method.startswith("daybreak.")]


def disagreements(registry: Iterable[Performance], modules: Iterable[SpecModule]) -> list[str]:
    """How methods and spec actions differ, in either direction; one line each."""
    modules = list(modules)
    formals = {f"{module.name}!{name}": f for module in modules for name, f in module.actions.items()}
    direct: dict[str, Performance] = {}
    refined: set[str] = set()
    performed = set(_NOBODYS)
    found = []
    for step in registry:
        if step.action in direct:
            found.append(f"{step.action}: performed by {direct[step.action].method} and by {step.method}")
        direct[step.action] = step
        performed |= parts(step, modules)
        if step.refines is not None:
            refined.add(step.refines)
        for action in (step.action, step.refines):
            if action is not None and action not in formals:
                found.append(f"{action}: no action of a Next, but {step.method} performs it")
        wanted = formals.get(step.action, step.parameters)
        if not _agree(wanted, tuple(p for p in step.parameters if p not in _MORE.get(step.action, ()))):
            found.append(f"{step.action}({', '.join(wanted)}): {step.method} takes ({', '.join(step.parameters)})")
    found += [f"{action}: no method performs it" for action in formals if action not in performed]
    found += [f"{action}: both a method's own and part of another's" for action in sorted(refined & direct.keys())]
    return found


def _agree(formals: tuple[str, ...], parameters: tuple[str, ...]) -> bool:
    """Whether a method has the parameters of its action. Where the event's slice is one of them, the event may tell
    more than the action takes; what becomes of that is in the mapping."""
    if not _SLICES.intersection(formals):
        return formals == parameters
    return {_ELSEWHERE.get(formal, formal) for formal in formals if formal not in _SLICES} <= set(parameters)


def place(performance: Performance) -> str:
    """Where a method is defined: ``query/processor.py:235``."""
    module, qualified = performance.method.split(":")
    method: Any = reduce(getattr, qualified.split("."), importlib.import_module(module))
    lines, first = inspect.getsourcelines(inspect.unwrap(method))
    line = first + next(number for number, text in enumerate(lines) if text.lstrip().startswith("def "))
    return f"{module.removeprefix('daybreak.').replace('.', '/')}.py:{line}"


def render(modules: Iterable[SpecModule], registry: Iterable[Performance], root: Path = ROOT) -> str:
    """The text of docs/action-map.md."""
    steps, modules = list(registry), list(modules)
    text = [_HEADER]
    for module in modules:
        text.append(f"\n## {module.name}\n\n`{module.path.relative_to(root).as_posix()}`\n\n")
        text.append("| Action | Parameters | Method | Where | Other rungs |\n|---|---|---|---|---|\n")
        for name, formals in module.actions.items():
            action = f"{module.name}!{name}"
            rows = [(step, found) for step in steps if action in (found := parts(step, modules))]
            text += [_row(name, formals, step, found - {action}) for step, found in rows]
            if action in _NOBODYS:
                text.append(f"| `{name}` | {', '.join(formals)} | none: {_NOBODYS[action]} | | |\n")
    return "".join(text)


def _row(name: str, formals: tuple[str, ...], step: Performance, others: set[str]) -> str:
    method = step.method.rpartition(".")[2]
    shown = {action: action.removesuffix(f"!{name}") for action in sorted(others)}
    shown = {action: f"`{text}`" if "!" in text else text for action, text in shown.items()}
    other = f"in {shown[step.action]}" if step.action in others else ""
    if not other and others:
        other = " ".join(shown.values())
    return f"| `{name}` | {','.join(formals)} | `{method}` | `{place(step)}` | {other} |\n"


def pages(root: Path = ROOT) -> dict[Path, str]:
    """The generated pages and what they should hold."""
    modules = spec_modules(root / "specs")
    return {
        root / "docs" / "action-map.md": render(modules, performances(), root),
        root / "docs" / "protocol.md": protocolpage.render(root / "impl" / "daybreak"),
        root / "specs" / "README.md": ruletable.page(root / "specs"),
        root / "docs" / "operating.md": viewtables.page(root / "docs" / "operating.md"),
    }


def stale(wanted: Mapping[Path, str]) -> list[Path]:
    """The pages that do not hold what they should."""
    return [path for path, text in wanted.items() if not path.is_file() or path.read_text() != text]


def main(argv: list[str] | None = None) -> int:
    """Write the pages, or with ``--check`` only say what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.actionmap", description="Write the generated pages.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a page is stale")
    check = parser.parse_args(argv).check
    wrong = disagreements(performances(), spec_modules())
    for line in wrong:
        print(line, file=sys.stderr)
    wanted = pages()
    old = stale(wanted)
    for path in old:
        print(f"{path.name}: {'stale, run make docs' if check else 'written'}")
        if not check:
            path.write_text(wanted[path])
    return 1 if wrong or (check and old) else 0


if __name__ == "__main__":
    sys.exit(main())
