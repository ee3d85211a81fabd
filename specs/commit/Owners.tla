------------------------------- MODULE Owners -------------------------------
(***************************************************************************)
(* Rung 3, first part: what the owners of keys do to decide a transaction. *)
(* Epochs says what they promise and what becomes of them, Moves how keys  *)
(* come to have another owner, and Commit what query processors and        *)
(* storage do; there all is put together.                                  *)
(*                                                                         *)
(* A key has one owner at a time.  A transaction that wants to commit asks *)
(* all owners of what it accessed, and one of them leads.  The others vote and *)
(* hold the keys for it until a time that they name; the leader picks the  *)
(* commit time and appends the whole transaction, as one record, to its    *)
(* own journal.  When the record is durable the transaction has committed. *)
(* A vote is a message: it stays true whatever becomes of the voter.  A    *)
(* message that is lost or late is a step that is not taken, or not yet:   *)
(* an owner may well vote for what has been refused elsewhere meanwhile.   *)
(*                                                                         *)
(* Accesses have classes (see Classes).  Time is true time, `now'; clocks  *)
(* show intervals around it (see Clock).                                   *)
(***************************************************************************)
EXTENDS Clock, Classes, FiniteSets, Sequences, TLC

CONSTANTS
    Txn,            \* names of transactions; a name is used once
    Key,            \* keys
    Adj,            \* adjudicators
    Owner,          \* key -> its adjudicator in the beginning (P9)
    Time,           \* times
    Zero,           \* a time before all of Time
    Nobody,         \* no adjudicator
    HeldRefuses     \* who meets a hold is refused at once, or else waits

VARIABLES
    now,        \* true time
    txns,       \* transaction -> what is known of it while it is under way
    lease,      \* adjudicator -> nothing is given or promised beyond it
    promise,    \* adjudicator -> its journal is complete up to here, for ever
    floor,      \* adjudicator -> starts below it are refused
    last,       \* adjudicator -> key -> class -> the last commit time it remembers
    owned,      \* adjudicator -> the keys that are its own
    leaving,    \* releases of keys under way (see Moves)
    moving,     \* keys that were given away, and not taken yet
    since,      \* adjudicator -> no commit time of its is at or below, for keys it took
    holds,      \* adjudicator -> transaction -> what it holds for it: [keys, until]
    appending,  \* adjudicator -> records on their way into its journal, oldest first
    journal,    \* adjudicator -> transaction -> its durable record
    versions,   \* key -> the commit times of its versions in storage, oldest first
    base        \* storage has forgotten what lies at or below it

placed  == <<owned, leaving, moving, since>>
granted == <<lease, promise, floor, placed>>
judged  == <<last, holds>>
stored  == <<journal, versions, base>>
vars == <<now, txns, granted, judged, appending, stored>>

\* What one owner is asked for: keys with the class of the access to each.
Slices == UNION {[keys -> Class] : keys \in SUBSET Key \ {{}}}

\* What the owners are asked for.
Slicings == UNION {[asked -> Slices] : asked \in SUBSET Adj \ {{}}}

(***************************************************************************)
(* A transaction has "begun" when its start is fixed, is "running" from    *)
(* its first statement, has "asked" from COMMIT on, is "abandoned" when    *)
(* its query processor waits no longer, and "over" when its client knows   *)
(* that it aborted and some owner has not answered yet.  Its fate is       *)
(* "open" until its leader has "decided", and in the end "committed" or    *)
(* "aborted".  Silent are the owners that have not answered.  Votes are    *)
(* those of the owners that do not lead: a bound that the commit time must *)
(* exceed, and the time until which the keys are held.                     *)
(***************************************************************************)
Votes == UNION {[voters -> [bound : Time \cup {Zero}, until : Time]] : voters \in SUBSET Adj}
Transaction ==
    [start : Time, writes : SUBSET Key,
     phase : {"begun", "running", "asked", "abandoned", "over"},
     leader : Adj \cup {Nobody}, slices : Slicings \cup {<< >>}, silent : SUBSET Adj,
     votes : Votes, fate : {"open", "decided", "committed", "aborted"}, ts : Time \cup {Zero}]
Record == [txn : Txn, start : Time, ts : Time, keys : SUBSET Key]

TypeOK ==
    /\ now \in Time
    /\ DOMAIN txns \subseteq Txn
    /\ \A t \in DOMAIN txns : txns[t] \in Transaction
    /\ {lease, promise, floor, since} \subseteq [Adj -> Time \cup {Zero}]
    /\ owned \in [Adj -> SUBSET Key]
    /\ \A m \in leaving \cup moving :
           /\ {m.from, m.to} \subseteq Adj /\ m.ts \in Time /\ m.level \in Time \cup {Zero}
           /\ m.keys \subseteq Key /\ DOMAIN m.known \subseteq m.keys
    /\ \A m \in moving : m.sure \in BOOLEAN
    /\ \A a \in Adj :
           /\ \A k \in DOMAIN last[a] :
                  k \in Key /\ last[a][k] \in UNION {[some -> Time] : some \in SUBSET Class}
           /\ \A t \in DOMAIN holds[a] :
                  t \in Txn /\ holds[a][t] \in [keys : Slices, until : Time]
           /\ appending[a] \in Seq(Record)
           /\ \A t \in DOMAIN journal[a] : journal[a][t] \in Record /\ journal[a][t].txn = t
    /\ \A k \in DOMAIN versions : k \in Key /\ versions[k] \in Seq(Time)
    /\ base \in Time \cup {Zero}

-----------------------------------------------------------------------------
\* The last time at which `by' remembers a commit with an access of class c to key k.
LastOf(by, k, c) ==
    IF k \notin DOMAIN last[by] THEN Zero
    ELSE IF c \in DOMAIN last[by][k] THEN last[by][k][c] ELSE Zero

\* What owner `by' is asked for by transaction txn.
Slice(txn, by) == txns[txn].slices[by]

\* The owner `by' must refuse: somebody was first, or may have been (P10).
Conflicts(txn, by) ==
    \/ Before(txns[txn].start, floor[by])
    \/ \E k \in DOMAIN Slice(txn, by) : \E c \in ConflictsWith[Slice(txn, by)[k]] :
           Before(txns[txn].start, LastOf(by, k, c))

\* A key is held for a transaction whose outcome its owner does not know, and with
\* which an access would conflict (P10).
Held(txn, by) ==
    \E t \in DOMAIN holds[by] : Clash(holds[by][t].keys, Slice(txn, by))

\* The last time that adjudicator `by' has given or promised, or was told with keys.
LatestOf(by) ==
    LET least  == Later(since[by], promise[by])
        latest == IF appending[by] = << >> THEN least
                  ELSE Later(least, appending[by][Len(appending[by])].ts)
        left   == {m \in leaving : m.from = by /\ Before(latest, m.ts)}
    IN  IF left = {} THEN latest
        ELSE (CHOOSE m \in left : \A l \in left : AtMost(l.ts, m.ts)).ts

\* No release before ts is on its way into the journal of `by'.
NoneLeft(by, ts) == \A m \in leaving : m.from = by => Before(ts, m.ts)

\* What owners remember when `by' knows that `keys' were accessed by a commit at ts,
\* but for what lies below the floor: no start that could miss it is admitted.
Remember(by, keys, ts) ==
    IF AtMost(ts, floor[by]) THEN last
    ELSE LET known(k) == IF k \in DOMAIN last[by] THEN last[by][k] ELSE << >>
             new == [k \in {j \in DOMAIN keys : keys[j] # "R"} |->
                        (keys[k] :> Later(LastOf(by, k, keys[k]), ts)) @@ known(k)]
         IN  [last EXCEPT ![by] = new @@ @]

\* The transaction has asked, and is neither decided nor committed.
InDoubt(txn) ==
    /\ txn \in DOMAIN txns
    /\ txns[txn].phase \in {"asked", "abandoned", "over"}
    /\ txns[txn].fate \in {"open", "aborted"}

\* None of its owners has settled its fate.
IsOpen(txn) == InDoubt(txn) /\ txns[txn].fate = "open"

AllVoted(txn) == txns[txn].silent = {txns[txn].leader}

\* Key k is for `by' to judge (P9).
OwnedBy(k, by) == k \in owned[by]

OwnsSlice(txn, by) == \A k \in DOMAIN Slice(txn, by) : OwnedBy(k, by)

\* The leader may commit the transaction at ts (P2), and the voters agree (P12).
Suits(txn, ts) ==
    LET t == txns[txn]
    IN  /\ Before(Later(t.start, LatestOf(t.leader)), ts)
        /\ AtMost(ts, lease[t.leader])
        /\ \A v \in DOMAIN t.votes :
               Before(t.votes[v].bound, ts) /\ AtMost(ts, t.votes[v].until)

\* The whole transaction is one record, in the journal of its leader (P13).
AppendingWith(txn, ts) ==
    LET record == [txn |-> txn, start |-> txns[txn].start, ts |-> ts,
                   keys |-> txns[txn].writes]
    IN  [appending EXCEPT ![txns[txn].leader] = Append(@, record)]

Without(gone) == [t \in DOMAIN txns \ gone |-> txns[t]]

\* Of txns, when some have committed and some will never commit.  Nobody waits for
\* a transaction that was abandoned, so it ends when it has committed.
Settled(committed, aborted) ==
    LET ended == {t \in committed \cap DOMAIN txns : txns[t].phase = "abandoned"}
    IN  [t \in DOMAIN txns \ ended |->
            IF t \in committed \cup aborted
            THEN IF t \in committed THEN [txns[t] EXCEPT !.fate = "committed"]
                 ELSE [txns[t] EXCEPT !.fate = "aborted", !.votes = << >>, !.ts = Zero]
            ELSE txns[t]]

\* Of txns, when `by' has answered: with a vote, or so that txn will never commit.
\* Who is over and has all its answers is known to nobody any more.
Answered(txn, by, vote) ==
    LET t    == txns[txn]
        left == t.silent \ {by}
    IN  IF t.phase = "over" /\ left = {} THEN Without({txn})
        ELSE [txns EXCEPT ![txn] =
                 IF vote = << >> \/ t.fate = "aborted"
                 THEN [t EXCEPT !.silent = left, !.fate = "aborted", !.votes = << >>]
                 ELSE [t EXCEPT !.silent = left, !.votes = vote @@ @]]

-----------------------------------------------------------------------------
\* The commit time of the last of the first n of `times', which ascend, that is at or
\* before start.  (It looks from the end: what is read most is what was written last.)
RECURSIVE NewestOf(_, _, _)
NewestOf(times, n, start) ==
    IF n = 0 THEN Zero
    ELSE IF AtMost(times[n], start) THEN times[n] ELSE NewestOf(times, n - 1, start)

\* `times' and ts, which nearly always is the newest.
With(times, ts) ==
    IF times = << >> \/ Before(times[Len(times)], ts) THEN Append(times, ts)
    ELSE SelectSeq(times, LAMBDA t : Before(t, ts)) \o <<ts>> \o
         SelectSeq(times, LAMBDA t : Before(ts, t))

\* What storage has of `all', when it has a record, too.
WithRecord(all, r) ==
    [k \in r.keys |-> With(IF k \in DOMAIN all THEN all[k] ELSE << >>, r.ts)] @@ all

\* The same of some records.
RECURSIVE WithRecords(_, _)
WithRecords(all, records) ==
    IF records = << >> THEN all
    ELSE WithRecords(WithRecord(all, Head(records)), Tail(records))

-----------------------------------------------------------------------------
(***************************************************************************)
(* Vote                                                                    *)
(*   who      an owner that does not lead, asked by a query processor      *)
(*   why      P12: yes, at a time above bound, and until a time the keys   *)
(*            are held for it                                              *)
(*   when     it has not answered, the keys are its own, nothing           *)
(*            conflicts, no key is held, and until lies within the lease   *)
(*            and above the bound                                          *)
(*   changes  holds, and the vote is on its way to the leader              *)
(***************************************************************************)
Vote(txn, by, until) ==
    /\ InDoubt(txn)
    /\ by \in txns[txn].silent \ {txns[txn].leader}
    /\ OwnsSlice(txn, by)
    /\ ~Conflicts(txn, by) /\ ~Held(txn, by)
    /\ AtMost(until, lease[by])
    /\ Before(Later(txns[txn].start, LatestOf(by)), until)
    /\ holds' = [holds EXCEPT ![by] =
                    (txn :> [keys |-> Slice(txn, by), until |-> until]) @@ @]
    /\ txns' = Answered(txn, by, by :> [bound |-> LatestOf(by), until |-> until])
    /\ UNCHANGED <<now, granted, last, appending, stored>>

(***************************************************************************)
(* Refuse                                                                  *)
(*   who      an owner, asked by a query processor                         *)
(*   why      P10: somebody was first, or may have been                    *)
(*   when     it has not answered, the keys are its own, and something     *)
(*            conflicts, or a key is held and HeldRefuses                  *)
(*   changes  the fate of the transaction: who refused never votes for it  *)
(***************************************************************************)
Refuse(txn, by) ==
    /\ InDoubt(txn)
    /\ by \in txns[txn].silent
    /\ OwnsSlice(txn, by)
    /\ Conflicts(txn, by) \/ (HeldRefuses /\ Held(txn, by))
    /\ txns' = Answered(txn, by, << >>)
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* Decide                                                                  *)
(*   who      the leader, or the only owner                                *)
(*   why      P11, P12, P13: to order the transaction, and to append it as *)
(*            a whole to one journal                                       *)
(*   when     all other owners have voted; the keys here are its own, and  *)
(*            nothing conflicts; ts lies above the start, every bound and  *)
(*            all that the leader gave or promised (P2), but within its    *)
(*            lease and every hold                                         *)
(*   changes  appending, last, and the fate of the transaction             *)
(***************************************************************************)
Decide(txn, ts) ==
    /\ IsOpen(txn)
    /\ AllVoted(txn)
    /\ OwnsSlice(txn, txns[txn].leader)
    /\ ~Conflicts(txn, txns[txn].leader) /\ ~Held(txn, txns[txn].leader)
    /\ Suits(txn, ts)
    /\ appending' = AppendingWith(txn, ts)
    /\ last' = Remember(txns[txn].leader, Slice(txn, txns[txn].leader), ts)
    /\ txns' = [txns EXCEPT ![txn].fate = "decided", ![txn].ts = ts,
                            ![txn].silent = {}, ![txn].votes = << >>]
    /\ UNCHANGED <<now, granted, holds, stored>>

(***************************************************************************)
(* Decline                                                                 *)
(*   who      the leader; or another owner, before it has answered         *)
(*   why      P12: votes are missing, or no time suits all; P16; P2; P9: a *)
(*            key is not its own, and it is not to be asked under this     *)
(*            name again                                                   *)
(*   when     always before the leader has decided; when the transaction   *)
(*            is over it is no more than an answer                         *)
(*   changes  the fate of the transaction                                  *)
(***************************************************************************)
Decline(txn, by) ==
    /\ IF txn \in DOMAIN txns
       THEN /\ InDoubt(txn)
            /\ by \in txns[txn].silent \cup {txns[txn].leader}
            /\ txns' = Answered(txn, by, << >>)
       ELSE txns' = txns
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* Durable                                                                 *)
(*   who      an adjudicator, told by its journal                          *)
(*   why      P13: that is the commit point of the transaction             *)
(*   when     every earlier record of the journal is durable               *)
(*   changes  journal, versions, appending, txns; and promise, for commit  *)
(*            times only rise, so that the journal is complete up to this  *)
(*            one (P6)                                                     *)
(***************************************************************************)
Durable(txn, by) ==
    /\ appending[by] # << >>
    /\ LET r == Head(appending[by])
       IN  /\ r.txn = txn
           /\ NoneLeft(by, r.ts)
           /\ appending' = [appending EXCEPT ![by] = Tail(@)]
           /\ journal' = [journal EXCEPT ![by] = (txn :> r) @@ @]
           /\ versions' = WithRecord(versions, r)
           /\ promise' = [promise EXCEPT ![by] = r.ts]
           /\ txns' = Settled({txn}, {})
           /\ UNCHANGED <<now, lease, floor, placed, judged, base>>

\* What the leader or its journal says of a transaction.
CommittedAt(txn, ts) ==
    \E a \in Adj : IF txn \in DOMAIN journal[a] THEN journal[a][txn].ts = ts ELSE FALSE

NeverCommits(txn) ==
    /\ \A a \in Adj : txn \notin DOMAIN journal[a]
    /\ txn \in DOMAIN txns => txns[txn].fate = "aborted"

(***************************************************************************)
(* Resolve                                                                 *)
(*   who      a voter                                                      *)
(*   why      P14: it learns the outcome from the leader or its journal    *)
(*   when     the transaction has a durable record at ts, or will have     *)
(*            none, and ts is Zero                                         *)
(*   changes  holds; and last, if it has committed                         *)
(***************************************************************************)
Resolve(txn, by, ts) ==
    /\ txn \in DOMAIN holds[by]
    /\ IF ts = Zero THEN NeverCommits(txn) ELSE CommittedAt(txn, ts)
    /\ last' = IF ts = Zero THEN last ELSE Remember(by, holds[by][txn].keys, ts)
    /\ holds' = [holds EXCEPT ![by] = [t \in DOMAIN @ \ {txn} |-> @[t]]]
    /\ UNCHANGED <<now, txns, granted, appending, stored>>

(***************************************************************************)
(* Expire                                                                  *)
(*   who      a voter that did not learn the outcome                       *)
(*   why      P12, P14: a hold ends, whoever has died                      *)
(*   when     its time has passed                                          *)
(*   changes  holds, and last: its keys are as if committed at its expiry, *)
(*            which no commit that it was given for can exceed             *)
(***************************************************************************)
Expire(txn, by) ==
    /\ txn \in DOMAIN holds[by]
    /\ MayShowPassed(now, holds[by][txn].until)
    /\ holds' = [holds EXCEPT ![by] = [t \in DOMAIN @ \ {txn} |-> @[t]]]
    /\ last' = Remember(by, holds[by][txn].keys, holds[by][txn].until)
    /\ UNCHANGED <<now, txns, granted, appending, stored>>
=============================================================================
