--------------------------- MODULE PlacementProps ---------------------------
(***************************************************************************)
(* What must be true of Placement.  An action together with what is noted  *)
(* of it (PlacementNotes) is called by the action's name and `Noted'.      *)
(***************************************************************************)
EXTENDS PlacementNotes

InitNoted == Init /\ InitNotes

-----------------------------------------------------------------------------
Request(txn, start, keys) == [txn |-> txn, start |-> start, keys |-> keys]

Named == {c.txn : c \in commits} \cup {t.txn : t \in turned}

\* Names only tell transactions apart.  So Txn is 1 .. n in every model, and the
\* least free name is given out: only renamings of behaviours are lost.
IsNextName(txn) == txn \notin Named /\ \A t \in Txn : t < txn => t \in Named

\* A transaction that was told `not mine' and has not been answered since.
Waits(t) == t \in turned /\ \A c \in commits : c.txn # t.txn

MayAsk(txn, start, keys) ==
    IsNextName(txn) \/ Waits(Request(txn, start, keys))

Note(txn, adj, voted, start, keys, ts, until) ==
    commits' = commits \cup
        {[txn |-> txn, by |-> adj, voted |-> voted, start |-> start,
          keys |-> keys, ts |-> ts, until |-> until]}

CommitNoted(adj, txn, start, keys, ts) ==
    /\ MayAsk(txn, start, keys)
    /\ Commit(adj, txn, start, keys, ts)
    /\ Note(txn, adj, FALSE, start, keys, ts, ts)
    /\ UNCHANGED <<told, said, ended, lost, turned>>

RefuseNoted(adj, txn, start, keys) ==
    /\ MayAsk(txn, start, keys)
    /\ Refuse(adj, txn, start, keys)
    /\ turned' = turned \ {Request(txn, start, keys)}
    /\ UNCHANGED <<commits, told, said, ended, lost>>

RedirectNoted(adj, txn, start, keys) ==
    /\ MayAsk(txn, start, keys)
    /\ Redirect(adj, txn, start, keys)
    /\ turned' = IF txn \in Patient THEN turned \cup {Request(txn, start, keys)} ELSE turned
    /\ UNCHANGED <<commits, told, said, ended, lost>>

DeclineNoted(adj, txn, start, keys, ts) ==
    /\ MayAsk(txn, start, keys)
    /\ Owns(adj, keys)
    /\ Decline(adj, txn, start, ts)
    /\ turned' = turned \ {Request(txn, start, keys)}
    /\ UNCHANGED <<commits, told, said, ended, lost>>

\* The leader will commit at ts, unless the transaction aborts.  The voter does
\* not know ts yet.
VoteNoted(adj, txn, start, keys, ts, until) ==
    /\ IsNextName(txn)
    /\ Above(adj, start, ts)
    /\ AtMost(ts, until)
    /\ Vote(adj, txn, start, keys, until)
    /\ Note(txn, adj, TRUE, start, keys, ts, until)
    /\ UNCHANGED <<told, said, ended, lost, turned>>

\* The outcome is what the leader decided, or the hold has run out.
LearnNoted(adj, txn, ts) ==
    /\ \E c \in commits : c.txn = txn /\ ts \in {c.ts, c.until}
    /\ Learn(adj, txn, ts)
    /\ UNCHANGED notes

DropNoted(adj, txn) ==
    /\ Drop(adj, txn)
    /\ commits' = {c \in commits : c.txn # txn}
    /\ UNCHANGED <<told, said, ended, lost, turned>>

DurableNoted(adj, txn, ts) == Durable(adj, txn, ts) /\ UNCHANGED notes

HeartbeatNoted(adj, upto) ==
    /\ Heartbeat(adj, upto)
    /\ told' = [told EXCEPT ![adj] = Later(@, upto)]
    /\ said' = [k \in Key |-> IF k \in KeysOf(adj) THEN Later(said[k], upto) ELSE said[k]]
    /\ UNCHANGED <<commits, ended, lost, turned>>

RenewNoted(adj, until) == Renew(adj, until) /\ UNCHANGED notes

ForgetNoted(adj, upto) == Forget(adj, upto) /\ UNCHANGED notes

SplitNoted(adj, at) == Split(adj, at) /\ UNCHANGED notes

MergeNoted(adj, at) == Merge(adj, at) /\ UNCHANGED notes

ReleaseNoted(adj, low, to, ts) == Release(adj, low, to, ts) /\ UNCHANGED notes

DepartNoted(adj, low) == Depart(adj, low) /\ UNCHANGED notes

\* With the history that is given, or bare: then all of it must lie at or below the floor.
InstallNoted(adj, low) ==
    /\ \E m \in moving : \E given \in {m.known, << >>} :
           Install(adj, low, m.from, m.ts, IF given = m.known THEN m.level ELSE floor[adj], given)
    /\ UNCHANGED notes

\* The journal has some of the releases under way, and of what was given to adj it has
\* taken some.
SealNoted(adj, at) ==
    /\ \E kept \in SUBSET leaving[adj] :
       \E taken \in SUBSET {m \in moving : m.to = adj /\ AtMost(m.ts, lease[adj])} :
           LET back == {Span(m) : m \in taken \cup (leaving[adj] \ kept)}
           IN  Seal(adj, at, ranges[adj] \cup back, kept)
    /\ said' = [k \in Key |-> IF k \in KeysOf(adj) THEN at ELSE said[k]]
    /\ ended' = [k \in Key |->
           IF k \in KeysOf(adj) THEN Later(ended[k], lease[adj]) ELSE ended[k]]
    /\ lost' = lost \cup {r.txn : r \in appending[adj]}
    /\ UNCHANGED <<commits, told, turned>>

-----------------------------------------------------------------------------
Judge ==
    \E adj \in Adj :
        \/ \E txn \in Txn, start \in Time, keys \in KeysUsed :
               \/ RefuseNoted(adj, txn, start, keys)
               \/ RedirectNoted(adj, txn, start, keys)
               \/ \E ts \in Time : CommitNoted(adj, txn, start, keys, ts)
        \/ \E txn \in Txn, ts \in Time : DurableNoted(adj, txn, ts)

Hold ==
    \E adj \in Adj, txn \in Txn :
        \/ \E start, ts, until \in Time, keys \in KeysUsed :
               VoteNoted(adj, txn, start, keys, ts, until)
        \/ \E ts \in Time : LearnNoted(adj, txn, ts)
        \/ DropNoted(adj, txn)

Promise ==
    \E adj \in Adj, time \in Time :
        \/ HeartbeatNoted(adj, time)
        \/ RenewNoted(adj, time)
        \/ \E txn \in Txn, start \in Time, keys \in KeysUsed :
               DeclineNoted(adj, txn, start, keys, time)

Cut ==
    \E adj \in Adj :
        \/ \E upto \in Time : ForgetNoted(adj, upto)
        \/ \E key \in Key : SplitNoted(adj, key) \/ MergeNoted(adj, key)

Move ==
    \E adj \in Adj, low \in Key :
        \/ \E to \in Adj, ts \in Time : ReleaseNoted(adj, low, to, ts)
        \/ DepartNoted(adj, low)
        \/ InstallNoted(adj, low)

Lose == \E adj \in Adj, at \in Time : SealNoted(adj, at)

NextNoted == Judge \/ Hold \/ Promise \/ Cut \/ Move \/ Lose

SpecNoted == InitNoted /\ [][NextNoted]_varsNoted

-----------------------------------------------------------------------------
\* The table of conflicts once more, pair by pair: an earlier access, and one
\* that must not be concurrent with it.
MustNotMeet ==
    {<<"W", "W">>, <<"W", "N">>, <<"W", "S">>, <<"W", "R">>,
     <<"N", "W">>, <<"N", "N">>,               <<"N", "R">>,
     <<"S", "W">>}

\* What a step commits in a journal of its own.
Decided == {c \in commits' \ commits : ~c.voted}

\* INV: P9.  No key has two owners, and no owner has a key in two ranges.
OneOwner ==
    \A k \in Key : Cardinality({<<adj, r>> \in Adj \X Ranges : r \in ranges[adj] /\ InRange(k, r)}) <= 1

\* INV: P9.  Every key has an owner or is on its way to one.
NothingLost == \A k \in Key : InHands(k) \/ k \in Moving

\* INV: P10, P15.  Of two conflicting accesses the one with the later time began
\* after the other had committed, whoever owned the key, whatever was lost.
NoConflictMissed ==
    \A c, d \in commits :
        (c # d /\ AtMost(c.ts, d.ts)) =>
            \A k \in DOMAIN c.keys \cap DOMAIN d.keys :
                <<c.keys[k], d.keys[k]>> \in MustNotMeet => AtMost(c.ts, d.start)

\* INV: P10, P11.  Who is refused began below the floor, met a hold, or a conflict with
\* a transaction that was not lost.  (A voter need not know when it committed.)
RefusedWithReason ==
    \A adj \in Adj, start \in Time, k \in Key, class \in Class :
        (ENABLED Refuse(adj, 1, start, k :> class)) =>
            \/ Before(start, floor[adj])
            \/ \E h \in holds[adj] : k \in DOMAIN h.keys /\ <<h.keys[k], class>> \in MustNotMeet
            \/ \E c \in commits :
                   /\ c.txn \notin lost /\ k \in DOMAIN c.keys /\ Before(start, c.until)
                   /\ <<c.keys[k], class>> \in MustNotMeet

\* INV: P9.  `Not mine' is said of what another owns.
RedirectedWithReason ==
    \A adj \in Adj, start \in Time, k \in Key :
        (ENABLED Redirect(adj, 1, start, k :> "W")) => k \notin Owned(adj)

\* INV: P9.  Only the owner commits.
OwnerDecides == [][\A c \in Decided : DOMAIN c.keys \subseteq Owned(c.by)]_varsNoted

\* INV: P6.  Promises are backed by the lease.
PromiseWithinLease == \A adj \in Adj : AtMost(promise[adj], lease[adj])

\* INV: P6.  A promise does not overtake a record, nor a release, under way.
PromiseBelowRecords ==
    \A adj \in Adj : \A r \in appending[adj] \cup leaving[adj] : Before(told[adj], r.ts)

\* INV: P11.  What is under way concerns keys that are still in these hands.
SettledBeforeMoved ==
    \A adj \in Adj : \A r \in appending[adj] : \A c \in commits :
        c.txn = r.txn => DOMAIN c.keys \subseteq KeysOf(adj)

\* INV: P12.  An undecided transaction's keys stay with the voter, whose lease
\* lasts as long as the hold.
HoldsStay ==
    \A adj \in Adj : \A h \in holds[adj] :
        DOMAIN h.keys \subseteq Owned(adj) /\ AtMost(h.until, lease[adj])

\* INV: P2.  A range is given away at a time above all that was committed on it.
ReleasedAbove ==
    \A m \in AllMoves : \A k \in DOMAIN m.known : \A c \in DOMAIN m.known[k] :
        Before(m.known[k][c], m.ts)

\* INV: P15.  Only what can still refuse somebody is remembered, and by the owner.
NothingStale ==
    \A adj \in Adj : \A k \in DOMAIN last[adj] :
        k \in KeysOf(adj) /\ \A c \in DOMAIN last[adj][k] : Before(floor[adj], last[adj][k][c])

\* INV: P2.  Commit times exceed the start and increase, in every journal and on
\* every key, whoever owns it.
TimesIncrease ==
    [][\A c \in Decided :
           /\ Before(c.start, c.ts)
           /\ \A d \in commits :
                  (~d.voted /\ (d.by = c.by \/ DOMAIN d.keys \cap DOMAIN c.keys # {}))
                      => Before(d.ts, c.ts)]_varsNoted

\* INV: P2.  Nothing commits beyond the lease.
LeaseKept == [][\A c \in Decided : AtMost(c.ts, lease[c.by])]_varsNoted

\* INV: P2, P6.  Nothing enters a journal at or below a promise made for it.
PromiseKept == [][\A c \in Decided : Before(told[c.by], c.ts)]_varsNoted

\* INV: P2, P6.  Nothing commits on a key at or below a promise that covered it,
\* whoever made it.
PromiseMoves ==
    [][\A c \in Decided : \A k \in DOMAIN c.keys : Before(said[k], c.ts)]_varsNoted

\* INV: P19.  Nothing commits on a key at or below the lease of an owner that was
\* lost.
AboveOldLeases ==
    [][\A c \in Decided : \A k \in DOMAIN c.keys : Before(ended[k], c.ts)]_varsNoted

-----------------------------------------------------------------------------
StepsOfAdjudication ==
    \A k \in Key : UNCHANGED OneKey(k)!vars \/ OneKey(k)!Next \/ RenewsAndForgets(k)

\* REFINES: Adjudication.  Each key by itself is adjudicated as in rung 2.
\* (This says that OneKey(k)!Spec is true for every k, in a form that TLC reads.)
RefinesAdjudication ==
    /\ \A k \in Key : OneKey(k)!Init
    /\ [][StepsOfAdjudication]_varsNoted

-----------------------------------------------------------------------------
\* LIVENESS: P9, P20.  A range that was given away, or lost, has an owner again.
RangesArrive ==
    \A k \in Key : (\A adj \in Adj : k \notin Owned(adj)) ~> (\E adj \in Adj : k \in Owned(adj))

Unanswered(txn) == \E t \in turned : t.txn = txn /\ Waits(t)

\* In a model time ends, and with it the times that a journal could give.
TimeIsUp(txn) ==
    \E t \in turned, adj \in Adj : t.txn = txn /\ \A ts \in Time : ~Above(adj, t.start, ts)

\* LIVENESS: P9, P10.  Who was told `not mine' finds the owner, and is answered.
OwnerIsFound ==
    \A txn \in Patient : Unanswered(txn) ~> (TimeIsUp(txn) \/ ~Unanswered(txn))

\* The patient ask again, the journals go on, and leases are renewed.  (Releases
\* and lost owners may come in between again and again, so much of it is strong.)
Answer(txn) ==
    \E t \in turned, adj \in Adj, ts \in Time :
        /\ t.txn = txn
        /\ \/ CommitNoted(adj, txn, t.start, t.keys, ts)
           \/ RefuseNoted(adj, txn, t.start, t.keys)
           \/ DeclineNoted(adj, txn, t.start, t.keys, ts)

Extend(adj) ==
    \E m \in moving, until \in Time :
        m.to = adj /\ Before(lease[adj], m.ts) /\ AtMost(m.ts, until) /\ RenewNoted(adj, until)

\* Who is to take a range admits no start that the old owner would have refused.
Level(adj) == \E m \in moving : m.to = adj /\ Before(floor[adj], m.level) /\ ForgetNoted(adj, m.level)

FairAnswers == \A txn \in Patient : SF_varsNoted(Answer(txn))

FairJournals ==
    \A adj \in Adj :
        /\ WF_varsNoted(\E txn \in Txn, ts \in Time : DurableNoted(adj, txn, ts))
        /\ WF_varsNoted(\E low \in Key : DepartNoted(adj, low))

FairInstalls ==
    \A adj \in Adj :
        /\ WF_varsNoted(Extend(adj)) /\ WF_varsNoted(Level(adj))
        /\ SF_varsNoted(\E low \in Key : InstallNoted(adj, low))

FairSpec == SpecNoted /\ FairAnswers /\ FairJournals /\ FairInstalls
=============================================================================
