------------------------------ MODULE Classes ------------------------------
(***************************************************************************)
(* Classes of access, by the strength of what they do to a row:            *)
(*   W   insert, delete, update of a key column, FOR UPDATE                *)
(*   N   update of other columns                                           *)
(*   S   FOR KEY SHARE                                                     *)
(*   R   validated read: what the transaction relied on must not have      *)
(*       changed (the catalog, P21).  No class conflicts with it, so it    *)
(*       never makes a later writer fail.                                  *)
(***************************************************************************)
Class == {"W", "N", "S", "R"}

ConflictsWith == [W |-> {"W", "N", "S"},
                  N |-> {"W", "N"},
                  S |-> {"W"},
                  R |-> {"W", "N"}]

\* Accesses to `keys' conflict with those that were committed before.
Clash(committed, keys) ==
    \E k \in DOMAIN keys :
        k \in DOMAIN committed /\ committed[k] \in ConflictsWith[keys[k]]
=============================================================================
