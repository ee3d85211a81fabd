------------------------- MODULE MCPlacementBroken --------------------------
(***************************************************************************)
(* Placement with one rule dropped.  Each definition below replaces one of *)
(* the spec in one model (a line such as `Depart <- DepartEarly' in its    *)
(* configuration) and breaks one property; the manifest says which.        *)
(***************************************************************************)
EXTENDS MCPlacement

\* P9: whoever is asked judges, by an old map.
CommitAnyKey(adj, txn, start, keys, ts) ==
    /\ Admissible(adj, start, keys)
    /\ Above(adj, start, ts)
    /\ AtMost(ts, lease[adj])
    /\ ranges' = [ranges EXCEPT ![adj] = Entered(adj, txn, keys, ts)]
    /\ latest' = [latest EXCEPT ![adj] = ts]
    /\ appending' = [appending EXCEPT ![adj] = @ \cup {[txn |-> txn, ts |-> ts]}]
    /\ UNCHANGED <<promise, lease, holds, leaving, moving>>

\* P2: no look at the lease.
CommitNoLease(adj, txn, start, keys, ts) ==
    /\ Owns(adj, keys)
    /\ Admissible(adj, start, keys)
    /\ Above(adj, start, ts)
    /\ ranges' = [ranges EXCEPT ![adj] = Entered(adj, txn, keys, ts)]
    /\ latest' = [latest EXCEPT ![adj] = ts]
    /\ appending' = [appending EXCEPT ![adj] = @ \cup {[txn |-> txn, ts |-> ts]}]
    /\ UNCHANGED <<promise, lease, holds, leaving, moving>>

\* P2: a commit at the very time that was promised away.
FreeAtPromise(adj, ts) == Before(latest[adj], ts) /\ AtMost(promise[adj], ts)

\* P9: an owner says `not mine' of its own keys.
RedirectAlways(adj, txn, start, keys) == UNCHANGED vars

\* P9: the old owner goes on after it has given the range away.
ReleaseAndKeep(adj, low, to, ts) ==
    \E r \in ranges[adj] :
        /\ Begins(r, low)
        /\ to # adj
        /\ \A h \in holds[adj] : DOMAIN h.keys \cap r.keys = {}
        /\ Free(adj, ts)
        /\ AtMost(ts, lease[adj])
        /\ latest' = [latest EXCEPT ![adj] = ts]
        /\ leaving' = [leaving EXCEPT ![adj] = @ \cup {[ts |-> ts, to |-> to, range |-> r]}]
        /\ UNCHANGED <<ranges, promise, lease, appending, holds, moving>>

\* P10: the new owner is not given the history, and the floor stays.
ReleaseNoHistory(adj, low, to, ts) ==
    \E r \in ranges[adj] :
        /\ Begins(r, low)
        /\ to # adj
        /\ \A h \in holds[adj] : DOMAIN h.keys \cap r.keys = {}
        /\ Free(adj, ts)
        /\ AtMost(ts, lease[adj])
        /\ ranges' = [ranges EXCEPT ![adj] = @ \ {r}]
        /\ latest' = [latest EXCEPT ![adj] = ts]
        /\ leaving' = [leaving EXCEPT ![adj] = @ \cup
               {[ts |-> ts, to |-> to, range |-> Bare(r, r.floor)]}]
        /\ UNCHANGED <<promise, lease, appending, holds, moving>>

\* P12: a range is given away although one of its keys is held.
ReleaseHeld(adj, low, to, ts) ==
    \E r \in ranges[adj] :
        /\ Begins(r, low)
        /\ to # adj
        /\ Free(adj, ts)
        /\ AtMost(ts, lease[adj])
        /\ ranges' = [ranges EXCEPT ![adj] = @ \ {r}]
        /\ latest' = [latest EXCEPT ![adj] = ts]
        /\ leaving' = [leaving EXCEPT ![adj] = @ \cup {[ts |-> ts, to |-> to, range |-> r]}]
        /\ UNCHANGED <<promise, lease, appending, holds, moving>>

\* P11: the release is taken for durable before what the journal has before it.
DepartEarly(adj, low) ==
    \E m \in leaving[adj] :
        /\ Begins(m.range, low)
        /\ leaving' = [leaving EXCEPT ![adj] = @ \ {m}]
        /\ moving' = moving \cup {m}
        /\ UNCHANGED <<ranges, latest, promise, lease, appending, holds>>

\* P9: the release is forgotten when it is durable.
DepartNowhere(adj, low) ==
    \E m \in leaving[adj] :
        /\ Begins(m.range, low)
        /\ Reached(adj, m.ts)
        /\ leaving' = [leaving EXCEPT ![adj] = @ \ {m}]
        /\ UNCHANGED <<ranges, latest, promise, lease, appending, holds, moving>>

\* P9: the new owner does not wait until the release is durable, and the old one
\* may crash and not know that it gave the range away.
InstallEarly(adj, low) ==
    \E m \in moving \cup UNION {leaving[a] : a \in Adj} :
        /\ Begins(m.range, low)
        /\ m.to = adj
        /\ m.range.keys \cap Owned(adj) = {}
        /\ AtMost(m.ts, lease[adj])
        /\ ranges' = [ranges EXCEPT ![adj] = @ \cup {m.range}]
        /\ latest' = [latest EXCEPT ![adj] = Later(@, m.ts)]
        /\ moving' = moving \ {m}
        /\ UNCHANGED <<promise, lease, appending, holds, leaving>>

\* P2, P6: the new owner commits at or below the time of the release.
InstallBelow(adj, low) ==
    \E m \in moving :
        /\ Begins(m.range, low)
        /\ m.to = adj
        /\ AtMost(m.ts, lease[adj])
        /\ ranges' = [ranges EXCEPT ![adj] = @ \cup {m.range}]
        /\ moving' = moving \ {m}
        /\ UNCHANGED <<latest, promise, lease, appending, holds, leaving>>

\* P10: when a range is split, one part is left without history.
PartNoHistory(r, keys) ==
    [r EXCEPT !.keys = keys,
              !.history = IF \A k \in r.keys : \E l \in keys : ~(k < l) THEN @ ELSE {}]

\* P15: of two floors a merge takes the lower one.
JoinedLowerFloor(low, high) ==
    [keys    |-> low.keys \cup high.keys,
     floor   |-> IF Before(low.floor, high.floor) THEN low.floor ELSE high.floor,
     history |-> low.history \cup high.history]

\* P9: two ranges are merged that are no neighbours.
MergeApart(adj, at) ==
    \E low, high \in ranges[adj] :
        /\ Begins(high, at)
        /\ \A k \in low.keys : k < at
        /\ ranges' = [ranges EXCEPT ![adj] = (@ \ {low, high}) \cup {Joined(low, high)}]
        /\ UNCHANGED <<latest, promise, lease, appending, holds, leaving, moving>>

\* P15: the floor rises and nothing is forgotten.
TrimmedNothing(r, upto) == [r EXCEPT !.floor = upto]

\* P19: a journal is sealed before the lease has run out.
SealEarly(adj, to, at) ==
    LET found == ranges[adj] \cup {m.range : m \in leaving[adj]}
    IN  /\ \A r \in found : AtMost(r.floor, at)
        /\ ranges' = [ranges EXCEPT ![adj] = {}]
        /\ promise' = [promise EXCEPT ![adj] = at]
        /\ lease' = [lease EXCEPT ![adj] = at]
        /\ appending' = [appending EXCEPT ![adj] = {}]
        /\ holds' = [holds EXCEPT ![adj] = {}]
        /\ leaving' = [leaving EXCEPT ![adj] = {}]
        /\ moving' = moving \cup
               {[ts |-> at, to |-> to, range |-> Bare(r, at)] : r \in found}
        /\ UNCHANGED latest

\* P19: who takes a lost owner's range takes its empty history for the truth.
BareNoFloor(r, at) == [keys |-> r.keys, floor |-> r.floor, history |-> {}]

\* P18: a release that is lost in a crash takes the range with it.
SealLosesReleases(adj, to, at) ==
    /\ AtMost(lease[adj], at)
    /\ \A r \in ranges[adj] : AtMost(r.floor, at)
    /\ ranges' = [ranges EXCEPT ![adj] = {}]
    /\ promise' = [promise EXCEPT ![adj] = at]
    /\ lease' = [lease EXCEPT ![adj] = at]
    /\ appending' = [appending EXCEPT ![adj] = {}]
    /\ holds' = [holds EXCEPT ![adj] = {}]
    /\ leaving' = [leaving EXCEPT ![adj] = {}]
    /\ moving' = moving \cup
           {[ts |-> at, to |-> to, range |-> Bare(r, at)] : r \in ranges[adj]}
    /\ UNCHANGED latest

\* P12: the lease is given back while a hold depends on it.
RenewNoHolds(adj, until) ==
    /\ AtMost(promise[adj], until)
    /\ AtMost(latest[adj], until)
    /\ lease' = [lease EXCEPT ![adj] = until]
    /\ UNCHANGED <<ranges, latest, promise, appending, holds, leaving, moving>>

\* P2: a voter does not mind when a transaction that it voted for has committed.
LearnBelow(adj, txn, ts) ==
    \E h \in holds[adj] :
        /\ h.txn = txn
        /\ AtMost(ts, h.until)
        /\ ranges' = [ranges EXCEPT ![adj] = Entered(adj, txn, h.keys, ts)]
        /\ holds' = [holds EXCEPT ![adj] = @ \ {h}]
        /\ UNCHANGED <<latest, promise, lease, appending, leaving, moving>>

\* P14: a voter forgets what it held when it learns the outcome.
LearnNothing(adj, txn, ts) == Drop(adj, txn)

\* P6: a promise overtakes a release on its way to the journal.
HeartbeatOvertakes(adj, upto) ==
    /\ Before(promise[adj], upto)
    /\ AtMost(upto, lease[adj])
    /\ \A r \in appending[adj] : Before(upto, r.ts)
    /\ promise' = [promise EXCEPT ![adj] = upto]
    /\ UNCHANGED <<ranges, latest, lease, appending, holds, leaving, moving>>

\* P6: a promise beyond the lease.
HeartbeatNoLease(adj, upto) ==
    /\ Before(promise[adj], upto)
    /\ \A r \in appending[adj] \cup leaving[adj] : Before(upto, r.ts)
    /\ promise' = [promise EXCEPT ![adj] = upto]
    /\ UNCHANGED <<ranges, latest, lease, appending, holds, leaving, moving>>

\* Liveness: nobody need take what was given away, or ask again.
HastyNoInstalls == InitNoted /\ [][NextHasty]_varsNoted /\ FairAnswers /\ FairJournals

HastyNoAnswers == InitNoted /\ [][NextHasty]_varsNoted /\ FairJournals /\ FairInstalls
=============================================================================
