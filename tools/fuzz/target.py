"""What is fuzzed, and the search for an input that it cannot take."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

Case = Any
"""An input: a `msgspec.Struct` of the target's own, so that it can be kept in a file."""

Check = Callable[[Case], None]
"""Raises, whatever, for an input that is not taken as it should be."""


@dataclass(frozen=True)
class Target:
    """Something that is fuzzed.

    `open` makes what the check needs, in a directory of its own, once for many inputs; `round` is how many inputs are
    tried before the search begins anew from another seed: small where one takes long.
    """

    name: str
    guards: str
    """What must hold, in one sentence."""
    form: type[Any]
    cases: SearchStrategy[Case]
    open: Callable[[Path], AbstractContextManager[Check]]
    round: int = 500


@dataclass(frozen=True)
class Found:
    """An input that was not taken as it should be, as small as it got."""

    case: Case
    error: BaseException


@dataclass(frozen=True)
class Tally:
    """What a search came to."""

    seeds: int = 0
    inputs: int = 0
    found: Found | None = None


class _Watch:
    """Calls the check and remembers the last input that failed: the search ends with the smallest one."""

    def __init__(self, check: Check, before: Callable[[Case], None]) -> None:
        self._check = check
        self._before = before
        self.inputs = 0
        self.found: Found | None = None

    def __call__(self, case: Case) -> None:
        self.inputs += 1
        self._before(case)
        try:
            self._check(case)
        except Exception as error:
            self.found = Found(case, error)
            raise


def search(
    target: Target, check: Check, *, number: int, inputs: int, before: Callable[[Case], None] = lambda _: None
) -> Tally:
    """Try `inputs` inputs that follow from the seed `number`; one that fails is shrunk. `before` sees each input."""
    watch = _Watch(check, before)
    limits = settings(
        max_examples=inputs,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        print_blob=False,
    )
    tried = seed(number)(limits(given(target.cases)(lambda case: watch(case))))
    try:
        tried()
    except Flaky:
        assert watch.found is not None, "one that fails only sometimes has failed once"
    except Exception as error:
        if watch.found is None:
            raise  # it is the search that has failed
        assert type(error) is type(watch.found.error), "the smallest one is the last one"
    return Tally(1, watch.inputs, watch.found)


def search_until(
    target: Target, check: Check, *, number: int, deadline: float, before: Callable[[Case], None] = lambda _: None
) -> Tally:
    """Seed after seed from `number` on, until an input fails or `time.monotonic` has come to `deadline`."""
    total = Tally()
    while total.found is None and time.monotonic() < deadline:
        one = search(target, check, number=number + total.seeds, inputs=target.round, before=before)
        total = replace(one, seeds=total.seeds + 1, inputs=total.inputs + one.inputs)
    return total


class Kept(msgspec.Struct):
    """A file that holds an input."""

    target: str
    case: msgspec.Raw


def keep(path: Path, target: Target, case: Case) -> None:
    """Write an input to a file."""
    path.write_bytes(
        msgspec.json.format(msgspec.json.encode(Kept(target.name, msgspec.Raw(msgspec.json.encode(case)))))
    )


def kept(path: Path) -> Kept:
    """What a file holds. ValueError for one that is none of ours."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path}: not an input that tools.fuzz has kept: {error}") from None


def case_of(path: Path, target: Target, found: Kept) -> Case:
    """The input in it. ValueError for one of another version of the target."""
    try:
        return msgspec.json.decode(found.case, type=target.form)
    except msgspec.MsgspecError as error:
        raise ValueError(f"{path}: not an input of {target.name} as it is now: {error}") from None
