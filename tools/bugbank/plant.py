"""Each bug of the bank as a function, for `daybreak simulate --plant tools.bugbank.plant:NAME`: it stays planted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tools.bugbank.bank import BANK
from tools.bugbank.patch import Patch


def __getattr__(name: str) -> Callable[[], None]:
    if name not in BANK:
        raise AttributeError(f"the bug bank has no {name!r}")
    return partial(BANK[name].plant, Patch())
