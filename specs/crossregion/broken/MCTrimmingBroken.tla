-------------------------- MODULE MCTrimmingBroken --------------------------
(***************************************************************************)
(* Trimming with one rule dropped.                                         *)
(***************************************************************************)
EXTENDS MCTrimming

\* P17: the word of one replica is enough.
AllowedByOne(upto) == \E s \in Storage : upto <= said[s]

\* P17: a checkpoint counts as soon as it is written.
SaysWritten(storage) ==
    LET all == LastTwo(saved[storage] \o written[storage])
    IN  IF Len(all) < 2 THEN 0 ELSE all[1]

\* P17: a replica speaks of its last checkpoint, and not of the one before.
SaysNewest(storage) == Newest(storage)

\* P17: a replica says its name.
CheckpointedName(storage) ==
    /\ said' = [said EXCEPT ![storage] = storage]
    /\ UNCHANGED <<journalVars, applied, written, saved, lost>>

\* P19: the last entry known to be durable is trimmed too.
TrimAnchor(zone, upto) ==
    /\ Allowed(upto)
    /\ base[zone] < upto
    /\ upto <= known[zone]
    /\ base' = [base EXCEPT ![zone] = upto]
    /\ UNCHANGED <<length, durable, held, known, storageVars>>

\* P17: a replica that lost its disk counts again with any checkpoint, though it may
\* lag behind what it had said.
SyncedAny(storage) ==
    /\ written[storage] # << >>
    /\ saved' = [saved EXCEPT ![storage] = LastTwo(saved[storage] \o written[storage])]
    /\ written' = [written EXCEPT ![storage] = << >>]
    /\ lost' = lost \ {storage}
    /\ UNCHANGED <<journalVars, applied, said>>

\* P6: a replica waits for entries that are gone.
NoBootstrap(storage, sibling) == FALSE
=============================================================================
