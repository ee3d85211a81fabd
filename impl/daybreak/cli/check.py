"""`daybreak check`: is a trace a behaviour of every spec that has a mapping?"""

from __future__ import annotations

import argparse
import json
import sys

from daybreak.base.places import rungs
from tracecheck import CONFORMS, VIOLATES, Plan, TraceCheckError, check_all, render

CODES = {CONFORMS: 0, VIOLATES: 1}
INCONCLUSIVE_CODE = 2


def run(arguments: argparse.Namespace) -> int:
    """Check a trace directory; 0 if it conforms to all specs, 1 if it violates one, else 2."""
    if not arguments.directory.is_dir():
        print(f"daybreak: {arguments.directory}: no such trace directory", file=sys.stderr)
        return INCONCLUSIVE_CODE
    names = [rung.name for rung in rungs()]
    try:
        found = check_all([Plan(rung.spec, rung.mapping) for rung in rungs()], [arguments.directory])
    except TraceCheckError as error:
        print(f"daybreak: {error}", file=sys.stderr)
        return INCONCLUSIVE_CODE
    results = dict(zip(names, found, strict=True))
    if arguments.json:
        print(json.dumps({name: result.to_json() for name, result in results.items()}, indent=2))
    else:
        for name, result in results.items():
            print(f"{name}: {render(result)}")
    codes = {CODES.get(result.verdict, INCONCLUSIVE_CODE) for result in found}
    return 1 if 1 in codes else max(codes, default=INCONCLUSIVE_CODE)
