"""What the judges of a simulated run have found."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import msgspec

Judge = Literal["invariants", "conformance", "history", "durability", "liveness"]
"""Roles' own assertions after every step; the specs; what clients saw; what is there in the end, in every replica;
whether all goes on once faults have stopped."""


class Finding(msgspec.Struct, frozen=True):
    """What a judge has found wrong, in a sentence."""

    judge: Judge
    sentence: str


class FoundError(AssertionError):
    """What ends a run as soon as it is found."""

    def __init__(self, judge: Judge, sentence: str) -> None:
        super().__init__(sentence)
        self.finding = Finding(judge, sentence)


class Verdict(msgspec.Struct):
    """On the run of one seed; `findings` is empty if all is well."""

    seed: int
    findings: tuple[Finding, ...] = ()
    committed: int = 0
    failed: int = 0
    unknown: int = 0
    virtual_us: int = 0
    """How long it took in virtual time."""
    messages: int = 0
    faults: Counter[str] = msgspec.field(default_factory=Counter)
    """How often each kind of fault struck."""
    actions: Counter[str] = msgspec.field(default_factory=Counter)
    """How often each action of a spec (``Commit!Vote``) was taken."""
    pairs: Counter[str] = msgspec.field(default_factory=Counter)
    """How often one action followed another in a slice (``Commit!Vote Commit!Resolve``)."""
    states: frozenset[str] = frozenset()
    """Abstract states of the specs that it reached."""

    @property
    def clean(self) -> bool:
        """Whether no judge has found anything."""
        return not self.findings
