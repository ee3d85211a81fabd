"""Who hears whom, as far as one process knows, and which way follows from it; without I/O."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence


class Routes:
    """See the module. All times are seconds of one clock."""

    def __init__(self, others: Sequence[str], silent_seconds: float) -> None:
        """`others` are the other processes; of several that could pass letters on, the last one does."""
        self._silent_seconds = silent_seconds
        self._heard = dict.fromkeys(others, -math.inf)
        """When something last came from each, straight."""
        self._told: dict[str, Collection[str]] = dict.fromkeys(others, ())
        """Whom each hears, as it said last."""

    def heard(self, name: str, now: float) -> None:
        """Something has come straight from a process."""
        self._heard[name] = now

    def told(self, name: str, hears: Collection[str]) -> None:
        """A process has said whom it hears."""
        self._told[name] = hears

    def excuse(self, late: float, now: float) -> None:
        """We were late by so much ourselves: nobody is silent for that."""
        if late > 0:
            self._heard = {name: min(heard + late, now) for name, heard in self._heard.items()}

    def hears(self, now: float) -> list[str]:
        """Whom we hear."""
        return [name for name, heard in self._heard.items() if now - heard <= self._silent_seconds]

    def around(self, now: float) -> dict[str, str]:
        """For each process that we do not hear, one that we do and that hears it, where there is such a one."""
        heard = self.hears(now)
        found: dict[str, str] = {}
        for name in self._heard.keys() - set(heard):
            relays = [relay for relay in heard if name in self._told[relay]]
            if relays:
                found[name] = relays[-1]
        return found
