"""What mutation has found, by kind, as values that turn into text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

_SHOWN_MISSES = 20


@dataclass(frozen=True)
class Miss:
    """A mutant that should have been noticed: `mutant` says what was changed, `why` what happened instead."""

    mutant: str
    why: str

    def __str__(self) -> str:
        return f"{self.mutant}: {self.why}"


@dataclass
class Tally:
    """One kind of mutation: `made` mutants, of which `killed` were refused; `equivalent` counts those that are
    behaviours all the same by the reason; `unusable` those with which no verdict was possible (a spec that TLC cannot
    load or evaluate)."""

    kind: str
    made: int = 0
    killed: int = 0
    misses: list[Miss] = field(default_factory=list)
    equivalent: dict[str, int] = field(default_factory=dict)
    unusable: int = 0
    breaks: bool = False

    @property
    def decisive(self) -> int:
        """How many mutants had to be killed."""
        return self.killed + len(self.misses)

    @property
    def rate(self) -> float:
        """The share of the decisive ones that were killed, in percent; 100 when there were none."""
        return 100 * self.killed / self.decisive if self.decisive else 100.0


def rate(tallies: Sequence[Tally]) -> float:
    """The share of all decisive mutants that were killed, in percent; 0 when there were none: nothing was shown."""
    decisive = sum(tally.decisive for tally in tallies)
    return 100 * sum(tally.killed for tally in tallies) / decisive if decisive else 0.0


def to_json(tallies: Sequence[Tally]) -> dict[str, Any]:
    """All of it, as JSON's own types."""
    return {"rate": round(rate(tallies), 2), "kinds": [{**asdict(tally), "rate": tally.rate} for tally in tallies]}


def render(title: str, tallies: Sequence[Tally]) -> list[str]:
    """A table of the kinds, then what was missed, then why some were behaviours."""
    width = max([len(tally.kind) for tally in tallies], default=0)
    lines = [f"{title}: {rate(tallies):.1f} % of {sum(t.decisive for t in tallies)} mutants killed"]
    lines.append(f"  {'kind':{width}}   made  killed  missed  equivalent  unusable")
    for tally in tallies:
        note = "  (must leave no verdict)" if tally.breaks else "" if tally.decisive else "  (never applied)"
        lines.append(
            f"  {tally.kind:{width}} {tally.made:6} {tally.killed:7} {len(tally.misses):7}"
            f" {sum(tally.equivalent.values()):11} {tally.unusable:9}{note}"
        )
    misses = [f"  missed: {tally.kind}: {miss}" for tally in tallies for miss in tally.misses]
    lines += misses[:_SHOWN_MISSES]
    if len(misses) > _SHOWN_MISSES:
        lines.append(f"  and {len(misses) - _SHOWN_MISSES} more missed")
    reasons: dict[str, int] = {}
    for tally in tallies:
        for why, count in tally.equivalent.items():
            reasons[why] = reasons.get(why, 0) + count
    return lines + [f"  equivalent: {count} because {why}" for why, count in reasons.items()]
