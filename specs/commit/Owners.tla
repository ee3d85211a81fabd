------------------------------- MODULE Owners -------------------------------
(***************************************************************************)
(* Rung 3, first part: what the owners of keys do to decide a transaction. *)
(* Epochs says what they promise and what becomes of them, and Commit what *)
(* query processors and storage do; there all is put together.             *)
(*                                                                         *)
(* Every key has one owner.  A transaction that wants to commit asks all   *)
(* owners of what it wrote, and one of them leads.  The others vote, and   *)
(* hold the keys for it until a time that they name; the leader picks the  *)
(* commit time and appends the whole transaction, as one record, to its    *)
(* own journal.  When the record is durable the transaction has committed. *)
(* A vote is a message: it stays true whatever becomes of the voter.  A    *)
(* message that is lost or late is a step that is not taken, or not yet.   *)
(*                                                                         *)
(* Every access here is a write, and conflicts with every other: classes   *)
(* are the matter of rung 2.  Time is true time, `now'; clocks show        *)
(* intervals around it (see Clock).                                        *)
(***************************************************************************)
EXTENDS Clock, FiniteSets, TLC

CONSTANTS
    Txn,            \* names of transactions; a name is used once
    Key,            \* keys
    Adj,            \* adjudicators
    Owner,          \* key -> its adjudicator (P9)
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
    last,       \* key -> the last commit time that its owner remembers
    holds,      \* what voters hold: [txn, by, keys, until]
    appending,  \* adjudicator -> records on their way into its journal
    journal,    \* adjudicator -> durable records, from which storage is made
    base        \* storage has forgotten what lies at or below it

granted == <<lease, promise, floor>>
judged  == <<last, holds>>
stored  == <<journal, base>>
vars == <<now, txns, granted, judged, appending, stored>>

(***************************************************************************)
(* A transaction has "begun" when its start is fixed, is "running" from    *)
(* its first statement, has "asked" from COMMIT on, and is "abandoned"     *)
(* when its query processor waits no longer.  Its fate is "open" until its *)
(* leader has "decided", and in the end "committed" or "aborted".  Votes   *)
(* are those of the owners that do not lead: a bound that the commit time  *)
(* must exceed, and the time until which the keys are held.                *)
(***************************************************************************)
Votes == UNION {[voters -> [bound : Time \cup {Zero}, until : Time]] : voters \in SUBSET Adj}
Transaction ==
    [start : Time, writes : SUBSET Key, phase : {"begun", "running", "asked", "abandoned"},
     leader : Adj \cup {Nobody}, votes : Votes,
     fate : {"open", "decided", "committed", "aborted"}, ts : Time \cup {Zero}]
Record == [txn : Txn, start : Time, ts : Time, keys : SUBSET Key]

TypeOK ==
    /\ now \in Time
    /\ DOMAIN txns \subseteq Txn
    /\ \A t \in DOMAIN txns : txns[t] \in Transaction
    /\ {lease, promise, floor} \subseteq [Adj -> Time \cup {Zero}]
    /\ last \in UNION {[keys -> Time] : keys \in SUBSET Key}
    /\ holds \subseteq [txn : Txn, by : Adj, keys : SUBSET Key, until : Time]
    /\ \A a \in Adj : appending[a] \cup journal[a] \subseteq Record
    /\ base \in Time \cup {Zero}

-----------------------------------------------------------------------------
LastOf(k) == IF k \in DOMAIN last THEN last[k] ELSE Zero

OwnersOf(keys) == {Owner[k] : k \in keys}

\* What adjudicator `by' is asked for by transaction txn.
Slice(txn, by) == {k \in txns[txn].writes : Owner[k] = by}

\* The owner `by' must refuse: somebody was first, or may have been (P10).
Conflicts(txn, by) ==
    \/ Before(txns[txn].start, floor[by])
    \/ \E k \in Slice(txn, by) : Before(txns[txn].start, LastOf(k))

\* A key is held for a transaction whose outcome its owner does not know (P10).
Held(txn, by) == \E h \in holds : h.keys \cap Slice(txn, by) # {}

\* The last time that adjudicator `by' has given or promised.
LatestOf(by) ==
    LET given == {promise[by]} \cup {r.ts : r \in appending[by]}
    IN  CHOOSE t \in given : \A u \in given : AtMost(u, t)

\* What owners remember when `keys' were committed at ts, but for what lies below
\* the floor: no start that could miss it is admitted.
Remember(keys, ts) ==
    [k \in {j \in keys : Before(floor[Owner[j]], ts)} |-> Later(LastOf(k), ts)] @@ last

\* The transaction has asked, and none of its owners has settled its fate.
IsOpen(txn) ==
    /\ txn \in DOMAIN txns
    /\ txns[txn].phase \in {"asked", "abandoned"}
    /\ txns[txn].fate = "open"

AllVoted(txn) ==
    DOMAIN txns[txn].votes = OwnersOf(txns[txn].writes) \ {txns[txn].leader}

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
    IN  [appending EXCEPT ![txns[txn].leader] = @ \cup {record}]

\* Of txns, when some have committed and some will never commit.  Nobody waits for
\* a transaction that was abandoned, so it ends when it has committed.
Settled(committed, aborted) ==
    [t \in DOMAIN txns \ {u \in committed \cap DOMAIN txns : txns[u].phase = "abandoned"} |->
        IF t \in committed THEN [txns[t] EXCEPT !.fate = "committed"]
        ELSE IF t \in aborted
        THEN [txns[t] EXCEPT !.fate = "aborted", !.votes = << >>, !.ts = Zero]
        ELSE txns[t]]

-----------------------------------------------------------------------------
(***************************************************************************)
(* Vote                                                                    *)
(*   who      an owner that does not lead, asked by a query processor      *)
(*   why      P12: yes, at a time above bound, and until a time the keys   *)
(*            are held for it                                              *)
(*   when     nothing conflicts, no key is held, and until lies within the *)
(*            lease and above the bound                                    *)
(*   changes  holds, and the vote is on its way to the leader              *)
(***************************************************************************)
Vote(txn, by, until) ==
    /\ IsOpen(txn)
    /\ by \in OwnersOf(txns[txn].writes) \ (DOMAIN txns[txn].votes \cup {txns[txn].leader})
    /\ ~Conflicts(txn, by) /\ ~Held(txn, by)
    /\ AtMost(until, lease[by])
    /\ Before(Later(txns[txn].start, LatestOf(by)), until)
    /\ holds' = holds \cup {[txn |-> txn, by |-> by, keys |-> Slice(txn, by), until |-> until]}
    /\ txns' = [txns EXCEPT ![txn].votes =
                    (by :> [bound |-> LatestOf(by), until |-> until]) @@ @]
    /\ UNCHANGED <<now, granted, last, appending, stored>>

(***************************************************************************)
(* Refuse                                                                  *)
(*   who      an owner, asked by a query processor                         *)
(*   why      P10: somebody was first, or may have been                    *)
(*   when     it has not voted, and something conflicts, or a key is held  *)
(*            and HeldRefuses                                              *)
(*   changes  its fate: who refused never votes for it                     *)
(***************************************************************************)
Refuse(txn, by) ==
    /\ IsOpen(txn)
    /\ by \in OwnersOf(txns[txn].writes) \ DOMAIN txns[txn].votes
    /\ Conflicts(txn, by) \/ (HeldRefuses /\ Held(txn, by))
    /\ txns' = Settled({}, {txn})
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* Decide                                                                  *)
(*   who      the leader, or the only owner                                *)
(*   why      P11, P12, P13: to order the transaction, and to append it as *)
(*            a whole to one journal                                       *)
(*   when     all other owners have voted; nothing conflicts here; and ts  *)
(*            lies above the start, every bound and all that the leader    *)
(*            gave or promised (P2), but within its lease and every hold   *)
(*   changes  appending, last, and the fate of the transaction             *)
(***************************************************************************)
Decide(txn, ts) ==
    /\ IsOpen(txn)
    /\ AllVoted(txn)
    /\ ~Conflicts(txn, txns[txn].leader) /\ ~Held(txn, txns[txn].leader)
    /\ Suits(txn, ts)
    /\ appending' = AppendingWith(txn, ts)
    /\ last' = Remember(Slice(txn, txns[txn].leader), ts)
    /\ txns' = [txns EXCEPT ![txn].fate = "decided", ![txn].ts = ts, ![txn].votes = << >>]
    /\ UNCHANGED <<now, granted, holds, stored>>

(***************************************************************************)
(* Decline                                                                 *)
(*   who      the leader                                                   *)
(*   why      P12: votes are missing, or no time suits all; P16            *)
(*   when     always before it has decided, for nobody else may decide     *)
(*   changes  the fate of the transaction                                  *)
(***************************************************************************)
Decline(txn) ==
    /\ IsOpen(txn)
    /\ txns' = Settled({}, {txn})
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* Durable                                                                 *)
(*   who      an adjudicator, told by its journal                          *)
(*   why      P13: that is the commit point of the transaction             *)
(*   when     every earlier record of the journal is durable               *)
(*   changes  journal, appending, txns; and promise, for commit times only *)
(*            rise, so that the journal is complete up to this one (P6)    *)
(***************************************************************************)
Durable(txn, by) ==
    \E r \in appending[by] :
        /\ r.txn = txn
        /\ \A q \in appending[by] : AtMost(r.ts, q.ts)
        /\ appending' = [appending EXCEPT ![by] = @ \ {r}]
        /\ journal' = [journal EXCEPT ![by] = @ \cup {r}]
        /\ promise' = [promise EXCEPT ![by] = r.ts]
        /\ txns' = Settled({txn}, {})
        /\ UNCHANGED <<now, lease, floor, judged, base>>

(***************************************************************************)
(* Resolve                                                                 *)
(*   who      a voter                                                      *)
(*   why      P14: it learns the outcome from the leader or its journal    *)
(*   when     the transaction has a durable record, or will have none      *)
(*   changes  holds; and last, if it has committed                         *)
(***************************************************************************)
Resolve(txn, by) ==
    \E h \in holds :
        LET found == {r \in UNION {journal[a] : a \in Adj} : r.txn = txn}
        IN  /\ h.txn = txn /\ h.by = by
            /\ \/ found # {}
               \/ IF txn \in DOMAIN txns THEN txns[txn].fate = "aborted" ELSE TRUE
            /\ holds' = holds \ {h}
            /\ last' = IF found = {} THEN last
                       ELSE Remember(h.keys, (CHOOSE r \in found : TRUE).ts)
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
    \E h \in holds :
        /\ h.txn = txn /\ h.by = by
        /\ MayShowPassed(now, h.until)
        /\ holds' = holds \ {h}
        /\ last' = Remember(h.keys, h.until)
        /\ UNCHANGED <<now, txns, granted, appending, stored>>
=============================================================================
