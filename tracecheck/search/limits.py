"""How far a search may go before it gives up."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_CANDIDATES = 4096


class BudgetError(Exception):
    """A search was given up before it knew; the text says which limit it met."""


@dataclass(frozen=True)
class Limits:
    """What one slice may cost. A limit that is met makes a verdict INCONCLUSIVE, never a wrong one.

    `candidates`: states in which the spec may be after the same events. `window`: events that are not settled.
    `steps`: steps of the spec tried for one event. With `reorder` false the order given is taken for the only one.
    """

    candidates: int = DEFAULT_CANDIDATES
    window: int = 256
    steps: int = 200_000
    reorder: bool = True
