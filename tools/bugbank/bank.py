"""All bugs of the bank, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tools.bugbank import adjudicator, clock, crossbar, journal, placement, query, storage
from tools.bugbank.bug import Bug
from tools.bugbank.patch import patching

MODULES = (adjudicator, placement, query, journal, crossbar, storage, clock)
BANK: Mapping[str, Bug] = {bug.name: bug for module in MODULES for bug in module.BUGS}


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Daybreak has the bug as long as the block lasts."""
    with patching() as patch:
        bug.plant(patch)
        yield
