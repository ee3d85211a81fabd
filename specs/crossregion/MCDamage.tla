------------------------------ MODULE MCDamage ------------------------------
(***************************************************************************)
(* The models of Damage.                                                   *)
(***************************************************************************)
EXTENDS DamageProps, FiniteSets, TLC

CONSTANTS
    Epochs,     \* how many epochs
    Appends     \* how many records a leader appends at most, after its seal

MCEpoch == 1 .. Epochs

Majorities == {q \in SUBSET Zone : 2 * Cardinality(q) > Cardinality(Zone)}

\* A leader does not append for ever.
AppendsBounded == \A e \in led : ~Journal!Own(e, Len(log[e]) - Appends - 1)

\* Zones are alike, and no property names one.
Zones == Permutations(Zone)
=============================================================================
