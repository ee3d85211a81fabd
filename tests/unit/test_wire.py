"""Every message class of every role can travel."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import daybreak
from daybreak.runtime.protocols import Message
from daybreak.runtime.remote.codec import wire_name
from daybreak.wire import registry

LOCAL = {"runtime.Synced", "runtime.SyncFailed"}
"""What a runtime says to a role of its own process."""


def subclasses(kind: type[Message]) -> Iterator[type[Message]]:
    """All classes below `kind`."""
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def test_the_registry_has_every_message_class() -> None:
    for found in pkgutil.walk_packages(daybreak.__path__, "daybreak."):
        if found.name.endswith(".messages"):
            importlib.import_module(found.name)
    classes = {wire_name(kind) for kind in subclasses(Message) if kind.__module__.startswith("daybreak.")}
    assert classes - set(registry().names) == LOCAL
    assert set(registry().names) <= classes
