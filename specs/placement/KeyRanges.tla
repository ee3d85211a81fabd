----------------------------- MODULE KeyRanges ------------------------------
(***************************************************************************)
(* Rung 6, first part.  Many key ranges, many adjudicators: what the owner *)
(* of a range does with it.  The second part, Placement, says how ranges   *)
(* come to have another owner.                                             *)
(*                                                                         *)
(* Each adjudicator has a journal, and with it the last time given there,  *)
(* a promise, a lease and records under way, as in rung 2.  It owns        *)
(* ranges.  What is remembered of conflicts belongs to the range and goes  *)
(* where the range goes: its history and its floor.                        *)
(*                                                                         *)
(* Who asks an adjudicator has looked up the owner in a map that may be    *)
(* old.  So the map decides nothing and is not modelled: anybody may ask   *)
(* anybody at any time, and an adjudicator answers for what it owns and    *)
(* for nothing else.                                                       *)
(*                                                                         *)
(* A transaction with several owners is led by one of them and voted on by *)
(* the others (rung 3).  Here only the voter's side is seen: a hold, and   *)
(* later the outcome.                                                      *)
(***************************************************************************)
EXTENDS Times, Classes, FiniteSets, Sequences, TLC

CONSTANTS
    Adj,        \* adjudicators
    First,      \* the one that owns everything in the beginning
    Txn,        \* names of transactions
    Key,        \* keys: a set of numbers
    Time,       \* times
    Zero        \* a time before all of Time

VARIABLES
    ranges,     \* by adjudicator: the ranges it owns
    latest,     \* by journal: what follows must have a time above this one
    promise,    \* by journal: nothing enters it at or below this time
    lease,      \* by journal: nothing enters it beyond this time
    appending,  \* by journal: transactions under way: [txn, ts]
    holds,      \* by voter: undecided transactions: [txn, start, keys, until]
    leaving,    \* by journal: releases under way: [ts, to, range]
    moving      \* releases that are durable; nobody has taken the range yet

vars == <<ranges, latest, promise, lease, appending, holds, leaving, moving>>

-----------------------------------------------------------------------------
\* No key is missing between two keys of a range.
Contiguous(keys) ==
    \A a, b \in keys, k \in Key : (a < k /\ k < b) => k \in keys

IsAccess(a) ==
    a.txn \in Txn /\ a.key \in Key /\ a.class \in Class /\ a.ts \in Time

IsRange(r) ==
    /\ r.keys # {} /\ r.keys \subseteq Key /\ Contiguous(r.keys)
    /\ r.floor \in Time \cup {Zero}
    /\ \A a \in r.history : IsAccess(a) /\ a.key \in r.keys

IsMove(m) == m.ts \in Time /\ m.to \in Adj /\ IsRange(m.range)

IsHold(h) ==
    /\ h.txn \in Txn /\ h.start \in Time /\ h.until \in Time
    /\ DOMAIN h.keys \subseteq Key
    /\ \A k \in DOMAIN h.keys : h.keys[k] \in Class

TypeOK ==
    /\ \A adj \in Adj :
           /\ \A r \in ranges[adj] : IsRange(r)
           /\ appending[adj] \subseteq [txn : Txn, ts : Time]
           /\ \A h \in holds[adj] : IsHold(h)
           /\ \A m \in leaving[adj] : IsMove(m)
    /\ latest \in [Adj -> Time \cup {Zero}]
    /\ promise \in [Adj -> Time \cup {Zero}]
    /\ lease \in [Adj -> Time \cup {Zero}]
    /\ \A m \in moving : IsMove(m)

\* In the beginning one range has all keys, and nobody has a lease.
Init ==
    /\ ranges = [adj \in Adj |->
                    IF adj = First
                    THEN {[keys |-> Key, floor |-> Zero, history |-> {}]}
                    ELSE {}]
    /\ latest = [adj \in Adj |-> Zero]
    /\ promise = [adj \in Adj |-> Zero]
    /\ lease = [adj \in Adj |-> Zero]
    /\ appending = [adj \in Adj |-> {}]
    /\ holds = [adj \in Adj |-> {}]
    /\ leaving = [adj \in Adj |-> {}]
    /\ moving = {}

-----------------------------------------------------------------------------
Owned(adj) == UNION {r.keys : r \in ranges[adj]}

Owns(adj, keys) == DOMAIN keys \subseteq Owned(adj)

\* A commit after start, remembered with the range, conflicts with `keys'.
ClashAfter(r, start, keys) ==
    \E a \in r.history :
        /\ a.key \in DOMAIN keys
        /\ Before(start, a.ts)
        /\ a.class \in ConflictsWith[keys[a.key]]

\* An undecided transaction that may commit after start holds one of `keys'.  It
\* may be before or after who asks now: the classes must agree in either order.
Contested(adj, start, keys) ==
    \E h \in holds[adj] :
        /\ Before(start, h.until)
        /\ \E k \in DOMAIN h.keys \cap DOMAIN keys :
               \/ h.keys[k] \in ConflictsWith[keys[k]]
               \/ keys[k] \in ConflictsWith[h.keys[k]]

Admissible(adj, start, keys) ==
    /\ \A r \in ranges[adj] :
           (r.keys \cap DOMAIN keys # {}) =>
               AtMost(r.floor, start) /\ ~ClashAfter(r, start, keys)
    /\ ~Contested(adj, start, keys)

\* The journal of adj has not reached ts yet.
Free(adj, ts) == Before(latest[adj], ts) /\ Before(promise[adj], ts)

\* A commit time must lie above all of these.
Above(adj, start, ts) == Before(start, ts) /\ Free(adj, ts)

\* The ranges of adj, once txn has committed at ts.  What lies at or below a
\* range's floor is not remembered.
Entered(adj, txn, keys, ts) ==
    LET Accesses(r) ==
            {[txn |-> txn, key |-> k, class |-> keys[k], ts |-> ts] :
                k \in DOMAIN keys \cap r.keys}
        With(r) ==
            IF Before(r.floor, ts)
            THEN [r EXCEPT !.history = @ \cup Accesses(r)] ELSE r
    IN  {With(r) : r \in ranges[adj]}

\* Every record of the journal of adj before ts is durable.
Reached(adj, ts) ==
    \A r \in appending[adj] \cup leaving[adj] : AtMost(ts, r.ts)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Commit                                                                  *)
(*   who      an adjudicator, asked by a query processor                   *)
(*   why      P9: it answers for its own keys; P10: to decide; P2: to      *)
(*            order; P11: its journal takes the record                     *)
(*   when     it owns all the keys, nothing conflicts, and there is a time *)
(*            above the start, what its journal has and what it promised,  *)
(*            within the lease                                             *)
(*   changes  ranges (the history of those with a key), latest, appending  *)
(***************************************************************************)
Commit(adj, txn, start, keys, ts) ==
    /\ Owns(adj, keys)
    /\ Admissible(adj, start, keys)
    /\ Above(adj, start, ts)
    /\ AtMost(ts, lease[adj])
    /\ ranges' = [ranges EXCEPT ![adj] = Entered(adj, txn, keys, ts)]
    /\ latest' = [latest EXCEPT ![adj] = ts]
    /\ appending' = [appending EXCEPT ![adj] = @ \cup {[txn |-> txn, ts |-> ts]}]
    /\ UNCHANGED <<promise, lease, holds, leaving, moving>>

(***************************************************************************)
(* Refuse                                                                  *)
(*   who      an adjudicator, asked by a query processor                   *)
(*   why      P10: another transaction was first, or may be                *)
(*   when     it owns all the keys, and there is a conflict or a start     *)
(*            below a floor                                                *)
(*   changes  nothing                                                      *)
(***************************************************************************)
Refuse(adj, txn, start, keys) ==
    /\ Owns(adj, keys)
    /\ ~Admissible(adj, start, keys)
    /\ UNCHANGED vars

(***************************************************************************)
(* Redirect                                                                *)
(*   who      an adjudicator, asked by a query processor with an old map   *)
(*   why      P9: another one owns a key; the query processor asks again   *)
(*   when     a key is not its own                                         *)
(*   changes  nothing                                                      *)
(***************************************************************************)
Redirect(adj, txn, start, keys) ==
    /\ ~Owns(adj, keys)
    /\ UNCHANGED vars

(***************************************************************************)
(* Decline                                                                 *)
(*   who      an adjudicator, asked by a query processor                   *)
(*   why      P2: it has no right to the time that it would need           *)
(*   when     it owns the keys; ts, a time it could give, lies beyond the  *)
(*            lease                                                        *)
(*   changes  nothing                                                      *)
(***************************************************************************)
Decline(adj, txn, start, keys, ts) ==
    /\ Owns(adj, keys)
    /\ Above(adj, start, ts)
    /\ Before(lease[adj], ts)
    /\ UNCHANGED vars

(***************************************************************************)
(* Vote                                                                    *)
(*   who      an adjudicator, asked by the leader of a transaction         *)
(*   why      P12: until `until' it commits nothing that conflicts         *)
(*   when     as for Commit, with `until' in the place of the time         *)
(*   changes  holds                                                        *)
(***************************************************************************)
Vote(adj, txn, start, keys, until) ==
    /\ Owns(adj, keys)
    /\ Admissible(adj, start, keys)
    /\ Above(adj, start, until)
    /\ AtMost(until, lease[adj])
    /\ holds' = [holds EXCEPT ![adj] = @ \cup
           {[txn |-> txn, start |-> start, keys |-> keys, until |-> until]}]
    /\ UNCHANGED <<ranges, latest, promise, lease, appending, leaving, moving>>

(***************************************************************************)
(* Learn                                                                   *)
(*   who      a voter, told by the leader or its journal; or by its clock  *)
(*   why      P14: the transaction has committed at ts, in the journal of  *)
(*            the leader; or the hold has run out with the outcome         *)
(*            unknown, which counts as a commit at its end                 *)
(*   when     it holds the keys; ts is not beyond the hold's end           *)
(*   changes  ranges (the history of those with a key), holds; latest: what*)
(*            the transaction read must not be overwritten at or below ts  *)
(***************************************************************************)
Learn(adj, txn, ts) ==
    \E h \in holds[adj] :
        /\ h.txn = txn
        /\ AtMost(ts, h.until)
        /\ ranges' = [ranges EXCEPT ![adj] = Entered(adj, txn, h.keys, ts)]
        /\ holds' = [holds EXCEPT ![adj] = @ \ {h}]
        /\ latest' = [latest EXCEPT ![adj] = Later(@, ts)]
        /\ UNCHANGED <<promise, lease, appending, leaving, moving>>

(***************************************************************************)
(* Drop                                                                    *)
(*   who      a voter, told by the leader or its journal                   *)
(*   why      P14: the transaction has aborted                             *)
(*   when     it holds the keys                                            *)
(*   changes  holds                                                        *)
(***************************************************************************)
Drop(adj, txn) ==
    \E h \in holds[adj] :
        /\ h.txn = txn
        /\ holds' = [holds EXCEPT ![adj] = @ \ {h}]
        /\ UNCHANGED <<ranges, latest, promise, lease, appending, leaving, moving>>

(***************************************************************************)
(* Durable                                                                 *)
(*   who      an adjudicator, told by its journal                          *)
(*   why      P11, P13: now the transaction has committed                  *)
(*   when     every earlier record of the journal is durable               *)
(*   changes  appending                                                    *)
(***************************************************************************)
Durable(adj, txn, ts) ==
    /\ [txn |-> txn, ts |-> ts] \in appending[adj]
    /\ Reached(adj, ts)
    /\ appending' = [appending EXCEPT ![adj] = @ \ {[txn |-> txn, ts |-> ts]}]
    /\ UNCHANGED <<ranges, latest, promise, lease, holds, leaving, moving>>

(***************************************************************************)
(* Heartbeat                                                               *)
(*   who      an adjudicator, when idle or asked by a waiting reader       *)
(*   why      P6: readers learn that its journal lacks nothing up to upto  *)
(*   when     upto is within the lease and below every record under way    *)
(*   changes  promise                                                      *)
(***************************************************************************)
Heartbeat(adj, upto) ==
    /\ Before(promise[adj], upto)
    /\ AtMost(upto, lease[adj])
    /\ \A r \in appending[adj] \cup leaving[adj] : Before(upto, r.ts)
    /\ promise' = [promise EXCEPT ![adj] = upto]
    /\ UNCHANGED <<ranges, latest, lease, appending, holds, leaving, moving>>

(***************************************************************************)
(* Renew                                                                   *)
(*   who      an adjudicator, when the lease record is durable             *)
(*   why      P2, P19: the lease bounds what it can have given or promised *)
(*   when     nothing given, promised or held lies beyond the new lease    *)
(*   changes  lease                                                        *)
(***************************************************************************)
Renew(adj, until) ==
    /\ AtMost(promise[adj], until)
    /\ AtMost(latest[adj], until)
    /\ \A h \in holds[adj] : AtMost(h.until, until)
    /\ lease' = [lease EXCEPT ![adj] = until]
    /\ UNCHANGED <<ranges, latest, promise, appending, holds, leaving, moving>>
=============================================================================
