"""`python -m tools.bugbank [NAME...] [--seeds N] [--most N] [--jobs J]`: hunt for the bugs of the bank.

Writes what was found to `tools/bugbank/found.json`, and the table of it to `docs/bug-bank.md`. Exits with 1 if nobody
has found some bug.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

from tools.bugbank import table
from tools.bugbank.bank import BANK
from tools.bugbank.hunt import MOST_SEEDS, hunt


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bugbank", description="Hunt for the bugs of the bank.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of bugs; all of them, if there is none")
    parser.add_argument("--seeds", type=int, default=10, help="seeds that are tried of each bug, at least")
    parser.add_argument("--most", type=int, default=MOST_SEEDS, help="seeds that are tried until a bug is found")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count(), help="processes")
    found = parser.parse_args(arguments)
    unknown = [name for name in found.names if name not in BANK]
    if unknown:
        parser.error(f"no such bug: {', '.join(unknown)}; docs/bug-bank.md lists them")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Hunt, and write down what was found."""
    asked = _arguments(arguments)
    known = {n: f for n, f in table.load().items() if n in BANK and f.conditions == BANK[n].conditions}
    missed = []
    # Java, which some judges need, does not survive a fork.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.jobs, mp_context=spawn) as pool:
        tasks = {pool.submit(hunt, name, asked.seeds, asked.most): name for name in asked.names or BANK}
        for task in as_completed(tasks):
            name, known[tasks[task]] = tasks[task], task.result()
            seeds = known[name].seeds
            missed += [] if seeds else [name]
            print(f"{name}: {', '.join(f'{j} {s}' for j, s in seeds.items()) or 'NOT FOUND'}", flush=True)
            table.save(known)
    print(f"{len(tasks) - len(missed)} of {len(tasks)} bugs found" + "".join(f"\nnot found: {name}" for name in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
