------------------------------ MODULE Network ------------------------------
(***************************************************************************)
(* Who can hear whom.                                                      *)
(*                                                                         *)
(* The specs have no messages in flight.  What was said stays true: it is  *)
(* a fact of the state, and to hear it is to read it.  A message that is   *)
(* lost is one that nobody reads, a late one is read late, and one that    *)
(* comes twice is read twice.                                              *)
(*                                                                         *)
(* A partition takes hearing away.  It is written as the set of those who  *)
(* are apart from the rest: within the set all hear each other, outside    *)
(* too, and nothing goes across, what was under way included.  The empty   *)
(* set is the whole network.                                               *)
(***************************************************************************)
Hears(apart, here, there) == here \in apart <=> there \in apart

HearsAll(apart, here, them) == \A there \in them : Hears(apart, here, there)

\* Somebody at `here' hears all of one of the groups.
HearsOneOf(apart, here, groups) == \E them \in groups : HearsAll(apart, here, them)
=============================================================================
