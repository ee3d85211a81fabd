"""What a model has otherwise than the spec: the definitions that it puts in the place of others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from daybreak.modelcheck.pages.texts import Config, Definition, Spec

_BROKEN = "Broken"


@dataclass(frozen=True)
class Difference:
    """A definition of the spec, the one that a model has instead, and the two as one list of lines.

    Each line comes with "-" if only the spec has it, "+" if only the model has it, " " if both have it.
    """

    spec: Definition
    model: Definition
    lines: Sequence[tuple[str, str]]

    @property
    def reason(self) -> str:
        """The comment above the model's definition."""
        return " ".join(self.model.comment.split())


def differences(spec: Spec, config: Config, needed: str = "") -> Iterator[Difference]:
    """What the model of `config` has otherwise than its spec.

    `needed` is the specification under which the property that it violates does hold.
    """
    pairs = [(name, instead) for name, instead in config.substituted.items() if _breaks(spec, instead)]
    if not pairs and needed and config.specification and needed != config.specification:
        pairs = [(needed, config.specification)]
    for name, instead in pairs:
        ours, theirs = spec.definition(name), spec.definition(instead)
        if ours and theirs:
            yield Difference(ours, theirs, tuple(_compared(ours, theirs)))


def _breaks(spec: Spec, name: str) -> bool:
    definition = spec.definition(name)
    return definition is not None and definition.module.endswith(_BROKEN)


def _compared(ours: Definition, theirs: Definition) -> Iterator[tuple[str, str]]:
    """The lines of both, the model's definition under the name of the spec's."""
    renamed = re.sub(rf"\b{theirs.name}\b", ours.name, theirs.text)
    old, new = ours.text.splitlines(), renamed.splitlines()
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from ((" ", line) for line in old[i:j])
        else:
            yield from (("-", line) for line in old[i:j])
            yield from (("+", line) for line in new[k:m])
