"""What a campaign came to."""

from __future__ import annotations

from collections import Counter

import msgspec

from daybreak.simulation.coverage import known_actions
from daybreak.simulation.verdict import Verdict

HOUR_US = 3_600_000_000


class Totals(msgspec.Struct):
    """Sums over verdicts."""

    seeds: int = 0
    clean: int = 0
    virtual_us: int = 0
    committed: int = 0
    failed: int = 0
    unknown: int = 0
    messages: int = 0
    faults: Counter[str] = msgspec.field(default_factory=Counter)
    actions: Counter[str] = msgspec.field(default_factory=Counter)
    pairs: Counter[str] = msgspec.field(default_factory=Counter)
    states: set[str] = msgspec.field(default_factory=set)

    def add(self, verdict: Verdict) -> None:
        """Count a run."""
        self.seeds += 1
        self.clean += verdict.clean
        self.virtual_us += verdict.virtual_us
        self.committed += verdict.committed
        self.failed += verdict.failed
        self.unknown += verdict.unknown
        self.messages += verdict.messages
        self.faults += verdict.faults
        self.actions += verdict.actions
        self.pairs += verdict.pairs
        self.states |= verdict.states

    def lines(self, seconds: float) -> list[str]:
        """The sums in words, after so many seconds of real time."""
        known = known_actions()
        missing = sorted(known - self.actions.keys())
        lines = [
            f"{self.seeds:,} seeds, {self.clean:,} of them clean; {self.virtual_us / HOUR_US:,.2f} simulated hours in "
            f"{seconds:,.0f} s ({self.virtual_us / 1e6 / max(seconds, 1e-3):,.1f} times as fast as real time)",
            f"transactions: {self.committed:,} committed, {self.failed:,} failed, {self.unknown:,} of unknown outcome; "
            f"{self.messages:,} messages",
            f"faults: {_counts(self.faults)}",
            f"spec actions: {len(known) - len(missing)} of {len(known)}, {self.actions.total():,} steps"
            + (f"; never taken: {', '.join(missing)}" if missing else ""),
        ]
        if self.states:
            lines.append(f"abstract states: {len(self.states):,}; pairs of actions: {len(self.pairs):,}")
        return lines


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in sorted(counter.items())) or "none"
