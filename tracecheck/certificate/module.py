"""Writes runs as a TLA+ module that extends their spec.

Its behaviours are the runs and nothing else: the module says which state follows which, and that the step between them
is the action at its place in Next, with the quantified names bound to recorded values that are members of the sets that
Next draws them from. Where that does not hold, TLC finds no next state and reports a deadlock; so it ends without an
error exactly if each run is a behaviour of the spec that keeps the configuration's invariants.

Next itself is quoted, disjunct by disjunct, and not evaluated: with sets such as STRING no TLC could.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from immutables import Map

from tracecheck.certificate.witness import Run, Step
from tracecheck.errors import UsageError
from tracecheck.plan import Plan
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.next import Quantifier
from tracecheck.tlc.spec import source_lines
from tracecheck.values import ModelValue, Value, items, to_text

_RUN, _AT = "certificateRun", "certificateAt"
_KEPT = ("CONSTANT", "CONSTANTS", "INVARIANT", "INVARIANTS")
_SECTIONS = (
    *_KEPT, "SPECIFICATION", "INIT", "NEXT", "PROPERTY", "PROPERTIES", "SYMMETRY", "VIEW", "CONSTRAINT", "CONSTRAINTS",
    "ACTION_CONSTRAINT", "ACTION_CONSTRAINTS", "ALIAS", "POSTCONDITION", "CHECK_DEADLOCK",
)  # fmt: skip
_REMARK = re.compile(r"\\\*[^\n]*|\(\*.*?\*\)", re.DOTALL)
_SECTION = re.compile(rf"\b({'|'.join(_SECTIONS)})\b")
_WORD = re.compile(r"\w+")


def write(plan: Plan, runs: Sequence[Run], directory: Path, name: str = "Certificate") -> Path:
    """Writes the module `name` with its configuration and all modules that it needs into `directory`, and returns its
    path. Raises UsageError when Next cannot be quoted."""
    engine = plan.exact
    directory.mkdir(parents=True, exist_ok=True)
    for needed in _modules(engine):
        shutil.copyfile(needed, directory / needed.name)
    models = sorted({model.name for run in runs for model in _models(run)})
    known = {str(constant.getName()) for constant in engine.loaded.root.getConstantDecls()}
    lines = [f"{' MODULE ' + name + ' ':-^78}", *_remarks(plan, runs), f"EXTENDS {engine.files.name}, TLC", ""]
    lines += [f"CONSTANTS {', '.join(new)}"] if (new := [model for model in models if model not in known]) else []
    lines += [f"VARIABLES {_RUN}, {_AT}", "", "CertificateInit =="]
    for number, run in enumerate(runs, 1):
        lines += _begin(number, run)
    lines += ["", *_first(engine)]
    for number, run in enumerate(runs, 1):
        for at, step in enumerate(run.steps, 1):
            lines += _step(engine, number, at, step)
    lines += [*_next(engine, runs), "=" * 78, ""]
    (directory / f"{name}.tla").write_text("\n".join(lines), encoding="utf-8")
    config = ["INIT CertificateInit", "NEXT CertificateNext", *_config(engine.files.config)]
    config += [f"CONSTANT {model} = {model}" for model in models if model not in known]
    (directory / f"{name}.cfg").write_text("\n".join(config) + "\n", encoding="utf-8")
    return directory / f"{name}.tla"


def _remarks(plan: Plan, runs: Sequence[Run]) -> Iterator[str]:
    yield f"\\* Accepted runs of {Path(plan.spec).name}, as behaviours of the spec. Check it with"
    yield "\\*   java -cp tla2tools.jar tlc2.TLC Certificate"
    for number, run in enumerate(runs, 1):
        whole = "all" if run.events == run.total else "the first"
        of = "" if run.slice is None else f" of slice {' '.join(run.slice.split())}"
        yield f"\\* Run {number}{of}: {whole} {run.events} of {run.total} events, {len(run.steps)} steps."


def _begin(number: int, run: Run) -> Iterator[str]:
    yield f"    \\/ /\\ {_RUN} = {number}"
    yield f"       /\\ {_AT} = 0"
    yield from (f"       /\\ {name} = {to_text(value)}" for name, value in run.initial.items())


def _first(engine: TlcEngine) -> Iterator[str]:
    """The first step only says that the first state is an initial state of the spec."""
    yield "CertificateFirst =="
    yield f"    /\\ {_AT} = 0"
    yield f"    /\\ {_AT}' = 1"
    yield f"    /\\ UNCHANGED <<{_RUN}, {', '.join(engine.variables)}>>"
    predicates = engine.tool.getInitStateSpec()
    for i in range(predicates.size()):
        yield from _quoted(engine, predicates.elementAt(i).pred, "    /\\ ")
    yield ""


def _step(engine: TlcEngine, number: int, at: int, step: Step) -> Iterator[str]:
    same = [_RUN, *(name for name in engine.variables if name not in step.changed)]
    yield f"\\* {' '.join(step.event.split())}"
    yield f"Certificate_{number}_{at} =="
    yield f"    /\\ {_AT}' = {at + 1}"
    yield from (f"    /\\ {name}' = {to_text(value)}" for name, value in step.changed.items())
    yield f"    /\\ UNCHANGED <<{', '.join(same)}>>"
    yield from _applied(engine, step)
    yield ""


def _applied(engine: TlcEngine, step: Step) -> Iterator[str]:
    """The action at its place in Next: what it quantifies is bound, and a member of its set."""
    leaf = step.leaf
    indent = "    "
    opened = "/\\ "
    for part in leaf.path:
        if isinstance(part, Quantifier):
            bound = [(name, to_text(step.names[name])) for name in part.names]
        else:
            text = " ".join(_source(engine, part.argument))
            formal = str(part.symbol.getName())
            bound = [] if text == formal else [(formal, text)]
            if formal in step.names and bound:
                raise UsageError(
                    f"{leaf.action}: {formal} has two meanings on its path through Next; it has no certificate"
                )
        for name, text in bound:
            yield f"{indent}{opened}LET {name} == {text} IN"
            indent, opened = f"{indent}{' ' * len(opened)}", ""
        if isinstance(part, Quantifier):
            drawn = f"<<{', '.join(part.names)}>>" if part.is_tuple else part.names[0]
            yield f"{indent}{opened}/\\ {drawn} \\in"
            yield from (f"{indent}{' ' * len(opened)}       {line}" for line in _source(engine, part.bound))
            yield f"{indent}{' ' * len(opened)}/\\"
            indent, opened = f"{indent}{' ' * len(opened)}   ", ""
    yield from _quoted(engine, leaf.node, f"{indent}{opened}")


def _quoted(engine: TlcEngine, node: Any, before: str) -> Iterator[str]:
    first, *rest = _source(engine, node)
    yield before + first
    yield from (" " * len(before) + line for line in rest)


def _source(engine: TlcEngine, node: Any) -> list[str]:
    return [re.sub(r"\\\*.*", "", line).rstrip() for line in source_lines(node, engine.files.libraries)[2]]


def _next(engine: TlcEngine, runs: Sequence[Run]) -> Iterator[str]:
    yield "CertificateNext =="
    yield "    \\/ CertificateFirst"
    for number, run in enumerate(runs, 1):
        yield f"    \\/ /\\ {_RUN} = {number}"
        steps = (f"{_AT} = {at} /\\ Certificate_{number}_{at}" for at in range(1, len(run.steps) + 1))
        stay = f"{_AT} = {len(run.steps) + 1} /\\ UNCHANGED <<{_RUN}, {_AT}, {', '.join(engine.variables)}>>"
        for i, text in enumerate((*steps, stay)):
            yield f"       {'/' if i == 0 else ' '}{chr(92) if i == 0 else ' '} \\/ {text}"


def _config(path: Path) -> Iterator[str]:
    """The constants and invariants of the configuration of the spec."""
    parts = _SECTION.split(_REMARK.sub("", path.read_text(encoding="utf-8")))
    for keyword, text in zip(parts[1::2], parts[2::2], strict=True):
        if keyword in _KEPT and text.strip():
            yield f"{keyword}\n{text.strip()}"


def _modules(engine: TlcEngine) -> list[Path]:
    """The spec's module and every module beside it whose name occurs in one that is needed."""
    found: dict[str, Path] = {}
    waiting = [engine.files.module.stem]
    while waiting:
        name = waiting.pop()
        path = next((p for library in engine.files.libraries if (p := library / f"{name}.tla").is_file()), None)
        if path is not None and name not in found:
            found[name] = path
            waiting += set(_WORD.findall(_REMARK.sub("", path.read_text(encoding="utf-8"))))
    return list(found.values())


def _models(run: Run) -> Iterator[ModelValue]:
    values = (run.initial, *(step.changed for step in run.steps), *(step.names for step in run.steps))
    for known in values:
        for value in known.values():
            yield from _models_in(value)


def _models_in(value: Value) -> Iterator[ModelValue]:
    match value:
        case ModelValue():
            yield value
        case frozenset():
            for element in value:
                yield from _models_in(element)
        case tuple() | Map():
            for key, held in items(value):
                yield from _models_in(key)
                yield from _models_in(held)
