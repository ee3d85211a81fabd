"""The table in specs/README.md: for each rule of the protocol, the properties, actions and models that are about it.

It is derived from the files: the tags of the properties, the cards of the actions, and the manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from daybreak.base.places import MANIFEST
from daybreak.modelcheck.manifest import load_suite
from daybreak.modelcheck.pages.texts import Definition, read_module

RULES = [f"P{number}" for number in range(1, 24)]
BEGIN, END = "<!-- rules -->\n", "<!-- end of rules -->\n"

_HEAD = """\
| Rule | Properties | Actions | Must fail without it | Shown possible |
|---|---|---|---|---|
"""


def definitions(specs: Path) -> list[Definition]:
    """Every definition of every spec: not those of models, of recorded runs and of `lib`."""
    modules = [path for path in sorted(specs.glob("*/*.tla")) if not path.name.startswith(("MC", "Trace"))]
    return [definition for path in modules for definition in read_module(path).definitions.values()]


def table(specs: Path) -> str:
    """The table, one row for each rule."""
    models = load_suite(specs / MANIFEST).models
    known = definitions(specs)

    def row(rule: str) -> list[str]:
        about = [found for found in known if rule in found.rules]
        cells = (
            [found.name for found in about if found.tag],
            [f"{found.module}!{found.name}" for found in about if found.card],
            [model.name for model in models if model.kind == "must-fail" and rule in model.rules],
            [model.name for model in models if model.kind == "reachable" and rule in model.rules],
        )
        return [rule, *map(_names, cells)]

    rows = [row(rule) for rule in RULES]
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def page(specs: Path) -> str:
    """The text of specs/README.md with the table as it should be."""
    text = (specs / "README.md").read_text(encoding="utf-8")
    pattern = re.compile(f"(?<={re.escape(BEGIN)}).*(?={re.escape(END)})", re.DOTALL)
    return pattern.sub(lambda _: table(specs), text)
