"""How busy an adjudicator is: what it judged, range by range, with keys of it, and for whom."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from daybreak.base.ids import NodeId
from daybreak.base.keys import Key
from daybreak.base.placed import Owned
from daybreak.base.ranges import marked
from daybreak.base.time import SECOND_US
from daybreak.base.topology import home_of

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
        self._askers: Counter[str] = Counter()
        self.origins: dict[str, float] = {}
        """Transactions per second, by the region of their query processors, as of the last look."""

    def note(self, keys: Iterable[Key], asker: NodeId) -> None:
        """A transaction with these keys was admitted for `asker`; one of them stands for it, each in its turn."""
        self._askers[home_of(asker)] += 1
        known = [key for key in keys if marked(key) is None]
        if known:
            self._turn += 1
            self._pending.append(known[self._turn % len(known)])

    def settle(self, owned: Iterable[Owned], elapsed_us: int) -> dict[bytes, tuple[float, tuple[Key, ...]]]:
        """Rates per second and samples by range, with what came in the last `elapsed_us` microseconds."""
        noted, self._pending = self._pending, []
        askers, self._askers = self._askers, Counter()
        self.origins = {
            region: _blend(self.origins.get(region, 0.0), askers[region], elapsed_us)
            for region in sorted(self.origins.keys() | askers.keys())
        }
        rates: dict[bytes, float] = {}
        samples: dict[bytes, deque[Key]] = {}
        for r in owned:
            came = [key for key in noted if r.has(key)]
            rates[r.low] = _blend(self._rates.get(r.low, 0.0), len(came), elapsed_us)
            samples[r.low] = self._samples.get(r.low) or deque(maxlen=SAMPLE)
            samples[r.low].extend(came)
        self._rates, self._samples = rates, samples
        return {low: (rate, tuple(samples[low])) for low, rate in rates.items()}


def _blend(before: float, came: int, elapsed_us: int) -> float:
    """A rate per second that was `before`, when so many came in the last `elapsed_us` microseconds."""
    kept: float = KEEP ** (elapsed_us / SECOND_US)
    return before * kept + came * SECOND_US / max(1, elapsed_us) * (1 - kept)
