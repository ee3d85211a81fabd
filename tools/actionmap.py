"""Writes the generated pages.

docs/action-map.md   which method is which action of a spec
docs/protocol.md     the messages
specs/README.md      of it, the table of rules

python -m tools.actionmap            writes them
python -m tools.actionmap --check    writes nothing; exit code 1 if the code and the specs disagree, or a page is
                                     stale
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from collections.abc import Iterable, Mapping
from functools import reduce
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from daybreak.trace.action import REGISTRY, Performance
from tools import protocolpage, ruletable
from tracecheck import actions
from tracecheck.mapping import load_mapping

ROOT = Path(__file__).resolve().parent.parent
SPECS = ROOT / "specs"
PACKAGE = ROOT / "impl" / "daybreak"

_TRACE = "Trace"
_HEADER = """\
# Action map

Generated from the code and the specs by `make docs`; not to be edited. Each action of a spec's next-state relation is
one method, named after it, with the same parameters; the method writes the event (`trace.action.performs`). Places
are relative to `impl/daybreak`. A step may be an action of several rungs, and has the name that one of them gives it:
the last column says what it is called there, and the other rung's mapping says which arguments it takes.
"""
_SLICE = "by"
"""The parameter of an action that no method takes: which adjudicator it is, which an event says by its slice."""
_SPEC_ONLY = {
    "Commit!FirstStatement": "none: the first statement begins",
}
"""Actions that no method performs, and why."""


class SpecModule(NamedTuple):
    """A spec: its file, the actions of its Next, each with its formal parameters, and the events that its mapping takes
    for steps, each with the names of these."""

    path: Path
    actions: Mapping[str, tuple[str, ...]]
    events: Mapping[str, frozenset[str]] = MappingProxyType({})

    @property
    def name(self) -> str:
        """The TLA+ module's name."""
        return self.path.stem

    def steps(self, registry: Iterable[Performance], name: str) -> list[Performance]:
        """The methods that are the action `name`: they say so, or the mapping takes their events for it."""
        own = f"{self.name}!{name}"
        return [
            step
            for step in registry
            if own in (step.action, step.refines) or name in self.events.get(step.action, frozenset())
        ]


def spec_files(specs: Path = SPECS) -> list[Path]:
    """The specs that code performs: those with a mapping, by which recorded runs are compared with them."""
    traced = [
        trace for mapping in sorted(specs.glob("*/mapping.toml")) for trace in mapping.parent.glob(f"{_TRACE}*.tla")
    ]
    return [trace.with_name(trace.name.removeprefix(_TRACE)) for trace in traced]


def spec_modules(specs: Path = SPECS) -> list[SpecModule]:
    """Every rung that code performs, with its actions as TLC's own parser reads them."""
    return [SpecModule(path, actions(path), _events(path.with_name("mapping.toml"))) for path in spec_files(specs)]


def _events(mapping: Path) -> dict[str, frozenset[str]]:
    rules = load_mapping(mapping).rules.values()
    return {rule.act: frozenset(one.action for case in rule.cases for one in case.applications) for rule in rules}


def performances() -> list[Performance]:
    """The registry of all roles."""
    importlib.import_module("daybreak.cluster")  # knows all roles; tests may have registered steps of their own
    return [performance for performance in REGISTRY if performance.method.startswith("daybreak.")]


def disagreements(registry: Iterable[Performance], modules: Iterable[SpecModule]) -> list[str]:
    """How methods and spec actions differ, in either direction; one line each."""
    steps, specs = list(registry), list(modules)
    formals = {f"{module.name}!{name}": f for module in specs for name, f in module.actions.items()}
    direct: dict[str, Performance] = {}
    refined = {step.refines for step in steps if step.refines is not None}
    found = []
    for step in steps:
        if step.action in direct:
            found.append(f"{step.action}: performed by {direct[step.action].method} and by {step.method}")
        direct[step.action] = step
        for action in (step.action, step.refines):
            if action is not None and action not in formals:
                found.append(f"{action}: no action of a Next, but {step.method} performs it")
        wanted = formals.get(step.action, step.parameters)
        if not _takes(step.parameters, wanted):
            found.append(f"{step.action}({', '.join(wanted)}): {step.method} takes ({', '.join(step.parameters)})")
    for module in specs:
        events = {act for act in module.events if act.startswith(f"{module.name}!")}
        found += [
            f"{act}: its mapping takes it for a step, and no method performs it"
            for act in sorted(events - direct.keys())
        ]
        names = (name for name in module.actions if not module.steps(steps, name))
        found += [f"{module.name}!{name}: no method performs it" for name in names if not _exempt(module, name)]
    found += [f"{action}: both a method's own and part of another's" for action in sorted(refined & direct.keys())]
    return found


def _takes(parameters: tuple[str, ...], formals: tuple[str, ...]) -> bool:
    """Whether a method takes what its action does; that of an adjudicator among many may take what the others of its
    rung know already."""
    if _SLICE not in formals:
        return parameters == formals
    return [name for name in parameters if name in formals] == [name for name in formals if name != _SLICE]


def _exempt(module: SpecModule, name: str) -> bool:
    return f"{module.name}!{name}" in _SPEC_ONLY


def place(performance: Performance) -> str:
    """Where a method is defined: ``query/processor.py:235``."""
    module, qualified = performance.method.split(":")
    method: Any = reduce(getattr, qualified.split("."), importlib.import_module(module))
    lines, first = inspect.getsourcelines(inspect.unwrap(method))
    line = first + next(number for number, text in enumerate(lines) if text.lstrip().startswith("def "))
    return f"{module.removeprefix('daybreak.').replace('.', '/')}.py:{line}"


def render(modules: Iterable[SpecModule], registry: Iterable[Performance], root: Path = ROOT) -> str:
    """The text of docs/action-map.md."""
    steps = list(registry)
    parts = [_HEADER]
    for module in modules:
        parts.append(f"\n## {module.name}\n\n`{module.path.relative_to(root).as_posix()}`\n\n")
        parts.append("| Action | Parameters | Method | Where | Other rung |\n|---|---|---|---|---|\n")
        for name, formals in module.actions.items():
            own = f"{module.name}!{name}"
            parts += [_row(name, formals, own, step) for step in module.steps(steps, name)]
            if reason := _SPEC_ONLY.get(own):
                parts.append(f"| `{name}` | {', '.join(formals)} | | | {reason} |\n")
    return "".join(parts)


def _row(name: str, formals: tuple[str, ...], action: str, step: Performance) -> str:
    method = step.method.split(":")[1]
    other = f"in `{step.action}`" if step.action != action else ""
    if not other and step.refines is not None:
        other = f"also `{step.refines}`"
    return f"| `{name}` | {', '.join(formals)} | `{method}` | `{place(step)}` | {other} |\n"


def pages(root: Path = ROOT) -> dict[Path, str]:
    """The generated pages and what they should hold."""
    modules = spec_modules(root / "specs")
    return {
        root / "docs" / "action-map.md": render(modules, performances(), root),
        root / "docs" / "protocol.md": protocolpage.render(root / "impl" / "daybreak"),
        root / "specs" / "README.md": ruletable.page(root / "specs"),
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
