"""What the pages need to know and no spec says: `specs/pages.toml`."""

from __future__ import annotations

from pathlib import Path

import msgspec

from daybreak.errors import RequestError
from daybreak.modelcheck.pages.lanes import Role

FILE = "pages.toml"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The roles of every spec, from left to right; and for some rules the model that shows best why it exists."""

    roles: dict[str, tuple[Role, ...]] = {}
    clearest: dict[str, str] = {}


def read_settings(path: Path) -> Settings:
    """The settings in the file at `path`, none if there is no such file. Raises RequestError."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings()
    except msgspec.MsgspecError as error:
        raise RequestError(f"{path}: {error}") from None
