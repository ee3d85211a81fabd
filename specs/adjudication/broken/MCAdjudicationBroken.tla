------------------------ MODULE MCAdjudicationBroken ------------------------
(***************************************************************************)
(* Adjudication with one rule dropped.  Each definition below replaces one *)
(* of the spec in one model (a line such as                                *)
(* `Admissible <- AdmissibleNoFloor' in its configuration) and breaks one  *)
(* property; the manifest says which.  A property that no broken rule      *)
(* breaks would say nothing.                                               *)
(***************************************************************************)
EXTENDS MCAdjudication

\* P15: who began below the floor is judged, from a history that is not there.
AdmissibleNoFloor(start, keys) ==
    ~ClashAfter(start, keys)

\* P10: an insert or delete does not mind FOR KEY SHARE.
ConflictsWithNoKeyShare ==
    [W |-> {"W", "N"}, N |-> {"W", "N"}, S |-> {"W"}, R |-> {"W", "N"}]

\* P10: every class conflicts with every other.
ConflictsWithAll == [c \in Class |-> {"W", "N", "S"}]

\* P2: no look at the start.
AboveNoStart(start, ts) == Before(latest, ts) /\ Before(promise, ts)

\* P2: no look at the last commit time.
AboveNoLatest(start, ts) == Before(start, ts) /\ Before(promise, ts)

\* P2: a commit at the very time that was promised away.
AboveAtPromise(start, ts) ==
    /\ Before(start, ts)
    /\ Before(latest, ts)
    /\ AtMost(promise, ts)

\* P2: no look at the lease.
CommitNoLease(txn, start, keys, ts) ==
    /\ Admissible(start, keys)
    /\ Above(start, ts)
    /\ history' = Append(history, [ts |-> ts, keys |-> keys])
    /\ latest' = ts
    /\ appending' = appending \cup {[txn |-> txn, ts |-> ts]}
    /\ UNCHANGED <<floor, promise, lease>>

\* P11: a record is taken for durable before an earlier one.
DurableAnyOrder(txn, ts) ==
    /\ [txn |-> txn, ts |-> ts] \in appending
    /\ appending' = appending \ {[txn |-> txn, ts |-> ts]}
    /\ UNCHANGED <<history, floor, latest, promise, lease>>

\* P6: a promise overtakes a record on its way to the journal.
HeartbeatOvertakes(upto) ==
    /\ Before(promise, upto)
    /\ AtMost(upto, lease)
    /\ promise' = upto
    /\ UNCHANGED <<history, floor, latest, lease, appending>>

\* P6: a promise beyond the lease.
HeartbeatNoLease(upto) ==
    /\ Before(promise, upto)
    /\ \A r \in appending : Before(upto, r.ts)
    /\ promise' = upto
    /\ UNCHANGED <<history, floor, latest, lease, appending>>

\* P15: history is forgotten and the floor stays where it was.
ForgetNoFloor(upto) ==
    /\ Before(floor, upto)
    /\ history' = SelectSeq(history, LAMBDA c : Before(upto, c.ts))
    /\ UNCHANGED <<floor, latest, promise, lease, appending>>

\* P15: the floor rises and nothing is forgotten.
ForgetNothing(upto) ==
    /\ Before(floor, upto)
    /\ floor' = upto
    /\ UNCHANGED <<history, latest, promise, lease, appending>>

\* P19: who starts again takes its empty history for the truth.
RecoverNoFloor(kept, at) ==
    /\ AtMost(lease, at)
    /\ AtMost(floor, at)
    /\ KeepsPrefix(kept)
    /\ \A t \in DOMAIN kept : AtMost(kept[t], at)
    /\ history' = << >>
    /\ promise' = at
    /\ lease' = at
    /\ appending' = {}
    /\ UNCHANGED <<floor, latest>>

\* P19: who starts again does not wait for the end of the old lease.
RecoverBelowLease(kept, at) ==
    /\ AtMost(floor, at)
    /\ KeepsPrefix(kept)
    /\ \A t \in DOMAIN kept : AtMost(kept[t], at)
    /\ history' = << >>
    /\ floor' = at
    /\ promise' = at
    /\ lease' = at
    /\ appending' = {}
    /\ UNCHANGED latest

\* P18: who starts again keeps any of the records under way.
KeepsPrefixNot(kept) ==
    \A r \in appending : (r.txn \in DOMAIN kept) => kept[r.txn] = r.ts

\* The types: a promise that is no time.
HeartbeatForEver(upto) ==
    /\ Before(promise, upto)
    /\ AtMost(upto, lease)
    /\ \A r \in appending : Before(upto, r.ts)
    /\ promise' = Horizon + 1
    /\ UNCHANGED <<history, floor, latest, lease, appending>>
=============================================================================
