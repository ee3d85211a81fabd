"""A small spec that has nothing to do with Daybreak: a ledger in which each entry is determined by those before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.tracefiles import write

GUARDS = [
    "n = total + 1",
    "even = (n % 2 = 0)",
    "before = log",
    "marks = {n, n + 1}",
    'entry = [number |-> n, by |-> IF n % 2 = 0 THEN "ann" ELSE "bob"]',
]
"""What must be true of the arguments of an entry."""

SPEC = """---- MODULE Ledger ----
EXTENDS Integers, Sequences
VARIABLES total, log
Init == total = 0 /\\ log = <<>>
Entry(n, even, before, marks, entry) ==
    {guards}
    /\\ total' = n
    /\\ log' = Append(log, n)
Close(n) ==
    /\\ n = total
    /\\ n > 1
    /\\ total' = IF n > 100 THEN n ELSE 0
    /\\ UNCHANGED log
Next ==
    \\/ \\E n \\in Nat, even \\in BOOLEAN, before \\in Seq(Nat), marks \\in SUBSET Nat,
          entry \\in [number : Nat, by : STRING] : Entry(n, even, before, marks, entry)
    \\/ \\E n \\in Nat : Close(n)
Small == total < 1000
====
"""

MAPPING = """
[types]
n      = "int"
even   = "bool"
before = "seq(int)"
marks  = "set(int)"
entry  = "record(number: int, by: string)"
[events]
"Ledger!Entry" = "Entry(n, even, before, marks, entry)"
"Ledger!Close" = "Close(n)"
"""


def make_files(directory: Path, guards: list[str] = GUARDS) -> tuple[Path, Path]:
    """The spec, perhaps with other guards, and the mapping."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "Ledger.cfg").write_text("INIT Init\nNEXT Next\nINVARIANT Small\n")
    spec, mapping = directory / "Ledger.tla", directory / "mapping.toml"
    spec.write_text(SPEC.replace("{guards}", "\n    ".join(f"/\\ {guard}" for guard in guards)))
    mapping.write_text(MAPPING)
    return spec, mapping


def entry(n: int, before: list[int]) -> dict[str, Any]:
    """The arguments of the n-th entry of a book, after entries with the numbers `before`."""
    by = "ann" if n % 2 == 0 else "bob"
    return {
        "n": n,
        "even": n % 2 == 0,
        "before": list(before),
        "marks": [n, n + 1],
        "entry": {"number": n, "by": by},
    }


def make_log(directory: Path, closes: tuple[int, ...] = (4, 3)) -> Path:
    """A good log: each time some entries, then the end of the book."""
    said: list[tuple[str, dict[str, Any]]] = []
    before: list[int] = []
    for count in closes:
        for n in range(1, count + 1):
            said.append(("Ledger!Entry", entry(n, before)))
            before.append(n)
        said.append(("Ledger!Close", {"n": count}))
    events = [
        {"v": 1, "n": i, "node": "book", "at": [i, i], "act": act, "args": args}
        for i, (act, args) in enumerate(said, 1)
    ]
    return write({"book": events}, directory)
