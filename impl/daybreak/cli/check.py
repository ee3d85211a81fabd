"""`daybreak check`: is a trace a behaviour of every spec that has a mapping?"""

from __future__ import annotations

import argparse

import msgspec

from daybreak.base.places import rungs
from daybreak.errors import OperatorError
from tracecheck import CONFORMS, VIOLATES, Result, check, render

CODES = {CONFORMS: 0, VIOLATES: 1}
INCONCLUSIVE_CODE = 2


def run(arguments: argparse.Namespace) -> int:
    """Check a trace directory; 0 if it conforms to all specs, 1 if it violates one, else 2."""
    if not arguments.directory.is_dir():
        raise OperatorError(f"{arguments.directory}: no such trace directory")
    results: dict[str, Result] = {
        rung.name: check(spec=rung.spec, mapping=rung.mapping, logs=[arguments.directory]) for rung in rungs()
    }
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(results)).decode())
    else:
        for name, result in results.items():
            print(f"{name}: {render(result)}")
    codes = {CODES.get(result.verdict, INCONCLUSIVE_CODE) for result in results.values()}
    return 1 if 1 in codes else max(codes, default=INCONCLUSIVE_CODE)
