----------------------------- MODULE DurableLog -----------------------------
(***************************************************************************)
(* A durable log, as the adjudicator of rung 2 sees its journal, and as    *)
(* three zones with crashes, partitions and takeovers must look to it.     *)
(*                                                                         *)
(* Records get increasing times and become durable in that order.  Times   *)
(* are promised away: no record that is not durable yet lies at or below   *)
(* a promise.  Nothing lies beyond the lease.  At a takeover the records   *)
(* under way are divided, a first part is durable and the others are lost, *)
(* and all that follows lies above the lease that was found (P19).         *)
(*                                                                         *)
(* Nothing is said of conflicts, zones or epochs.  Adjudication and        *)
(* CrossRegion both refine this.                                           *)
(***************************************************************************)
EXTENDS Times

CONSTANTS
    Txn,        \* names of transactions
    Time,       \* times
    Zero        \* a time before all of Time

VARIABLES
    journal,    \* the records that are durable: [txn, ts]
    appending,  \* the records under way
    latest,     \* all times up to it are given or promised away
    promise,    \* the greatest time that a reader may count on
    lease       \* nothing is given and nothing is promised beyond it

vars == <<journal, appending, latest, promise, lease>>

Init ==
    /\ journal = {}
    /\ appending = {}
    /\ latest = Zero
    /\ promise = Zero
    /\ lease = Zero

\* With a record that was kept, all earlier ones under way were kept.
FirstOnes(kept) ==
    \A r \in kept, q \in appending : Before(q.ts, r.ts) => q \in kept

-----------------------------------------------------------------------------
(***************************************************************************)
(* Append                                                                  *)
(*   who      the owner of the log                                         *)
(*   why      P11: a record is to become durable                           *)
(*   when     P2: its time is still free and within the lease              *)
(*   changes  appending, latest                                            *)
(***************************************************************************)
Append(txn, ts) ==
    /\ Before(latest, ts)
    /\ AtMost(ts, lease)
    /\ appending' = appending \cup {[txn |-> txn, ts |-> ts]}
    /\ latest' = ts
    /\ UNCHANGED <<journal, promise, lease>>

(***************************************************************************)
(* Durable                                                                 *)
(*   who      the owner, told by the log                                   *)
(*   why      P13, P17: from now on the record survives                    *)
(*   when     no earlier record is under way                               *)
(*   changes  journal, appending                                           *)
(***************************************************************************)
Durable(txn, ts) ==
    LET record == [txn |-> txn, ts |-> ts]
    IN  /\ record \in appending
        /\ \A r \in appending : AtMost(ts, r.ts)
        /\ journal' = journal \cup {record}
        /\ appending' = appending \ {record}
        /\ UNCHANGED <<latest, promise, lease>>

(***************************************************************************)
(* Promise                                                                 *)
(*   who      the owner, or one who was the owner                          *)
(*   why      P6: readers learn that nothing is missing up to upto         *)
(*   when     upto is within the lease and below all records under way     *)
(*   changes  promise; latest, since those times are gone                  *)
(***************************************************************************)
Promise(upto) ==
    /\ Before(promise, upto)
    /\ AtMost(upto, lease)
    /\ \A r \in appending : Before(upto, r.ts)
    /\ promise' = upto
    /\ latest' = Later(latest, upto)
    /\ UNCHANGED <<journal, appending, lease>>

(***************************************************************************)
(* Renew                                                                   *)
(*   who      the owner                                                    *)
(*   why      P2, P19: the lease bounds what an owner that is lost may     *)
(*            have given or promised                                       *)
(*   when     nothing given or promised lies beyond the new lease          *)
(*   changes  lease                                                        *)
(***************************************************************************)
Renew(until) ==
    /\ AtMost(latest, until)
    /\ lease' = until
    /\ UNCHANGED <<journal, appending, latest, promise>>

(***************************************************************************)
(* Recover                                                                 *)
(*   who      the next owner                                               *)
(*   why      P18, P19: it knows the log and nothing else                  *)
(*   when     kept are the first of the records under way; at is not       *)
(*            below the old lease, nor until below at                      *)
(*   changes  what was kept is durable, what was not is lost; all times up *)
(*            to at are gone; the first lease of the new owner goes up to  *)
(*            until, and if that is at, it has none yet                    *)
(***************************************************************************)
Recover(kept, at, until) ==
    /\ AtMost(lease, at)
    /\ AtMost(at, until)
    /\ FirstOnes(kept)
    /\ journal' = journal \cup kept
    /\ appending' = {}
    /\ latest' = at
    /\ lease' = until
    /\ UNCHANGED promise

-----------------------------------------------------------------------------
Next ==
    \/ \E txn \in Txn, ts \in Time : Append(txn, ts)
    \/ \E txn \in Txn, ts \in Time : Durable(txn, ts)
    \/ \E upto \in Time : Promise(upto)
    \/ \E until \in Time : Renew(until)
    \/ \E kept \in SUBSET appending, at, until \in Time \cup {Zero} : Recover(kept, at, until)

Spec == Init /\ [][Next]_vars
=============================================================================
