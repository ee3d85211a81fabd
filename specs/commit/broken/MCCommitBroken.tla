--------------------------- MODULE MCCommitBroken ---------------------------
(***************************************************************************)
(* Commit with one rule dropped.  Each definition below replaces one of    *)
(* the spec in one model (a line such as `Suits <- SuitsNoExpiry' in its   *)
(* configuration) and breaks one property; the manifest says which.  A     *)
(* property that no broken rule breaks would say nothing.                  *)
(***************************************************************************)
EXTENDS MCCommit

\* P10: who meets a hold goes on.
HeldNever(txn, by) == FALSE

\* P10: who was first does not matter.
ConflictsNever(txn, by) == Before(txns[txn].start, floor[by])

\* P12: the leader does not look at the holds' expiry.
SuitsNoExpiry(txn, ts) ==
    LET t == txns[txn]
    IN  /\ Before(Later(t.start, LatestOf(t.leader)), ts)
        /\ AtMost(ts, lease[t.leader])
        /\ \A v \in DOMAIN t.votes : Before(t.votes[v].bound, ts)

\* P12: the leader does not look at the voters' bounds.
SuitsNoBound(txn, ts) ==
    LET t == txns[txn]
    IN  /\ Before(Later(t.start, LatestOf(t.leader)), ts)
        /\ AtMost(ts, lease[t.leader])
        /\ \A v \in DOMAIN t.votes : AtMost(ts, t.votes[v].until)

\* P2: the leader does not look at the start.
SuitsNoStart(txn, ts) ==
    LET t == txns[txn]
    IN  /\ Before(LatestOf(t.leader), ts)
        /\ AtMost(ts, lease[t.leader])
        /\ \A v \in DOMAIN t.votes :
               Before(t.votes[v].bound, ts) /\ AtMost(ts, t.votes[v].until)

\* P2: the leader does not look at its lease.
SuitsNoLease(txn, ts) ==
    LET t == txns[txn]
    IN  /\ Before(Later(t.start, LatestOf(t.leader)), ts)
        /\ \A v \in DOMAIN t.votes :
               Before(t.votes[v].bound, ts) /\ AtMost(ts, t.votes[v].until)

\* P2: a commit at the very time that was promised away.
SuitsAtPromise(txn, ts) ==
    LET t == txns[txn]
    IN  /\ Before(t.start, ts) /\ AtMost(LatestOf(t.leader), ts)
        /\ AtMost(ts, lease[t.leader])
        /\ \A v \in DOMAIN t.votes :
               Before(t.votes[v].bound, ts) /\ AtMost(ts, t.votes[v].until)

\* P9: the leader decides without the other owners.
AllVotedNever(txn) == TRUE

\* P13: every owner appends its own part.
AppendingParts(txn, ts) ==
    [a \in Adj |->
        IF a \in DOMAIN txns[txn].slices
        THEN Append(appending[a], [txn |-> txn, start |-> txns[txn].start, ts |-> ts,
                                   keys |-> DOMAIN Slice(txn, a)])
        ELSE appending[a]]

\* P13: the leader appends its own part, and the others' part is lost.
AppendingSlice(txn, ts) ==
    LET leader == txns[txn].leader
        record == [txn |-> txn, start |-> txns[txn].start, ts |-> ts,
                   keys |-> DOMAIN Slice(txn, leader)]
    IN  [appending EXCEPT ![leader] = Append(@, record)]

\* P12: a hold for ever.
VoteForEver(txn, by, until) ==
    /\ InDoubt(txn)
    /\ by \in txns[txn].silent \ {txns[txn].leader}
    /\ ~Conflicts(txn, by) /\ ~Held(txn, by)
    /\ holds' = [holds EXCEPT ![by] =
                    (txn :> [keys |-> Slice(txn, by), until |-> Horizon + 1]) @@ @]
    /\ txns' = Answered(txn, by, by :> [bound |-> LatestOf(by), until |-> Horizon])
    /\ UNCHANGED <<now, granted, last, appending, stored>>

\* P12: a hold beyond the voter's lease.
VoteBeyondLease(txn, by, until) ==
    /\ InDoubt(txn)
    /\ by \in txns[txn].silent \ {txns[txn].leader}
    /\ ~Conflicts(txn, by) /\ ~Held(txn, by)
    /\ Before(Later(txns[txn].start, LatestOf(by)), until)
    /\ holds' = [holds EXCEPT ![by] =
                    (txn :> [keys |-> Slice(txn, by), until |-> until]) @@ @]
    /\ txns' = Answered(txn, by, by :> [bound |-> LatestOf(by), until |-> until])
    /\ UNCHANGED <<now, granted, last, appending, stored>>

\* P12: holds do not expire.
ExpireNever(txn, by) == FALSE /\ UNCHANGED vars

\* P14: an expired hold leaves nothing behind.
ExpireForgets(txn, by) ==
    /\ txn \in DOMAIN holds[by]
    /\ MayShowPassed(now, holds[by][txn].until)
    /\ holds' = [holds EXCEPT ![by] = [t \in DOMAIN @ \ {txn} |-> @[t]]]
    /\ UNCHANGED <<now, txns, granted, last, appending, stored>>

\* P14: a voter that finds no record takes the transaction for aborted.
NeverCommitsYet(txn) == \A a \in Adj : txn \notin DOMAIN journal[a]

\* P11: a record is taken for durable before an earlier one.
DurableAnyOrder(txn, by) ==
    \E r \in UnderwayAt(by) :
        /\ r.txn = txn
        /\ appending' = [appending EXCEPT ![by] = SelectSeq(@, LAMBDA q : q # r)]
        /\ journal' = [journal EXCEPT ![by] = (txn :> r) @@ @]
        /\ versions' = WithRecord(versions, r)
        /\ promise' = [promise EXCEPT ![by] = Later(@, r.ts)]
        /\ txns' = Settled({txn}, {})
        /\ UNCHANGED <<now, lease, floor, placed, judged, base>>

\* P6: a promise overtakes a record on its way to the journal.
HeartbeatOvertakes(by, upto) ==
    /\ Before(promise[by], upto)
    /\ AtMost(upto, lease[by])
    /\ promise' = [promise EXCEPT ![by] = upto]
    /\ UNCHANGED <<now, txns, lease, floor, placed, judged, appending, stored>>

\* P23: a promise leads beyond the lease.
HeartbeatBeyondLease(by, upto) ==
    /\ Before(promise[by], upto)
    /\ \A r \in UnderwayAt(by) : Before(upto, r.ts)
    /\ promise' = [promise EXCEPT ![by] = upto]
    /\ UNCHANGED <<now, txns, lease, floor, placed, judged, appending, stored>>

\* P6: one journal that is complete is enough.
CompleteToOne(time) == \E a \in Adj : AtMost(time, promise[a])

\* P5: a read does not wait.
CompleteToAny(time) == TRUE

\* P4: any version before the start will do.
IsNewestAny(k, seen, start) ==
    /\ AtMost(seen, start)
    /\ \/ AtMost(seen, base)
       \/ \E r \in Durables : k \in r.keys /\ r.ts = seen

\* P19: the successor takes its empty history for the truth.
TakeoverNoFloor(by, at, kept) ==
    LET found  == SelectSeq(appending[by], LAMBDA r : r.txn \in kept)
        lost   == SelectSeq(appending[by], LAMBDA r : r.txn \notin kept)
        sealed == {t \in DOMAIN txns : txns[t].leader = by /\ IsOpen(t)}
        begin(times) == [times EXCEPT ![by] = at]
        names(records) == {records[i].txn : i \in DOMAIN records}
    IN  /\ AtMost(Later(lease[by], floor[by]), at)
        /\ found = SubSeq(appending[by], 1, Len(found))
        /\ appending' = [appending EXCEPT ![by] = << >>]
        /\ journal' = [journal EXCEPT ![by] =
               [t \in names(found) |->
                   found[CHOOSE i \in DOMAIN found : found[i].txn = t]] @@ @]
        /\ versions' = WithRecords(versions, found)
        /\ txns' = Settled(names(found), names(lost) \cup sealed)
        /\ lease' = begin(lease) /\ promise' = begin(promise)
        /\ last' = [last EXCEPT ![by] = << >>]
        /\ holds' = [holds EXCEPT ![by] = << >>]
        /\ UNCHANGED <<now, floor, placed, base>>

\* P19: the successor begins within the old lease.
TakeoverEarly(by, at, kept) ==
    LET found  == SelectSeq(appending[by], LAMBDA r : r.txn \in kept)
        lost   == SelectSeq(appending[by], LAMBDA r : r.txn \notin kept)
        sealed == {t \in DOMAIN txns : txns[t].leader = by /\ IsOpen(t)}
        begin(times) == [times EXCEPT ![by] = at]
        names(records) == {records[i].txn : i \in DOMAIN records}
    IN  /\ AtMost(floor[by], at)
        /\ found = SubSeq(appending[by], 1, Len(found))
        /\ appending' = [appending EXCEPT ![by] = << >>]
        /\ journal' = [journal EXCEPT ![by] =
               [t \in names(found) |->
                   found[CHOOSE i \in DOMAIN found : found[i].txn = t]] @@ @]
        /\ versions' = WithRecords(versions, found)
        /\ txns' = Settled(names(found), names(lost) \cup sealed)
        /\ lease' = begin(lease) /\ promise' = begin(promise) /\ floor' = begin(floor)
        /\ last' = [last EXCEPT ![by] = << >>]
        /\ holds' = [holds EXCEPT ![by] = << >>]
        /\ UNCHANGED <<now, placed, base>>

\* P15: history is forgotten and the floor stays where it was.
ForgetNoFloor(by, upto) ==
    /\ Before(floor[by], upto)
    /\ last' = [last EXCEPT ![by] = LaterThan(upto, @)]
    /\ UNCHANGED <<now, txns, granted, holds, appending, stored>>

\* P15: the floor rises and nothing is forgotten.
ForgetNothing(by, upto) ==
    /\ Before(floor[by], upto)
    /\ floor' = [floor EXCEPT ![by] = upto]
    /\ UNCHANGED <<now, txns, lease, promise, placed, judged, appending, stored>>

\* P8: a write goes through to the owner at once.
WriteThrough(txn, changed, same) ==
    /\ InPhase(txn, {"running"})
    /\ \E a \in OwnersOf(changed), ts \in Time :
           /\ Before(Later(txns[txn].start, LatestOf(a)), ts)
           /\ AtMost(ts, lease[a])
           /\ appending' = [appending EXCEPT ![a] = Append(@,
                  [txn |-> txn, start |-> txns[txn].start, ts |-> ts, keys |-> changed])]
    /\ txns' = [txns EXCEPT ![txn].writes = @ \cup changed]
    /\ UNCHANGED <<now, granted, judged, stored>>

\* P22: a transaction writes as much as it likes.
WriteUnlimited(txn, changed, same) ==
    /\ InPhase(txn, {"running"})
    /\ txns' = [txns EXCEPT ![txn].writes = @ \cup changed]
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

\* P7: a transaction that wrote nothing is judged like one that did.
CommitReadOnlyJudged(txn) ==
    /\ InPhase(txn, {"running"})
    /\ txns[txn].writes = {}
    /\ \A k \in Key : AtMost(LastOf(Owner[k], k, "W"), txns[txn].start)
    /\ txns' = Without({txn})
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

\* P13: acknowledged when it is decided, before its record is durable.
AcknowledgeEarly(txn) ==
    /\ InPhase(txn, {"asked"})
    /\ txns[txn].fate \in {"decided", "committed"}
    /\ MayShowEarliest(now, txns[txn].ts)
    /\ txns' = Without({txn})
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

\* P16: the connection to the owners is lost, and the client is told of an abort.
AbortUnknown(txn) ==
    /\ InPhase(txn, {"asked"})
    /\ txns[txn].fate # "committed"
    /\ txns' = [txns EXCEPT ![txn].phase = "abandoned"]
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

\* P22: storage does not mind who is still under way.
CollectTooMuch(upto) ==
    /\ Before(base, upto)
    /\ \A a \in Adj : AtMost(upto, floor[a])
    /\ Dropped(upto)
    /\ UNCHANGED <<now, granted, judged, appending>>

\* P19: a lease is given back though something lies beyond it.
RenewAnyhow(by, until) ==
    /\ lease' = [lease EXCEPT ![by] = until]
    /\ UNCHANGED <<now, txns, promise, floor, placed, judged, appending, stored>>

\* P10: a voter holds what is written, and not what is locked so that others may lock
\* it, too.
VoteHoldsWrites(txn, by, until) ==
    /\ InDoubt(txn)
    /\ by \in txns[txn].silent \ {txns[txn].leader}
    /\ ~Conflicts(txn, by) /\ ~Held(txn, by)
    /\ AtMost(until, lease[by])
    /\ Before(Later(txns[txn].start, LatestOf(by)), until)
    /\ LET slice   == Slice(txn, by)
           written == [k \in {j \in DOMAIN slice : slice[j] # "S"} |-> slice[k]]
       IN  holds' = [holds EXCEPT ![by] = (txn :> [keys |-> written, until |-> until]) @@ @]
    /\ txns' = Answered(txn, by, by :> [bound |-> LatestOf(by), until |-> until])
    /\ UNCHANGED <<now, granted, last, appending, stored>>

\* P10: what a transaction relied on is asked of any owner.
AnyoneValidates(leader, slices) == TRUE

\* P10: accesses conflict with the same class only.
ConflictsWithOwnClass(txn, by) ==
    \/ Before(txns[txn].start, floor[by])
    \/ \E k \in DOMAIN Slice(txn, by) : Before(txns[txn].start, LastOf(by, k, Slice(txn, by)[k]))

\* P10: the history of keys that move is left behind.
KnownNothing(by, keys) == << >>

\* P9: the new owner takes keys by a record that is not durable; the old one is lost, and
\* has them again.
InstallEarly(by, from, ts, level, given) ==
    \E m \in leaving :
        /\ m.from = from /\ m.to = by /\ m.ts = ts
        /\ owned' = More(by, m.keys)
        /\ last' = [last EXCEPT ![by] = m.known @@ @]
        /\ since' = [since EXCEPT ![by] = Later(@, ts)]
        /\ UNCHANGED <<now, txns, lease, promise, floor, leaving, moving, holds, appending, stored>>

InstallNotedEarly(by) ==
    /\ \E m \in leaving : InstallEarly(by, m.from, m.ts, Zero, << >>)
    /\ UNCHANGED notes

\* P12: keys are given away while one of them is held.
NoneHeldNever(by, keys) == TRUE

\* P16: asked again while the first owners may still decide: the second name meets the first.
AskAgainAtOnce(txn, again, leader, slices) ==
    /\ InPhase(txn, {"asked"})
    /\ again \notin DOMAIN txns
    /\ MayAskFor(txns[txn].writes, leader, slices)
    /\ txns' = (again :> [txns[txn] EXCEPT !.fate = "open", !.leader = leader,
                            !.slices = slices, !.silent = DOMAIN slices, !.votes = << >>])
               @@ [txns EXCEPT ![txn].phase = "over"]
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

\* P2: the new owner commits at or below the time at which it was given the keys.
LatestOfItsOwn(by) ==
    IF appending[by] = << >> THEN promise[by]
    ELSE Later(promise[by], appending[by][Len(appending[by])].ts)

\* P15: keys are taken without their history, and the floor stays.
HasAnything(level, known, given) == TRUE

\* P9: who is asked judges, by an old map.
OwnsAnything(txn, by) == TRUE
=============================================================================
