"""The same expressions, evaluated by TLC and by the compiled engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tracecheck.compiled import CompiledEngine
from tracecheck.engine import EvaluationError
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.spec import SpecFiles, locate

HEAD = """---- MODULE M ----
EXTENDS Naturals, Integers, Sequences, FiniteSets, TLC
CONSTANTS m1, m2, m3, S
VARIABLES x, y
"""
CONFIG = "CONSTANTS\n m1 = m1\n m2 = m2\n m3 = m3\n S = {m1, m2}\nINIT Init\nNEXT Next\n"


def write(
    directory: Path, actions: Sequence[str], definitions: str = "", config: str = "", init: str = ""
) -> SpecFiles:
    """A spec with one action A0, A1, ... for each text, of the variables x and y."""
    parts = [HEAD, definitions, "Init == " + (init or "x = 0 /\\ y = 0")]
    parts += [f"A{i} ==\n  {text}" for i, text in enumerate(actions)]
    parts.append("Next ==\n" + "\n".join(rf"  \/ A{i}" for i in range(len(actions))))
    (directory / "M.tla").write_text("\n".join(parts) + "\n====\n")
    (directory / "M.cfg").write_text(CONFIG + config)
    return locate(directory / "M.tla")


def outcomes(engine: Any, values: dict[str, Any] | None = None) -> list[Any]:
    """For each action the set of its successors, from an initial state or from that of `values`; None for an error."""
    start = engine.initial()[0] if values is None else engine.state(values)
    found: list[Any] = []
    for leaf in engine.leaves:
        try:
            (binding,) = engine.bindings(leaf, {}, start)
            states = engine.successors(leaf, binding, start)
            found.append({tuple(engine.export(engine.look(s, name)) for name in engine.variables) for s in states})
        except EvaluationError:
            found.append(None)
    return found


def both(
    directory: Path,
    actions: Sequence[str],
    definitions: str = "",
    values: dict[str, Any] | None = None,
    config: str = "",
    init: str = "",
) -> tuple[list[Any], list[Any]]:
    """What the compiled engine and TLC say of each action."""
    files = write(directory, actions, definitions, config, init)
    return outcomes(CompiledEngine(files), values), outcomes(TlcEngine(files), values)


def values(directory: Path, expressions: Sequence[str], definitions: str = "") -> tuple[list[Any], list[Any]]:
    """As `both`, for the values of expressions."""
    return both(directory, [f"x' = ({text}) /\\ y' = y" for text in expressions], definitions)
