---------------------------- MODULE Adjudication ----------------------------
(***************************************************************************)
(* Rung 2.  One key range, one adjudicator.                                *)
(*                                                                         *)
(* The adjudicator sees a transaction once, when it wants to commit: its   *)
(* start and its keys, each with the class of its access.  It refuses when *)
(* a conflicting access was committed after the start; else it picks a     *)
(* commit time and appends the record to its journal, which here is only   *)
(* the set of records that are not durable yet.  In between it promises:   *)
(* "I will not commit at or below this time any more" (P6).                *)
(*                                                                         *)
(* It remembers who committed which accesses, and no more than it must:    *)
(* what lies below the floor is forgotten, and so no transaction that      *)
(* began below the floor can be judged any more (P15).                     *)
(*                                                                         *)
(* A crash takes everything but the journal.  Who starts again knows the   *)
(* records it finds there and the last lease granted there, and begins     *)
(* above that lease, since all that was ever promised lies below (P19).    *)
(***************************************************************************)
EXTENDS Times, Classes, FiniteSets, Sequences, TLC

CONSTANTS
    Txn,        \* names of transactions
    Key,        \* keys of the range
    Time,       \* times
    Zero        \* a time before all of Time

VARIABLES
    history,    \* the commits above the floor, oldest first: [ts, keys]
    floor,      \* starts below it are refused: their conflicts are forgotten
    latest,     \* the last commit time given
    promise,    \* nothing commits at or below it any more
    lease,      \* nothing commits and nothing is promised beyond it
    appending   \* records on their way into the journal: [txn, ts]

vars == <<history, floor, latest, promise, lease, appending>>

Record == [txn : Txn, ts : Time]

TypeOK ==
    /\ \A i \in DOMAIN history :
           /\ history[i].ts \in Time
           /\ DOMAIN history[i].keys \subseteq Key
           /\ \A k \in DOMAIN history[i].keys : history[i].keys[k] \in Class
    /\ floor \in Time \cup {Zero}
    /\ latest \in Time \cup {Zero}
    /\ promise \in Time \cup {Zero}
    /\ lease \in Time \cup {Zero}
    /\ appending \subseteq Record

Init ==
    /\ history = << >>
    /\ floor = Zero
    /\ latest = Zero
    /\ promise = Zero
    /\ lease = Zero
    /\ appending = {}

-----------------------------------------------------------------------------
\* A commit after start conflicts with accesses to `keys'.
ClashAfter(start, keys) ==
    \E i \in DOMAIN history :
        Before(start, history[i].ts) /\ Clash(history[i].keys, keys)

Admissible(start, keys) ==
    /\ AtMost(floor, start)
    /\ ~ClashAfter(start, keys)

\* A commit time must lie above all of these.
Above(start, ts) ==
    /\ Before(start, ts)
    /\ Before(latest, ts)
    /\ Before(promise, ts)

\* Of the records under way, kept holds some first ones, each at its own time.
KeepsPrefix(kept) ==
    \A r \in appending :
        (r.txn \in DOMAIN kept) =>
            /\ kept[r.txn] = r.ts
            /\ \A q \in appending : Before(q.ts, r.ts) => q.txn \in DOMAIN kept

-----------------------------------------------------------------------------
(***************************************************************************)
(* Commit                                                                  *)
(*   who      the adjudicator, asked by a query processor                  *)
(*   why      to decide (P10) and order (P2) a transaction                 *)
(*   when     no key conflicts, and there is a time that exceeds the start *)
(*            and every promise and lies within the lease                  *)
(*   changes  history, latest; the record goes to the journal              *)
(***************************************************************************)
Commit(txn, start, keys, ts) ==
    /\ Admissible(start, keys)
    /\ Above(start, ts)
    /\ AtMost(ts, lease)
    /\ history' = Append(history, [ts |-> ts, keys |-> keys])
    /\ latest' = ts
    /\ appending' = appending \cup {[txn |-> txn, ts |-> ts]}
    /\ UNCHANGED <<floor, promise, lease>>

(***************************************************************************)
(* Refuse                                                                  *)
(*   who      the adjudicator                                              *)
(*   why      P10: another transaction was first                           *)
(*   when     a key conflicts, or the start is below the floor             *)
(*   changes  nothing: a refused transaction leaves nothing behind         *)
(***************************************************************************)
Refuse(txn, start, keys) ==
    /\ ~Admissible(start, keys)
    /\ UNCHANGED vars

(***************************************************************************)
(* Decline                                                                 *)
(*   who      the adjudicator                                              *)
(*   why      P2: it has no right to the time that it would need           *)
(*   when     ts, a time it could give, lies beyond the lease              *)
(*   changes  nothing                                                      *)
(***************************************************************************)
Decline(txn, start, ts) ==
    /\ Above(start, ts)
    /\ Before(lease, ts)
    /\ UNCHANGED vars

(***************************************************************************)
(* Durable                                                                 *)
(*   who      the adjudicator, told by its journal                         *)
(*   why      P11, P13: now the transaction has committed                  *)
(*   when     every earlier record is durable (the journal is ordered)     *)
(*   changes  appending                                                    *)
(***************************************************************************)
Durable(txn, ts) ==
    /\ [txn |-> txn, ts |-> ts] \in appending
    /\ \A r \in appending : AtMost(ts, r.ts)
    /\ appending' = appending \ {[txn |-> txn, ts |-> ts]}
    /\ UNCHANGED <<history, floor, latest, promise, lease>>

(***************************************************************************)
(* Heartbeat                                                               *)
(*   who      the adjudicator, when idle or asked by a waiting reader      *)
(*   why      P6: readers learn that nothing is missing up to upto         *)
(*   when     upto is within the lease and below every record that is      *)
(*            still being appended                                         *)
(*   changes  promise                                                      *)
(***************************************************************************)
Heartbeat(upto) ==
    /\ Before(promise, upto)
    /\ AtMost(upto, lease)
    /\ \A r \in appending : Before(upto, r.ts)
    /\ promise' = upto
    /\ UNCHANGED <<history, floor, latest, lease, appending>>

(***************************************************************************)
(* Renew                                                                   *)
(*   who      the adjudicator, when the lease record is durable            *)
(*   why      P2, P19: the lease bounds what a lost adjudicator can have   *)
(*            promised; given back early, it lets the next one start early *)
(*   when     nothing given or promised lies beyond the new lease          *)
(*   changes  lease                                                        *)
(***************************************************************************)
Renew(until) ==
    /\ AtMost(promise, until)
    /\ AtMost(latest, until)
    /\ lease' = until
    /\ UNCHANGED <<history, floor, latest, promise, appending>>

(***************************************************************************)
(* Forget                                                                  *)
(*   who      the adjudicator                                              *)
(*   why      P15: the history must not grow for ever                      *)
(*   when     always: the floor rises with what is forgotten               *)
(*   changes  history, floor                                               *)
(***************************************************************************)
Forget(upto) ==
    /\ Before(floor, upto)
    /\ floor' = upto
    /\ history' = SelectSeq(history, LAMBDA c : Before(upto, c.ts))
    /\ UNCHANGED <<latest, promise, lease, appending>>

(***************************************************************************)
(* Recover                                                                 *)
(*   who      an adjudicator that starts again                             *)
(*   why      P18, P19: all but the journal is lost                        *)
(*   when     kept[t] is the commit time of each record that the journal   *)
(*            holds and whose durability may not have been known; of the   *)
(*            records under way a prefix was kept; at lies at or above the *)
(*            old lease                                                    *)
(*   changes  everything: the conflict history is gone, so the floor rises *)
(*            to at; so does the promise; there is no lease yet            *)
(***************************************************************************)
Recover(kept, at) ==
    /\ AtMost(lease, at)
    /\ AtMost(floor, at)
    /\ KeepsPrefix(kept)
    /\ \A t \in DOMAIN kept : AtMost(kept[t], at)
    /\ history' = << >>
    /\ floor' = at
    /\ promise' = at
    /\ lease' = at
    /\ appending' = {}
    /\ UNCHANGED latest

-----------------------------------------------------------------------------
Next ==
    \/ \E txn \in Txn, start \in Time, used \in SUBSET Key, ts \in Time :
           \E keys \in [used -> Class] : Commit(txn, start, keys, ts)
    \/ \E txn \in Txn, start \in Time, used \in SUBSET Key :
           \E keys \in [used -> Class] : Refuse(txn, start, keys)
    \/ \E txn \in Txn, start \in Time, ts \in Time : Decline(txn, start, ts)
    \/ \E txn \in Txn, ts \in Time : Durable(txn, ts)
    \/ \E upto \in Time : Heartbeat(upto)
    \/ \E until \in Time : Renew(until)
    \/ \E upto \in Time : Forget(upto)
    \/ \E txns \in SUBSET Txn, at \in Time :
           \E kept \in [txns -> Time] : Recover(kept, at)

Spec == Init /\ [][Next]_vars
=============================================================================
