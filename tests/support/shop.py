"""A small repository with specs of its own: a shop, in which nobody should pay more than two coins."""

from __future__ import annotations

import json
from pathlib import Path

from daybreak.modelcheck.manifest import Suite, load_suite
from daybreak.modelcheck.runner import Observer, Result, Runner

RULES = """# The rules

Money

- **P1** Nobody pays more than two coins, `a < b`. See [the shop](shop.md).
  `Shop!Pay`.
- **P2** The clerk *always* enters a payment in the book.

Nothing else
"""

SHOP = r"""---- MODULE Shop ----
EXTENDS Naturals, Sequences
CONSTANT Buyer
VARIABLES
    paid,   \* buyer -> coins
    book    \* what is not yet filed

vars == <<paid, book>>

Init == paid = [b \in Buyer |-> 0] /\ book = <<>>

Allowed(buyer, coins) ==
    /\ coins > 0
    /\ paid[buyer] + coins <= 2

(***************************************************************************)
(* Pay                                                                     *)
(*   who      a buyer, at the desk                                         *)
(*   why      P1: to have paid                                             *)
(*   when     it is not too much, and                                      *)
(*            there is a coin                                              *)
(*   changes  paid, book                                                   *)
(***************************************************************************)
Pay(buyer, coins) ==
    /\ Allowed(buyer, coins)
    /\ paid' = [paid EXCEPT ![buyer] = @ + coins]
    /\ book' = Append(book, [buyer |-> buyer, coins |-> coins, note |-> "<b>&"])

(***************************************************************************)
(* File                                                                    *)
(*   who      the clerk                                                    *)
(*   why      P2: to keep the book short                                   *)
(*   when     the entry is the first one                                   *)
(*   changes  book                                                         *)
(***************************************************************************)
File(entry, shelf) ==
    /\ book # <<>>
    /\ entry = Head(book)
    /\ book' = Tail(book)
    /\ UNCHANGED paid

Next ==
    \/ \E buyer \in Buyer, coins \in 1 .. 3 : Pay(buyer, coins)
    \/ \E i \in DOMAIN book, shelf \in {1, 2} : File(book[i], shelf)
====
"""

PROPS = r"""---- MODULE ShopProps ----
EXTENDS Shop
VARIABLE total
varsNoted == <<vars, total>>
InitNoted == Init /\ total = 0
PayNoted(buyer, more) == /\ Pay(buyer, more + 1)
                         /\ total' = total + more + 1
FileNoted(i, shelf) == LET entry == book[i] IN File(entry, shelf) /\ UNCHANGED total
NextNoted ==
    \/ \E buyer \in Buyer, more \in 0 .. 2 : PayNoted(buyer, more)
    \/ \E i \in DOMAIN book, shelf \in {1, 2} : FileNoted(i, shelf)
SpecNoted == InitNoted /\ [][NextNoted]_varsNoted

Fine(buyer) == paid[buyer] <= 2

\* INV: P1.  Nobody pays more than two coins, which is
\* < three & not <b>.
Modest == \A b \in Buyer : Fine(b)

\* INV: P1, P2.  Nobody pays three coins at once, but for the first.
Slow == [][total > 0 => total' < total + 3]_varsNoted

\* LIVENESS: P2.  The book is empty in the end.
Filed == <>[](book = <<>>)

FairSpec == SpecNoted /\ WF_varsNoted(NextNoted)

\* Two coins are paid.
NeverTwo == ~\E b \in Buyer : paid[b] = 2
====
"""

BROKEN = r"""---- MODULE ShopBroken ----
EXTENDS ShopProps
\* P1: anything < all goes.
AllowedAlways(buyer, coins) ==
    /\ coins > 0
====
"""

CONFIG = "\\* {about}\nCONSTANT Buyer = {{b1, b2}}\n{substitute}{behaviour}\n{checks}\n"
NOTED = "INIT InitNoted\nNEXT NextNoted"

MODELS = [
    ("ShopGreedy", "must-fail", "Modest", ["P1"], "Anything goes (P1).", "Allowed <- AllowedAlways", NOTED),
    ("ShopAtOnce", "must-fail", "Slow", ["P2", "P1"], "Three at once (P1, P2).", "Allowed <- AllowedAlways", NOTED),
    ("ShopNeverFiled", "must-fail", "Filed", ["P2"], "The clerk sleeps.", "", "SPECIFICATION SpecNoted"),
    ("ShopTwo", "reachable", "NeverTwo", ["P1"], "Two coins are paid.", "", NOTED),
]

PAGES = """[[roles.Shop]]
role = "buyer"
names = ["buyer"]
owns = ["paid"]

[[roles.Shop]]
role = "clerk"
owns = ["book"]
"""


def build(root: Path) -> Suite:
    """Writes the repository into `root`; returns its suite."""
    specs = root / "specs"
    (specs / "broken").mkdir(parents=True)
    (root / "docs").mkdir()
    (root / "docs" / "rules.md").write_text(RULES)
    (specs / "pages.toml").write_text(PAGES)
    for path, text in (("Shop", SHOP), ("ShopProps", PROPS), ("broken/ShopBroken", BROKEN)):
        (specs / f"{path}.tla").write_text(text)
    live = CONFIG.format(about="Live.", substitute="", behaviour="SPECIFICATION FairSpec", checks="PROPERTY Filed")
    (specs / "MCShopLive.cfg").write_text(live)
    entries = []
    for name, kind, broken, rules, says, substitute, behaviour in MODELS:
        checks = f"{'INVARIANT' if broken in ('Modest', 'NeverTwo') else 'PROPERTY'} {broken}"
        changed = f"CONSTANT {substitute}\n" if substitute else ""
        config = CONFIG.format(about=says, substitute=changed, behaviour=behaviour, checks=checks)
        (specs / f"MC{name}.cfg").write_text(config)
        entries.append({"name": name, "says": says, "rung": 1, "kind": kind, "seconds": 1, "expected": "violates",
                        "module": "broken/ShopBroken.tla", "config": f"MC{name}.cfg", "property": broken,
                        "rules": rules})  # fmt: skip
    entries.append({"name": "ShopLive", "says": "live", "rung": 1, "kind": "regular", "seconds": 1,
                    "expected": "holds", "distinct": 9, "module": "ShopProps.tla",
                    "config": "MCShopLive.cfg"})  # fmt: skip
    manifest = specs / "manifest.toml"
    tables = ("\n".join(f"{key} = {json.dumps(value)}" for key, value in entry.items()) for entry in entries)
    manifest.write_text('library = ["."]\n' + "".join(f"[[model]]\n{table}\n" for table in tables))
    return load_suite(manifest)


def results(suite: Suite) -> list[Result]:
    """The results of the models that violate a property."""
    violating = [model for model in suite.models if model.expected == "violates"]
    return Runner(suite, jobs=1).run(violating, Observer())
