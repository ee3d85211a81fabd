"""The trace checker: is what a system just did a behaviour of its TLA+ spec?

    result = tracecheck.check("Spec.tla", "mapping.toml", ["logs/"])
    result.verdict        CONFORMS, VIOLATES or INCONCLUSIVE
    result.rejection      the first event that no behaviour of the spec allows, and why

`python -m tracecheck --help` does the same from a shell, and follows logs that are still growing.
"""

from tracecheck.check import check, check_all
from tracecheck.errors import MappingError, SetupError, SpecError, TraceCheckError, UsageError
from tracecheck.monitor import Monitor
from tracecheck.plan import Plan
from tracecheck.report import CONFORMS, INCONCLUSIVE, VIOLATES, Rejection, Result, render
from tracecheck.tlc.next import actions

__all__ = [
    "CONFORMS",
    "INCONCLUSIVE",
    "VIOLATES",
    "MappingError",
    "Monitor",
    "Plan",
    "Rejection",
    "Result",
    "SetupError",
    "SpecError",
    "TraceCheckError",
    "UsageError",
    "actions",
    "check",
    "check_all",
    "render",
]
