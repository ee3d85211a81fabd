"""Changing Daybreak while it runs, and changing it back."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any


class Patch:
    """Changes that are undone together."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, Any, bool]] = []
        self._texts: dict[Any, str] = {}
        """Of functions that were rewritten, which have no file."""
        self._items: list[tuple[MutableMapping[Any, Any], Any, Any]] = []

    def setattr(self, owner: Any, name: str, value: object) -> None:
        """Give a class, a module or an object another attribute."""
        self._undo.append((owner, name, inspect.getattr_static(owner, name), name in vars(owner)))
        setattr(owner, name, value)

    def setitem(self, mapping: MutableMapping[Any, Any], key: Any, value: object) -> None:
        """Give a table another entry for a key that it has."""
        self._items.append((mapping, key, mapping[key]))
        mapping[key] = value

    def rewrite(self, owner: type | ModuleType, name: str, old: str, new: str) -> None:
        """Give a method of a class, or a function of a module, the source text in which `new` stands for `old`.

        ValueError unless `old` stands there exactly once: the bug is then to be written anew.
        """
        static = inspect.getattr_static(owner, name)
        function = _innermost(static)
        text = self._texts.get(function) or textwrap.dedent(inspect.getsource(function))
        if text.count(old) != 1:
            raise ValueError(f"{owner.__name__}.{name} has {text.count(old)} times {old!r}, not once")
        # `super()` looks for the class in the function around it.
        text = text.replace(old, new)
        source = f"def made(__class__):\n{textwrap.indent(text, '    ')}    return {name}\n"
        names = dict(vars(sys.modules[function.__module__]))
        exec(compile("from __future__ import annotations\n" + source, f"<{name} with a bug>", "exec"), names)
        made = names["made"](owner)
        self._texts[_innermost(made)] = text
        self.setattr(owner, name, made)

    def undo(self) -> None:
        """Change everything back."""
        while self._undo:
            owner, name, value, own = self._undo.pop()
            if own:
                setattr(owner, name, value)
            else:
                delattr(owner, name)
        while self._items:
            mapping, key, value = self._items.pop()
            mapping[key] = value


def _innermost(found: Any) -> FunctionType:
    """The function that a property, a static method or a decorator has around it."""
    plain: Any = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
    function = inspect.unwrap(plain)
    assert isinstance(function, FunctionType), "only functions are rewritten"
    return function


@contextmanager
def patching() -> Iterator[Patch]:
    """Changes that last as long as the block."""
    patch = Patch()
    try:
        yield patch
    finally:
        patch.undo()
