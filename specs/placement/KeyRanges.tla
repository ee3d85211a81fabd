----------------------------- MODULE KeyRanges ------------------------------
(***************************************************************************)
(* Rung 6, first part.  Many key ranges, many adjudicators: what the owner *)
(* of a range does with it.  The second part, Placement, says how ranges   *)
(* come to have another owner.                                             *)
(*                                                                         *)
(* Each adjudicator has a journal, and with it the last time given there,  *)
(* a promise, a lease and records under way, as in rung 2.  It owns        *)
(* ranges: all keys from a low end on, and before a high end.  Of the keys *)
(* in them it remembers the last commit of each class, above its floor;    *)
(* what it remembers of a range goes where the range goes.                 *)
(*                                                                         *)
(* Keys are compared and nothing more: in a model they are numbers, in a   *)
(* recorded run strings of bytes.                                          *)
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
    Key,        \* keys, in order (see KeyBefore)
    Time,       \* times
    Zero        \* a time before all of Time

VARIABLES
    ranges,     \* by adjudicator: the ranges it owns: [low, high]
    last,       \* by adjudicator: key -> class -> the last commit time it remembers
    floor,      \* by adjudicator: starts below it are refused
    latest,     \* by journal: what follows must have a time above this one
    promise,    \* by journal: nothing enters it at or below this time
    lease,      \* by journal: nothing enters it beyond this time
    appending,  \* by journal: transactions under way: [txn, ts]
    holds,      \* by voter: undecided transactions: [txn, start, keys, until]
    leaving,    \* by journal: releases under way: [ts, to, low, high, level, known]
    moving      \* releases that are durable; nobody has taken the range yet

known  == <<last, floor>>
issued == <<latest, promise, lease>>
vars == <<ranges, known, issued, appending, holds, leaving, moving>>

-----------------------------------------------------------------------------
KeyBefore(a, b) == a < b

\* The low end of the first range, and the high end of the last one.
Bottom == CHOOSE k \in Key : \A l \in Key : ~KeyBefore(l, k)
End == (CHOOSE k \in Key : \A l \in Key : ~KeyBefore(k, l)) + 1

\* A key lies before a high end; a high end lies at or before another one.
BelowHigh(k, high) == KeyBefore(k, high)
HighAtMost(a, b) == ~KeyBefore(b, a)

InRange(k, r) == ~KeyBefore(k, r.low) /\ BelowHigh(k, r.high)

Span(r) == [low |-> r.low, high |-> r.high]

IsRange(r) == r.low \in Key /\ r.high \in Key \cup {End} /\ BelowHigh(r.low, r.high)

IsKnown(history) ==
    /\ DOMAIN history \subseteq Key
    /\ \A k \in DOMAIN history :
           DOMAIN history[k] \subseteq Class /\ \A c \in DOMAIN history[k] : history[k][c] \in Time

IsMove(m) == m.ts \in Time /\ m.to \in Adj /\ IsRange(Span(m)) /\ IsKnown(m.known)

IsHold(h) ==
    /\ h.txn \in Txn /\ h.start \in Time /\ h.until \in Time
    /\ DOMAIN h.keys \subseteq Key
    /\ \A k \in DOMAIN h.keys : h.keys[k] \in Class

TypeOK ==
    /\ \A adj \in Adj :
           /\ \A r \in ranges[adj] : IsRange(r)
           /\ IsKnown(last[adj])
           /\ appending[adj] \subseteq [txn : Txn, ts : Time]
           /\ \A h \in holds[adj] : IsHold(h)
           /\ \A m \in leaving[adj] : IsMove(m)
    /\ {floor, latest, promise, lease} \subseteq [Adj -> Time \cup {Zero}]
    /\ \A m \in moving : IsMove(m) /\ m.from \in Adj

\* Adjudicators begin with these leases, and one of them with all keys.
InitWith(leases) ==
    /\ ranges = [adj \in Adj |-> IF adj = First THEN {[low |-> Bottom, high |-> End]} ELSE {}]
    /\ last = [adj \in Adj |-> << >>]
    /\ floor = [adj \in Adj |-> Zero]
    /\ latest = [adj \in Adj |-> Zero]
    /\ promise = [adj \in Adj |-> Zero]
    /\ lease = leases
    /\ appending = [adj \in Adj |-> {}]
    /\ holds = [adj \in Adj |-> {}]
    /\ leaving = [adj \in Adj |-> {}]
    /\ moving = {}

Init == InitWith([adj \in Adj |-> Zero])

-----------------------------------------------------------------------------
Has(adj, k) == \E r \in ranges[adj] : InRange(k, r)

Owns(adj, keys) == \A k \in DOMAIN keys : Has(adj, k)

\* The last time at which adj remembers a commit with an access of class c to key k.
LastOf(adj, k, c) ==
    IF k \notin DOMAIN last[adj] THEN Zero
    ELSE IF c \in DOMAIN last[adj][k] THEN last[adj][k][c] ELSE Zero

\* A commit after start, which adj remembers, conflicts with `keys'.
ClashAfter(adj, start, keys) ==
    \E k \in DOMAIN keys : \E c \in ConflictsWith[keys[k]] : Before(start, LastOf(adj, k, c))

\* A key is held for an undecided transaction with which an access conflicts.
Contested(adj, keys) == \E h \in holds[adj] : Clash(h.keys, keys)

Admissible(adj, start, keys) ==
    /\ AtMost(floor[adj], start)
    /\ ~ClashAfter(adj, start, keys)
    /\ ~Contested(adj, keys)

\* The journal of adj has not reached ts yet.
Free(adj, ts) == Before(latest[adj], ts) /\ Before(promise[adj], ts)

\* A commit time must lie above all of these.
Above(adj, start, ts) == Before(start, ts) /\ Free(adj, ts)

\* What adjudicators remember, when adj knows that `keys' were accessed by a commit at ts:
\* no more than what lies above the floor, and what a validated read relied on binds nobody.
Entered(adj, keys, ts) ==
    IF AtMost(ts, floor[adj]) THEN last
    ELSE LET old(k) == IF k \in DOMAIN last[adj] THEN last[adj][k] ELSE << >>
             new == [k \in {j \in DOMAIN keys : keys[j] # "R"} |->
                        (keys[k] :> Later(LastOf(adj, k, keys[k]), ts)) @@ old(k)]
         IN  [last EXCEPT ![adj] = new @@ @]

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
(*   changes  last, latest, appending                                      *)
(***************************************************************************)
Commit(adj, txn, start, keys, ts) ==
    /\ Owns(adj, keys)
    /\ Admissible(adj, start, keys)
    /\ Above(adj, start, ts)
    /\ AtMost(ts, lease[adj])
    /\ last' = Entered(adj, keys, ts)
    /\ latest' = [latest EXCEPT ![adj] = ts]
    /\ appending' = [appending EXCEPT ![adj] = @ \cup {[txn |-> txn, ts |-> ts]}]
    /\ UNCHANGED <<ranges, floor, promise, lease, holds, leaving, moving>>

(***************************************************************************)
(* Refuse                                                                  *)
(*   who      an adjudicator, asked by a query processor                   *)
(*   why      P10: another transaction was first, or may be                *)
(*   when     it owns all the keys, and there is a conflict or a start     *)
(*            below its floor                                              *)
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
(*   when     ts, a time it could give, lies beyond the lease              *)
(*   changes  nothing                                                      *)
(***************************************************************************)
Decline(adj, txn, start, ts) ==
    /\ Above(adj, start, ts)
    /\ Before(lease[adj], ts)
    /\ UNCHANGED vars

(***************************************************************************)
(* Vote                                                                    *)
(*   who      an adjudicator, asked by the leader of a transaction         *)
(*   why      P12: until `until' it commits nothing that conflicts         *)
(*   when     as for Commit, with `until' in the place of the time; what a *)
(*            transaction relied on is the leader's to see to (rung 3)     *)
(*   changes  holds                                                        *)
(***************************************************************************)
Vote(adj, txn, start, keys, until) ==
    /\ Owns(adj, keys)
    /\ \A k \in DOMAIN keys : keys[k] # "R"
    /\ Admissible(adj, start, keys)
    /\ Above(adj, start, until)
    /\ AtMost(until, lease[adj])
    /\ holds' = [holds EXCEPT ![adj] = @ \cup
           {[txn |-> txn, start |-> start, keys |-> keys, until |-> until]}]
    /\ UNCHANGED <<ranges, known, issued, appending, leaving, moving>>

(***************************************************************************)
(* Learn                                                                   *)
(*   who      a voter, told by the leader or its journal; or by its clock  *)
(*   why      P14: the transaction has committed at ts, in the journal of  *)
(*            the leader; or the hold has run out with the outcome         *)
(*            unknown, which counts as a commit at its end                 *)
(*   when     it holds the keys; ts is not beyond the hold's end           *)
(*   changes  last, holds; latest: what the transaction read must not be   *)
(*            overwritten at or below ts                                   *)
(***************************************************************************)
Learn(adj, txn, ts) ==
    \E h \in holds[adj] :
        /\ h.txn = txn
        /\ AtMost(ts, h.until)
        /\ last' = Entered(adj, h.keys, ts)
        /\ holds' = [holds EXCEPT ![adj] = @ \ {h}]
        /\ latest' = [latest EXCEPT ![adj] = Later(@, ts)]
        /\ UNCHANGED <<ranges, floor, promise, lease, appending, leaving, moving>>

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
        /\ UNCHANGED <<ranges, known, issued, appending, leaving, moving>>

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
    /\ UNCHANGED <<ranges, known, issued, holds, leaving, moving>>

(***************************************************************************)
(* Heartbeat                                                               *)
(*   who      an adjudicator, when idle or asked by a waiting reader       *)
(*   why      P6: readers learn that its journal lacks nothing up to upto  *)
(*   when     upto is within the lease and below every record under way    *)
(*   changes  promise, if it says more than before                         *)
(***************************************************************************)
Heartbeat(adj, upto) ==
    /\ AtMost(upto, lease[adj])
    /\ \A r \in appending[adj] \cup leaving[adj] : Before(upto, r.ts)
    /\ promise' = [promise EXCEPT ![adj] = Later(@, upto)]
    /\ UNCHANGED <<ranges, known, latest, lease, appending, holds, leaving, moving>>

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
    /\ UNCHANGED <<ranges, known, latest, promise, appending, holds, leaving, moving>>
=============================================================================
