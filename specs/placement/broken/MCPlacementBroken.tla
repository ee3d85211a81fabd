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
    /\ last' = Entered(adj, keys, ts)
    /\ latest' = [latest EXCEPT ![adj] = ts]
    /\ appending' = [appending EXCEPT ![adj] = @ \cup {[txn |-> txn, ts |-> ts]}]
    /\ UNCHANGED <<ranges, floor, promise, lease, holds, leaving, moving>>

\* P2: no look at the lease.
CommitNoLease(adj, txn, start, keys, ts) ==
    /\ Owns(adj, keys)
    /\ Admissible(adj, start, keys)
    /\ Above(adj, start, ts)
    /\ last' = Entered(adj, keys, ts)
    /\ latest' = [latest EXCEPT ![adj] = ts]
    /\ appending' = [appending EXCEPT ![adj] = @ \cup {[txn |-> txn, ts |-> ts]}]
    /\ UNCHANGED <<ranges, floor, promise, lease, holds, leaving, moving>>

\* P2: a commit at the very time that was promised away.
FreeAtPromise(adj, ts) == Before(latest[adj], ts) /\ AtMost(promise[adj], ts)

\* P9: an owner says `not mine' of its own keys.
RedirectAlways(adj, txn, start, keys) == UNCHANGED vars

\* P9: the old owner goes on after it has given the range away.
ReleaseAndKeep(adj, low, to, ts) ==
    \E r \in ranges[adj] :
        /\ r.low = low
        /\ to # adj
        /\ NoneHeld(adj, r)
        /\ Free(adj, ts)
        /\ AtMost(ts, lease[adj])
        /\ latest' = [latest EXCEPT ![adj] = ts]
        /\ leaving' = [leaving EXCEPT ![adj] = @ \cup
               {[ts |-> ts, to |-> to, low |-> r.low, high |-> r.high, level |-> floor[adj],
                 known |-> Within(r, last[adj])]}]
        /\ UNCHANGED <<ranges, known, promise, lease, appending, holds, moving>>

\* P10: the new owner is not given the history, and the floor stays.
WithinNothing(r, history) == << >>

\* P12: a range is given away although one of its keys is held.
NoneHeldNever(adj, r) == TRUE

\* P11: the release is taken for durable before what the journal has before it.
DepartEarly(adj, low) ==
    \E m \in leaving[adj] :
        /\ m.low = low
        /\ leaving' = [leaving EXCEPT ![adj] = @ \ {m}]
        /\ moving' = moving \cup
               {[from |-> adj, ts |-> m.ts, to |-> m.to, low |-> m.low, high |-> m.high,
                 level |-> m.level, known |-> m.known]}
        /\ UNCHANGED <<ranges, known, issued, appending, holds>>

\* P9: the release is forgotten when it is durable.
DepartNowhere(adj, low) ==
    \E m \in leaving[adj] :
        /\ m.low = low
        /\ Reached(adj, m.ts)
        /\ leaving' = [leaving EXCEPT ![adj] = @ \ {m}]
        /\ UNCHANGED <<ranges, known, issued, appending, holds, moving>>

\* P9: the new owner does not wait until the release is durable, and the old one
\* may crash and not know that it gave the range away.
InstallEarly(adj, low) ==
    /\ \E from \in Adj : \E m \in leaving[from] :
           /\ m.low = low /\ m.to = adj
           /\ AtMost(m.ts, lease[adj])
           /\ ranges' = [ranges EXCEPT ![adj] = @ \cup {Span(m)}]
           /\ last' = [last EXCEPT ![adj] = m.known @@ @]
           /\ latest' = [latest EXCEPT ![adj] = Later(@, m.ts)]
           /\ UNCHANGED <<floor, promise, lease, appending, holds, leaving, moving>>
    /\ UNCHANGED notes

\* P2, P6: the new owner commits at or below the time of the release.
InstallBelow(adj, low, from, ts, level, given) ==
    \E m \in moving :
        /\ m.low = low /\ m.from = from /\ m.to = adj /\ m.ts = ts
        /\ AtMost(ts, lease[adj])
        /\ AtMost(m.level, level) /\ AtMost(level, floor[adj])
        /\ HasAllAbove(level, m.known, given)
        /\ ranges' = [ranges EXCEPT ![adj] = @ \cup {Span(m)}]
        /\ last' = [last EXCEPT ![adj] = LaterThan(floor[adj], given) @@ @]
        /\ moving' = moving \ {m}
        /\ UNCHANGED <<floor, issued, appending, holds, leaving>>

\* P10: when a range is split, one part is left without history.
SplitOneSide(adj, at) ==
    \E r \in ranges[adj] :
        /\ KeyBefore(r.low, at) /\ KeyBefore(at, r.high)
        /\ ranges' = [ranges EXCEPT ![adj] =
               (@ \ {r}) \cup {[low |-> r.low, high |-> at], [low |-> at, high |-> r.high]}]
        /\ last' = [last EXCEPT ![adj] = Within([low |-> r.low, high |-> at], @)]
        /\ UNCHANGED <<floor, issued, appending, holds, leaving, moving>>

\* P9: one part of the range has no keys.
SplitEmpty(adj, at) ==
    \E r \in ranges[adj] :
        /\ r.low = at
        /\ ranges' = [ranges EXCEPT ![adj] = @ \cup {[r EXCEPT !.high = at]}]
        /\ UNCHANGED <<known, issued, appending, holds, leaving, moving>>

\* P15: the new owner's lower floor counts for what the old one has forgotten.
InstallLowerFloor(adj, low) ==
    /\ \E m \in moving :
           /\ m.low = low /\ m.to = adj
           /\ AtMost(m.ts, lease[adj])
           /\ ranges' = [ranges EXCEPT ![adj] = @ \cup {Span(m)}]
           /\ last' = [last EXCEPT ![adj] = LaterThan(floor[adj], m.known) @@ @]
           /\ latest' = [latest EXCEPT ![adj] = Later(@, m.ts)]
           /\ moving' = moving \ {m}
           /\ UNCHANGED <<floor, promise, lease, appending, holds, leaving>>
    /\ UNCHANGED notes

\* P9: two ranges are merged that are no neighbours.
MergeApart(adj, at) ==
    \E r, s \in ranges[adj] :
        /\ s.low = at /\ KeyBefore(r.low, at)
        /\ ranges' = [ranges EXCEPT ![adj] =
               (@ \ {r, s}) \cup {[low |-> r.low, high |-> s.high]}]
        /\ UNCHANGED <<known, issued, appending, holds, leaving, moving>>

\* P15: the floor rises and nothing is forgotten.
LaterThanNothing(upto, history) == history

SealBroken(adj, at, found, left, owned, level) ==
    LET kept == KeptOf(adj, left)
        begin(times) == [times EXCEPT ![adj] = at]
    IN  /\ SameKeys(found, owned)
        /\ ranges' = [ranges EXCEPT ![adj] = found]
        /\ last' = [last EXCEPT ![adj] = << >>]
        /\ floor' = [floor EXCEPT ![adj] = level]
        /\ promise' = begin(promise) /\ lease' = begin(lease)
        /\ appending' = [appending EXCEPT ![adj] = {}]
        /\ holds' = [holds EXCEPT ![adj] = {}]
        /\ leaving' = [leaving EXCEPT ![adj] = {}]
        /\ moving' = (moving \ TakenBy(adj, at, found)) \cup
               {[from |-> adj, ts |-> m.ts, to |-> m.to, low |-> m.low, high |-> m.high,
                 level |-> level, known |-> << >>] : m \in kept}
        /\ UNCHANGED latest

\* What adj has when its journal has these ranges and releases.
OwnedThen(adj, at, found, left) ==
    ranges[adj] \cup
        {Span(m) : m \in TakenBy(adj, at, found) \cup (leaving[adj] \ KeptOf(adj, left))}

\* P19: a journal is sealed before the lease has run out.
SealEarly(adj, at, found, left) ==
    AtMost(floor[adj], at) /\ SealBroken(adj, at, found, left, OwnedThen(adj, at, found, left), at)

\* P19: who continues a lost owner's journal takes its empty history for the truth.
SealNoFloor(adj, at, found, left) ==
    /\ AtMost(Later(lease[adj], floor[adj]), at)
    /\ SealBroken(adj, at, found, left, OwnedThen(adj, at, found, left), floor[adj])

\* P18: a release that is lost in a crash takes the range with it.
SealLosesReleases(adj, at) ==
    /\ AtMost(Later(lease[adj], floor[adj]), at)
    /\ SealBroken(adj, at, ranges[adj], {}, ranges[adj], at)
    /\ UNCHANGED notes

\* P12: the lease is given back while a hold depends on it.
RenewNoHolds(adj, until) ==
    /\ AtMost(promise[adj], until)
    /\ AtMost(latest[adj], until)
    /\ lease' = [lease EXCEPT ![adj] = until]
    /\ UNCHANGED <<ranges, known, latest, promise, appending, holds, leaving, moving>>

\* P2: a voter does not mind when a transaction that it voted for has committed, and gives
\* the range away below that.
LearnBelow(adj, txn, ts) ==
    \E h \in holds[adj] :
        /\ h.txn = txn
        /\ AtMost(ts, h.until)
        /\ last' = Entered(adj, h.keys, ts)
        /\ holds' = [holds EXCEPT ![adj] = @ \ {h}]
        /\ UNCHANGED <<ranges, floor, issued, appending, leaving, moving>>

\* P14: a voter forgets what it held when it learns the outcome.
LearnNothing(adj, txn, ts) == Drop(adj, txn)

\* P6: a promise overtakes a release on its way to the journal.
HeartbeatOvertakes(adj, upto) ==
    /\ Before(promise[adj], upto)
    /\ AtMost(upto, lease[adj])
    /\ \A r \in appending[adj] : Before(upto, r.ts)
    /\ promise' = [promise EXCEPT ![adj] = upto]
    /\ UNCHANGED <<ranges, known, latest, lease, appending, holds, leaving, moving>>

\* P6: a promise beyond the lease.
HeartbeatNoLease(adj, upto) ==
    /\ Before(promise[adj], upto)
    /\ \A r \in appending[adj] \cup leaving[adj] : Before(upto, r.ts)
    /\ promise' = [promise EXCEPT ![adj] = upto]
    /\ UNCHANGED <<ranges, known, latest, lease, appending, holds, leaving, moving>>

\* Liveness: nobody need take what was given away, or ask again.
HastyNoInstalls == InitNoted /\ [][NextHasty]_varsNoted /\ FairAnswers /\ FairJournals

HastyNoAnswers == InitNoted /\ [][NextHasty]_varsNoted /\ FairJournals /\ FairInstalls
=============================================================================
