"""How busy the ranges of an adjudicator are: what it judged, range by range, and keys of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from daybreak.base.keys import Key
from daybreak.base.placed import Owned
from daybreak.base.ranges import marked
from daybreak.base.time import SECOND_US

SAMPLE = 64
"""Keys remembered of a range: those that came last."""
KEEP = 0.5
"""What is left of a rate after a second without anything."""


class Loads:
    """Counts since the last look, rates, and samples, by the first key of a range."""

    def __init__(self) -> None:
        self._pending: list[Key] = []
        self._turn = 0
        self._rates: dict[bytes, float] = {}
        self._samples: dict[bytes, deque[Key]] = {}

    def note(self, keys: Iterable[Key]) -> None:
        """A transaction with these keys was admitted; one of them stands for it, each in its turn."""
        known = [key for key in keys if marked(key) is None]
        if known:
            self._turn += 1
            self._pending.append(known[self._turn % len(known)])

    def settle(self, owned: Iterable[Owned], elapsed_us: int) -> dict[bytes, tuple[float, tuple[Key, ...]]]:
        """Rates per second and samples by range, with what came in the last `elapsed_us` microseconds."""
        noted, self._pending = self._pending, []
        kept = KEEP ** (elapsed_us / SECOND_US)
        rates: dict[bytes, float] = {}
        samples: dict[bytes, deque[Key]] = {}
        for r in owned:
            came = [key for key in noted if r.has(key)]
            now = len(came) * SECOND_US / max(1, elapsed_us)
            rates[r.low] = self._rates.get(r.low, 0.0) * kept + now * (1 - kept)
            samples[r.low] = self._samples.get(r.low) or deque(maxlen=SAMPLE)
            samples[r.low].extend(came)
        self._rates, self._samples = rates, samples
        return {low: (rate, tuple(samples[low])) for low, rate in rates.items()}
