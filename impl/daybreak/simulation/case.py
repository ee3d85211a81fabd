"""What is run: a seed and its options, and the file that repeats it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from daybreak.errors import OperatorError, RequestError
from daybreak.simulation.run import Options


class Case(msgspec.Struct, frozen=True):
    """One simulated run, before it is run: all that it depends on."""

    seed: int
    options: Options


def write_case(case: Case, file: Path) -> None:
    """Write what `read_case` reads, as JSON that people can edit."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(case)) + b"\n")


def read_case(file: Path) -> Case:
    """The case of a file; OperatorError if it cannot be read, RequestError with the place of what is wrong in it."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Case)
    except OSError as error:
        raise OperatorError(f"{file}: cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise RequestError(
            f"{file}: {error}", hint="a file of daybreak simulate holds a seed and its options"
        ) from None
