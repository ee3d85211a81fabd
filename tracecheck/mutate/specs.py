"""Mutates a spec and asks whether the traces notice: good ones that it refuses now, bad ones that it accepts."""

from __future__ import annotations

import random
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tracecheck.engine import EvaluationError
from tracecheck.errors import TraceCheckError, UsageError
from tracecheck.mutate.corpus import Corpus
from tracecheck.mutate.edits import Edit, Editor
from tracecheck.mutate.source import Source, reached, substitutions
from tracecheck.mutate.tally import Miss, Tally
from tracecheck.plan import Plan
from tracecheck.syntax import read
from tracecheck.tlc.spec import SpecFiles

DEFAULT_LIMIT = 60
"""How many mutated specs one process loads: each takes half a second, and memory that Java never gives back."""


@dataclass(frozen=True)
class SameSpec:
    """Mutations of a spec that change nothing, and why: in `definition`, on the line that reads `line`, `after` stands
    for `before`."""

    definition: str
    line: str
    before: str
    after: str
    why: str


def load_same(path: Path) -> list[SameSpec]:
    """The tables [[same]] of a TOML file: definition, line, before, after, why. Raises UsageError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return [SameSpec(**table) for table in document.get("same", [])]
    except OSError as error:
        raise UsageError(f"{path}: cannot read it: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise UsageError(f"{path}: wants tables [[same]] of definition, line, before, after, why: {error}") from None


def all_edits(plan: Plan) -> list[Edit]:
    """Every edit of what the plan's spec evaluates: its actions, its initial states and the invariants it names."""
    files = plan.exact.files
    module = read(files.module, files.libraries)
    invariants = [str(name) for name in plan.exact.tool.getInvNames()]
    roots = list(dict.fromkeys(["Init", *(leaf.action for leaf in plan.exact.leaves), *invariants]))
    replaced = substitutions(files.config)
    editor = Editor(Source(), reached(module, roots, replaced), tuple(module.variables), replaced)
    return [edit for edit in editor.edits() if edit.before != edit.after]


def mutate_specs(
    plan: Plan,
    corpus: Corpus,
    *,
    seed: int,
    limit: int = DEFAULT_LIMIT,
    same: Sequence[SameSpec] = (),
    edits: Sequence[Edit] | None = None,
) -> list[Tally]:
    """Loads up to `limit` mutants of the plan's spec, kind by kind in turn, and asks whether they differ on the corpus.

    `same` are mutations that change nothing; one that the corpus tells apart all the same is a miss.
    """
    tallies: dict[str, Tally] = {}
    for edit in _sample(all_edits(plan) if edits is None else edits, seed, limit):
        tally = tallies.setdefault(edit.kind, Tally(edit.kind))
        tally.made += 1
        noticed = _noticed(plan, corpus, edit)
        known = next((one for one in same if _is_of(one, edit)), None)
        if noticed is None:
            tally.unusable += 1
        elif noticed and known is not None:
            tally.misses.append(Miss(str(edit), f"said to change nothing, and does: {known.why}"))
        elif noticed:
            tally.killed += 1
        elif known is not None:
            tally.equivalent[known.why] = tally.equivalent.get(known.why, 0) + 1
        else:
            tally.misses.append(Miss(str(edit), "no good trace is refused, and no bad one accepted"))
    return list(tallies.values())


def _is_of(same: SameSpec, edit: Edit) -> bool:
    return (same.definition, same.line, same.before, same.after) == (
        edit.definition,
        edit.around,
        edit.before,
        edit.after,
    )


def _sample(edits: Sequence[Edit], seed: int, limit: int) -> Iterator[Edit]:
    """Some of the edits: one of each kind, then another of each, and so on."""
    by_kind: dict[str, list[Edit]] = {}
    for edit in edits:
        by_kind.setdefault(edit.kind, []).append(edit)
    rng = random.Random(f"{seed}/spec")
    for group in by_kind.values():
        rng.shuffle(group)
    taken = 0
    while taken < limit and any(by_kind.values()):
        for group in by_kind.values():
            if group and taken < limit:
                taken += 1
                yield group.pop()


def _noticed(plan: Plan, corpus: Corpus, edit: Edit) -> bool | None:
    """Whether the corpus tells the mutant from the spec; None if TLC cannot work with the mutant."""
    with mutated(plan.exact.files, edit) as files:
        try:
            mutant = Plan(files.module, plan.mapping.path, files.config)
            return corpus.first_difference(mutant) is not None
        except (TraceCheckError, EvaluationError):
            return None


@contextmanager
def mutated(files: SpecFiles, edit: Edit) -> Iterator[SpecFiles]:
    """A copy of the spec's files, all in one directory, with the edit made."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        directory = Path(name)
        for library in reversed(files.libraries):
            for path in library.glob("*.tla"):
                shutil.copyfile(path, directory / path.name)
        target = directory / Path(edit.file).name
        target.write_text(edit.apply(target.read_text(encoding="utf-8")), encoding="utf-8")
        config = shutil.copyfile(files.config, directory / files.config.name)
        yield SpecFiles(directory / files.module.name, Path(config), (directory,))
