"""A small spec for tests of the mapping: voters ask for votes, grant them, and win."""

from __future__ import annotations

MODULE = """\
EXTENDS Integers, Sequences, FiniteSets
CONSTANTS RM, Nil
VARIABLES role, log, votes, voted, net
Init == /\\ role = [r \\in RM |-> "idle"]
        /\\ log = [r \\in RM |-> <<>>]
        /\\ votes = [r \\in RM |-> {}]
        /\\ voted = [r \\in RM |-> Nil]
        /\\ net = {}
Ask(r) == /\\ role[r] = "idle"
          /\\ role' = [role EXCEPT ![r] = "asking"]
          /\\ net' = net \\cup {r}
          /\\ UNCHANGED <<log, votes, voted>>
Lose(r) == /\\ r \\in net
           /\\ net' = net \\ {r}
           /\\ UNCHANGED <<role, log, votes, voted>>
Grant(from, to) == /\\ to \\in net
                   /\\ voted[from] = Nil
                   /\\ votes' = [votes EXCEPT ![to] = @ \\cup {from}]
                   /\\ voted' = [voted EXCEPT ![from] = to]
                   /\\ UNCHANGED <<role, log, net>>
Win(r, term) == /\\ Cardinality(votes[r]) > 1
                /\\ role' = [role EXCEPT ![r] = "leader"]
                /\\ log' = [log EXCEPT ![r] = Append(@, term)]
                /\\ UNCHANGED <<votes, voted, net>>
Next == \\/ \\E r \\in RM : Ask(r) \\/ Lose(r)
        \\/ \\E from, to \\in RM : Grant(from, to)
        \\/ \\E r \\in RM, term \\in 1..5 : Win(r, term)
OneLeader == Cardinality({r \\in RM : role[r] = "leader"}) < 2
Calm == Cardinality(net) < 3
"""

CONFIG = "INIT Init\nNEXT Next\nCONSTANTS RM = {r1, r2, r3} Nil = Nil\nINVARIANTS OneLeader Calm\n"

TYPES = """
[types]
who = "model"
from = "model"
to = "model"
seen = "option(model, Nil)"
stated = "string"
members = "set(model)"
"""
