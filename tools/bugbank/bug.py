"""What a bug of the bank is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tools.bugbank.patch import Patch

Plant = Callable[[Patch], None]
"""Changes Daybreak; its name is the bug's, and its docstring says what has gone wrong in the programmer's head."""


@dataclass(frozen=True)
class Bug:
    """A bug, whose it is, and under which conditions it is looked for."""

    plant: Plant
    role: str
    conditions: str
    """One of `conditions.CONDITIONS`."""

    @property
    def name(self) -> str:
        """What it is called everywhere."""
        return self.plant.__name__

    @property
    def sentence(self) -> str:
        """What a programmer might have written, or thought."""
        return " ".join((inspect.getdoc(self.plant) or "").split())


def bugs(role: str, plants: Mapping[str, tuple[Plant, ...]]) -> tuple[Bug, ...]:
    """The bugs of a role, by the conditions under which they are looked for."""
    return tuple(Bug(plant, role, conditions) for conditions, found in plants.items() for plant in found)
