"""The messages that travel between processes: those of all roles, and what processes ask each other."""

from __future__ import annotations

from types import ModuleType

from daybreak.adjudicator import messages as adjudicator
from daybreak.control import messages as control
from daybreak.crossbar import messages as crossbar
from daybreak.journal import messages as journal
from daybreak.query import messages as query
from daybreak.runtime.protocols import Message
from daybreak.runtime.remote import messages as remote
from daybreak.runtime.remote.codec import Registry
from daybreak.storage import messages as storage

MODULES: tuple[ModuleType, ...] = (adjudicator, control, crossbar, journal, query, remote, storage)


def registry() -> Registry:
    """All message classes, the roles' own timers included."""
    return Registry(
        kind
        for module in MODULES
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Message) and kind.__module__ == module.__name__
    )
