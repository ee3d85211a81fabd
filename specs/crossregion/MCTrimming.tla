----------------------------- MODULE MCTrimming -----------------------------
(***************************************************************************)
(* The models of Trimming.                                                 *)
(***************************************************************************)
EXTENDS TrimmingProps, FiniteSets, TLC

CONSTANT Entries    \* how many entries there are at most

Majorities == {q \in SUBSET Zone : 2 * Cardinality(q) > Cardinality(Zone)}

\* A leader does not append for ever.
AppendFew ==
    /\ length < Entries
    /\ length' = length + 1
    /\ UNCHANGED <<durable, base, held, known, storageVars>>

\* Zones are alike, and so are replicas of storage; no property names one.
Alike == Permutations(Zone) \cup Permutations(Storage)

-----------------------------------------------------------------------------
(***************************************************************************)
(* All entries are there, and all of storage has them in checkpoints, but  *)
(* the disk of one replica was lost when the journal was trimmed.          *)
(***************************************************************************)
InitLost ==
    \E gone \in Storage, upto \in 1 .. Entries - 1 :
        /\ length = Entries /\ durable = Entries
        /\ base = [z \in Zone |-> upto]
        /\ held = [z \in Zone |-> Entries]
        /\ known = [z \in Zone |-> Entries]
        /\ applied = [s \in Storage |-> IF s = gone THEN 0 ELSE Entries]
        /\ written = [s \in Storage |-> << >>]
        /\ saved = [s \in Storage |-> IF s = gone THEN << >> ELSE <<upto, Entries>>]
        /\ said = [s \in Storage |-> upto]
        /\ lost = {gone}

NextWhole ==
    \/ \E s \in Storage : Stream(s) \/ Commit(s) \/ Synced(s) \/ Checkpointed(s)
    \/ \E s, sibling \in Storage : Bootstrap(s, sibling)
    \/ \E z \in Zone : Trims(z)

SpecLost == InitLost /\ [][NextWhole]_vars
=============================================================================
