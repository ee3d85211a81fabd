"""The command: `python -m daybreak.modelcheck.induction MODULE`.

Exit codes: 0 everything is shown, 1 something is not, 2 bad usage, or a module that cannot be read or covered.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from daybreak.modelcheck.induction.problem import load
from daybreak.modelcheck.induction.prove import PROVED, Answer, Prover
from tracecheck.errors import TraceCheckError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m daybreak.modelcheck.induction", description="Check an inductive invariant with z3."
    )
    parser.add_argument("module", type=Path, help="a module that defines Types, Inductive and Implied")
    parser.add_argument("--without", action="append", default=[], metavar="CONJUNCT", help="leave a conjunct out")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds for a question (default 60)")
    parser.add_argument("--stop", action="store_true", help="stop at the first that is not shown")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code. A wrong option ends with code 2, as argparse does it."""
    options = _parser().parse_args(argv)
    try:
        return _run(options)
    except TraceCheckError as error:
        print(f"induction: {error}", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    invariant = load(options.module)
    for name in options.without:
        invariant = invariant.without(name)
    answers: list[Answer] = []
    prover = Prover(invariant, options.timeout)
    for answer in prover.answers():
        answers.append(answer)
        if answer.verdict != PROVED:
            print(f"{answer.where}: {answer.name} is {answer.verdict}\n{answer.example}".rstrip(), flush=True)
            if options.stop:
                break
    idle = prover.idle()
    _table(answers, idle)
    failed = [answer for answer in answers if answer.verdict != PROVED]
    seconds = sum(answer.seconds for answer in answers)
    print(f"{len(answers) - len(failed)} of {len(answers)} shown in {seconds:.1f} s")
    for where in idle:
        print(f"{where}: impossible in every small state that satisfies the invariant, so nothing is shown of it")
    return 1 if failed or idle else 0


def _table(answers: Sequence[Answer], idle: Sequence[str]) -> None:
    """One line for Init, each action and what is implied: goals, goals shown, seconds, and whether it can happen."""
    print(f"{'':24} goals shown seconds possible")
    for where in dict.fromkeys(answer.where for answer in answers):
        own = [answer for answer in answers if answer.where == where]
        shown = sum(answer.verdict == PROVED for answer in own)
        seconds = sum(answer.seconds for answer in own)
        print(f"{where:24} {len(own):5} {shown:5} {seconds:7.2f} {'no' if where in idle else 'yes':>8}")
