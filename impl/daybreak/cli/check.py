"""`daybreak check`: is a trace a behaviour of every spec that has a mapping?"""

from __future__ import annotations

import argparse
import sys

from daybreak.base.places import rungs
from daybreak.trace.directory import adjudicators_of
from tracecheck import CONFORMS, VIOLATES, Plan, TraceCheckError, check_all, render
from tracecheck.commands.outputs import write_outputs

CODES = {CONFORMS: 0, VIOLATES: 1}
INCONCLUSIVE_CODE = 2


def run(arguments: argparse.Namespace) -> int:
    """Check a trace directory and write the reports that are asked for; 0 if it conforms to all specs, 1 if it
    violates one, else 2."""
    if not arguments.directory.is_dir():
        print(f"daybreak: {arguments.directory}: no such trace directory", file=sys.stderr)
        return INCONCLUSIVE_CODE
    applying, logs = rungs(adjudicators_of(arguments.directory)), [arguments.directory]
    names = [rung.name for rung in applying]
    try:
        plans = [Plan(rung.spec, rung.mapping) for rung in applying]
        results = write_outputs(arguments, plans, check_all(plans, logs), logs)
    except TraceCheckError as error:
        print(f"daybreak: {error}", file=sys.stderr)
        return INCONCLUSIVE_CODE
    if "-" not in (arguments.json, arguments.junit, arguments.sarif, arguments.html):
        for name, result in zip(names, results, strict=True):
            print(f"{name}: {render(result)}")
    codes = {CODES.get(result.verdict, INCONCLUSIVE_CODE) for result in results}
    return 1 if 1 in codes else max(codes, default=INCONCLUSIVE_CODE)
