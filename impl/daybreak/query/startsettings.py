"""Session parameters that a client sends with its StartupMessage."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from daybreak.errors import RequestError
from daybreak.query import pgmessages as pg
from daybreak.query.classify import classify
from daybreak.query.engine import Engine
from daybreak.query.load import quoted
from daybreak.query.outcomes import checked


async def apply_settings(engine: Engine, settings: Mapping[str, str]) -> None:
    """Set each parameter for the session; refuses what SET refuses."""
    messages = []
    for name, value in _spread(settings):
        literal = "'" + value.replace("'", "''") + "'"
        setting = classify(f"SET {quoted(name)} = {literal}")[0].shape.setting
        if setting is not None and not setting.virtual:
            # Not SET: a list such as search_path comes as one text.
            messages.append(pg.query(f"SELECT pg_catalog.set_config('{setting.name}', {literal}, false)".encode()))
    if messages:
        checked(await engine.direct(messages))


def _spread(settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names and values, with `options` ("-c name=value ...", "--name=value") taken apart."""
    for name, value in settings.items():
        if name != "options":
            yield name, value
            continue
        words = iter(shlex.split(value))
        for word in words:
            text = next(words, "") if word == "-c" else word.removeprefix("-c").removeprefix("--")
            option, equals, argument = text.partition("=")
            if not word.startswith("-") or not equals:
                raise RequestError(f'invalid command-line argument for server process: "{word}"', sqlstate="42601")
            yield option.replace("-", "_"), argument
