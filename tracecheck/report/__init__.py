"""What a check tells: to programs, to build servers, to people."""

from tracecheck.report.rejection import Minimised, Nearest, Rejection, Step, sentence, shorten, shown_path
from tracecheck.report.result import (
    CONFORMS,
    EXIT_CODES,
    INCONCLUSIVE,
    VIOLATES,
    Problem,
    Result,
    SliceResult,
    from_json,
    schema,
)
from tracecheck.report.text import explain, render

__all__ = [
    "CONFORMS",
    "EXIT_CODES",
    "INCONCLUSIVE",
    "VIOLATES",
    "Minimised",
    "Nearest",
    "Problem",
    "Rejection",
    "Result",
    "SliceResult",
    "Step",
    "explain",
    "from_json",
    "render",
    "schema",
    "sentence",
    "shorten",
    "shown_path",
]
