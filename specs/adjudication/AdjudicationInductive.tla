------------------------ MODULE AdjudicationInductive ------------------------
(***************************************************************************)
(* Why Adjudication misses no conflict and breaks no promise: an invariant *)
(* that every step keeps in every state that satisfies it, reachable or    *)
(* not, and that implies the properties.                                   *)
(*                                                                         *)
(* Two thoughts carry it.  What was committed above the floor is still     *)
(* remembered (Remembered), so who is judged at all is judged by all that  *)
(* matters.  And told and ended <= promise <= lease, while the commit      *)
(* times <= latest <= lease: so who starts again at or above the lease is  *)
(* above everything.                                                       *)
(***************************************************************************)
EXTENDS AdjudicationProps

ASSUME NamesAndTimes ==
    /\ Txn \subseteq Nat
    /\ Time \subseteq Nat
    /\ Zero \in Nat
    /\ \A t \in Time : Before(Zero, t)

Accesses == UNION {[used -> Class] : used \in SUBSET Key}

Types ==
    /\ history \in Seq([ts : Time, keys : Accesses])
    /\ floor \in Time \cup {Zero}
    /\ latest \in Time \cup {Zero}
    /\ promise \in Time \cup {Zero}
    /\ lease \in Time \cup {Zero}
    /\ appending \in SUBSET Record
    /\ commits \in Seq([start : Time, keys : Accesses, ts : Time])
    /\ journal \in SUBSET Record
    /\ told \in Time \cup {Zero}
    /\ ended \in Time \cup {Zero}

-----------------------------------------------------------------------------
\* Every access that was committed above the floor is in the history.
Remembered ==
    \A i \in CommitNumbers : \A k \in DOMAIN commits[i].keys :
        Before(floor, commits[i].ts) =>
            \E j \in DOMAIN history :
                /\ history[j].ts = commits[i].ts
                /\ k \in DOMAIN history[j].keys
                /\ history[j].keys[k] = commits[i].keys[k]

\* No commit time lies above the latest, and that within the lease.
CommitsUpToLatest == \A i \in CommitNumbers : AtMost(commits[i].ts, latest)
LatestWithinLease == AtMost(latest, lease)

\* What readers have heard, and the leases of those who crashed, the adjudicator
\* of now has promised too.
ToldWithinPromise == AtMost(told, promise)
EndedWithinPromise == AtMost(ended, promise)

\* Names are given out in order, so the next one is new; and no record is both
\* under way and in the journal.
NamesGiven == \A r \in appending \cup journal : r.txn <= Len(commits)
UnderWay == \A r \in appending : r \notin journal

Inductive ==
    /\ NoConflictMissed
    /\ Remembered
    /\ NothingStale
    /\ CommitsUpToLatest
    /\ LatestWithinLease
    /\ PromiseWithinLease
    /\ ToldWithinPromise
    /\ EndedWithinPromise
    /\ PromiseBelowRecords
    /\ NamesGiven
    /\ UnderWay

Implied ==
    /\ NoConflictMissed
    /\ PromiseWithinLease
    /\ PromiseBelowRecords
    /\ NothingStale
    /\ TimesIncrease
    /\ LeaseKept
    /\ PromiseKept
    /\ AboveOldLeases
    /\ JournalInOrder
=============================================================================
