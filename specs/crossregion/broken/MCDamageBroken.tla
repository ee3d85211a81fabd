--------------------------- MODULE MCDamageBroken ---------------------------
(***************************************************************************)
(* Damage with one rule dropped.                                           *)
(***************************************************************************)
EXTENDS MCDamage

\* P18: a zone in doubt vouches for what is left of its log.
PromiseInDoubt(zone, epoch) ==
    /\ Journal!Promise(zone, epoch)
    /\ UNCHANGED doubtVars

\* P17: a zone does not wait for the entries that it lacks.
MendAtOnce(zone) ==
    /\ zone \in doubtful
    /\ target[zone] # Nowhere
    /\ doubtful' = doubtful \ {zone}
    /\ UNCHANGED <<journalVars, target>>

\* P17: a zone is told of an epoch that there is not.
TellNothing(zone, epoch) ==
    /\ zone \in doubtful
    /\ target' = [target EXCEPT ![zone] = [epoch |-> Epochs + 1, index |-> 0]]
    /\ UNCHANGED <<journalVars, doubtful>>
=============================================================================
