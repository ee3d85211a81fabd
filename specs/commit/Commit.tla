------------------------------- MODULE Commit -------------------------------
(***************************************************************************)
(* Rung 3.  Several adjudicators, one journal each; query processors; and  *)
(* storage that reads as of a time.  What clients see of it is rung 1.     *)
(*                                                                         *)
(* A query processor fixes the start of its transaction by its own clock,  *)
(* reads storage as of the start, keeps its writes to itself, and at       *)
(* COMMIT asks the owners of what it wrote.  What these do stands in       *)
(* Owners, Epochs and Moves.  Storage is made from all journals together, merged  *)
(* by commit time: what it has of a key are the durable records with it,   *)
(* and it may answer when every journal is complete up to the start.       *)
(* A replica that learns of records and promises late is like a reader     *)
(* that asks late, so there are no replicas here.                          *)
(***************************************************************************)
EXTENDS Moves

CONSTANTS
    MaxWrites,      \* a transaction writes at most so many keys (P22)
    StartAtBegin,   \* the start is fixed at BEGIN, or else by the first statement
    SameCounts      \* to write a row as it was is an access to it, or else is nothing

\* The first time there is.
Beginning == CHOOSE t \in Time : \A u \in Time : AtMost(t, u)

OwnedFirst(a) == {k \in Key : Owner[k] = a}

\* Adjudicators begin with these leases.
InitWith(leases) ==
    /\ now = Beginning
    /\ txns = << >>
    /\ lease = leases
    /\ promise = [a \in Adj |-> Zero]
    /\ floor = [a \in Adj |-> Zero]
    /\ last = [a \in Adj |-> << >>]
    /\ owned = [a \in Adj |-> OwnedFirst(a)]
    /\ leaving = {}
    /\ moving = {}
    /\ since = [a \in Adj |-> Zero]
    /\ holds = [a \in Adj |-> << >>]
    /\ appending = [a \in Adj |-> << >>]
    /\ journal = [a \in Adj |-> << >>]
    /\ versions = << >>
    /\ base = Zero

Init == InitWith([a \in Adj |-> Zero])

-----------------------------------------------------------------------------
\* Storage has everything that commits at or before the time (P6).
CompleteTo(time) == \A a \in Adj : AtMost(time, promise[a])

\* The version `seen' is the newest of key k at or before `start' (P4).
IsNewest(k, seen, start) ==
    LET times  == IF k \in DOMAIN versions THEN versions[k] ELSE << >>
        newest == NewestOf(times, Len(times), start)
    IN  IF newest # Zero THEN seen = newest ELSE AtMost(seen, start) /\ AtMost(seen, base)

InPhase(txn, phases) == txn \in DOMAIN txns /\ txns[txn].phase \in phases

\* Who is asked is asked for something, and for nothing that another is asked for.  (By
\* what map, is nobody's business: who is not the owner will not judge.)
EachOnce(slices) ==
    \A a \in DOMAIN slices :
        /\ slices[a] # << >>
        /\ \A b \in DOMAIN slices \ {a} : DOMAIN slices[a] \cap DOMAIN slices[b] = {}

\* What was written is asked for as a write.
AsksFor(writes, slices) ==
    \A k \in writes : \E a \in DOMAIN slices :
        IF k \in DOMAIN slices[a] THEN slices[a][k] \in {"W", "N"} ELSE FALSE

\* A validated read holds nothing, so it is for the leader alone: what it relied on
\* must still be so at the commit time, and none but the leader knows it.
OnlyLeaderValidates(leader, slices) ==
    \A a \in DOMAIN slices \ {leader} : \A k \in DOMAIN slices[a] : slices[a][k] # "R"

\* What may be asked for, when these were written.
MayAskFor(writes, leader, slices) ==
    /\ leader \in DOMAIN slices
    /\ \E a \in DOMAIN slices : \E k \in DOMAIN slices[a] : slices[a][k] # "R"
    /\ EachOnce(slices)
    /\ AsksFor(writes, slices)
    /\ OnlyLeaderValidates(leader, slices)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Tick                                                                    *)
(*   who      nobody                                                       *)
(*   why      time passes, and leases and holds with it (P12, P19)         *)
(*   when     always                                                       *)
(*   changes  now, which never goes back                                   *)
(***************************************************************************)
Tick(to) ==
    /\ now' = Later(now, to)
    /\ UNCHANGED <<txns, granted, judged, appending, stored>>

(***************************************************************************)
(* Begin                                                                   *)
(*   who      a query processor, at BEGIN or at the first statement        *)
(*   why      P1: the latest end of its clock fixes the snapshot           *)
(*   when     always; no message is sent                                   *)
(*   changes  txns                                                         *)
(***************************************************************************)
Begin(txn, start) ==
    /\ txn \notin DOMAIN txns
    /\ MayShowLatest(now, start)
    /\ txns' = (txn :> [start |-> start, writes |-> {}, leader |-> Nobody,
                        slices |-> << >>, silent |-> {}, votes |-> << >>,
                        phase |-> IF StartAtBegin THEN "begun" ELSE "running",
                        fate |-> "open", ts |-> Zero]) @@ txns
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* FirstStatement                                                          *)
(*   who      a query processor, if the start was fixed at BEGIN           *)
(*   why      what was acknowledged since BEGIN is not in the snapshot     *)
(*   when     the transaction has begun                                    *)
(*   changes  txns                                                         *)
(***************************************************************************)
FirstStatement(txn) ==
    /\ InPhase(txn, {"begun"})
    /\ txns' = [txns EXCEPT ![txn].phase = "running"]
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* Read                                                                    *)
(*   who      a query processor, with what storage answered                *)
(*   why      P4: per key, the newest version at or before the start       *)
(*   when     every journal is complete up to the start (P5, P6): until    *)
(*            then the read waits                                          *)
(*   changes  nothing                                                      *)
(***************************************************************************)
Read(txn, seen) ==
    /\ InPhase(txn, {"running"})
    /\ CompleteTo(txns[txn].start)
    /\ \A k \in DOMAIN seen : IsNewest(k, seen[k], txns[txn].start)
    /\ UNCHANGED vars

(***************************************************************************)
(* Write                                                                   *)
(*   who      a query processor                                            *)
(*   why      P8: a write stays in the buffer of its transaction           *)
(*   when     it has not written too many keys (P22); same are keys whose  *)
(*            rows it wrote as they were                                   *)
(*   changes  txns                                                         *)
(***************************************************************************)
Write(txn, changed, same) ==
    /\ InPhase(txn, {"running"})
    /\ LET writes == txns[txn].writes \cup changed \cup (IF SameCounts THEN same ELSE {})
       IN  /\ Cardinality(writes) <= MaxWrites
           /\ txns' = [txns EXCEPT ![txn].writes = writes]
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* Ask                                                                     *)
(*   who      a query processor, at COMMIT                                 *)
(*   why      P9: each owner, by the map at hand, is sent its keys, with   *)
(*            the class of each                                                 *)
(*            access, and the start; P12: one of the owners is to lead     *)
(*   when     the transaction has written, or has accessed keys so that    *)
(*            others must not; the slices have all that it wrote, each key *)
(*            once                                                         *)
(*   changes  txns                                                         *)
(***************************************************************************)
Ask(txn, leader, slices) ==
    /\ InPhase(txn, {"running"})
    /\ MayAskFor(txns[txn].writes, leader, slices)
    /\ txns' = [txns EXCEPT ![txn].phase = "asked", ![txn].leader = leader,
                            ![txn].slices = slices, ![txn].silent = DOMAIN slices]
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* AskAgain                                                                *)
(*   who      a query processor, within the same COMMIT                    *)
(*   why      P9: an owner answered that a key is not its own: the map was *)
(*            old                                                          *)
(*   when     it is known that none will ever commit it under this name;   *)
(*            under another one the owners are asked anew                  *)
(*   changes  txns: `again' begins where txn ended                         *)
(***************************************************************************)
AskAgain(txn, again, leader, slices) ==
    /\ InPhase(txn, {"asked"})
    /\ txns[txn].fate = "aborted"
    /\ again \notin DOMAIN txns
    /\ MayAskFor(txns[txn].writes, leader, slices)
    /\ LET left == IF txns[txn].silent = {} THEN Without({txn})
                   ELSE [txns EXCEPT ![txn].phase = "over"]
       IN  txns' = (again :> [txns[txn] EXCEPT !.fate = "open", !.leader = leader,
                                !.slices = slices, !.silent = DOMAIN slices]) @@ left
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* CommitReadOnly                                                          *)
(*   who      a query processor, at COMMIT                                 *)
(*   why      P7: a transaction without writes commits where it is         *)
(*   when     it has written nothing; nothing can refuse it                *)
(*   changes  txns                                                         *)
(***************************************************************************)
CommitReadOnly(txn) ==
    /\ InPhase(txn, {"begun", "running"})
    /\ txns[txn].writes = {}
    /\ txns' = Without({txn})
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* Acknowledge                                                             *)
(*   who      a query processor                                            *)
(*   why      to tell the client that it has committed                     *)
(*   when     it has, and the earliest end of the clock has reached the    *)
(*            commit time: commit wait (P3)                                *)
(*   changes  txns                                                         *)
(***************************************************************************)
Acknowledge(txn) ==
    /\ InPhase(txn, {"asked"})
    /\ txns[txn].fate = "committed"
    /\ MayShowEarliest(now, txns[txn].ts)
    /\ txns' = Without({txn})
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* Abort                                                                   *)
(*   who      a query processor                                            *)
(*   why      the client rolled back, a statement failed, or an owner      *)
(*            refused or declined                                          *)
(*   when     nobody was asked, or it is known that none will commit it    *)
(*   changes  txns                                                         *)
(***************************************************************************)
Abort(txn) ==
    /\ \/ InPhase(txn, {"begun", "running"})
       \/ InPhase(txn, {"asked"}) /\ txns[txn].fate = "aborted"
    /\ txns' = IF txns[txn].silent = {} THEN Without({txn})
               ELSE [txns EXCEPT ![txn].phase = "over"]
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

(***************************************************************************)
(* Abandon                                                                 *)
(*   who      a query processor that waits no longer, or is lost itself    *)
(*   why      P16: the client is told that the outcome is unknown; to the  *)
(*            owners it is not                                             *)
(*   when     the owners were asked                                        *)
(*   changes  txns                                                         *)
(***************************************************************************)
Abandon(txn) ==
    /\ InPhase(txn, {"asked"})
    /\ txns' = IF txns[txn].fate = "committed" THEN Without({txn})
               ELSE [txns EXCEPT ![txn].phase = "abandoned"]
    /\ UNCHANGED <<now, granted, judged, appending, stored>>

OldAt(upto) == {t \in DOMAIN txns : Before(txns[t].start, upto)}

\* Journals and storage drop what lies at or below upto.
Dropped(upto) ==
    LET later(times) == SelectSeq(times, LAMBDA t : Before(upto, t))
        old == {k \in DOMAIN versions : AtMost(Head(versions[k]), upto)}
        gone == {k \in old : later(versions[k]) = << >>}
        records(a) == {t \in DOMAIN journal[a] : AtMost(journal[a][t].ts, upto)}
    IN  /\ base' = upto
        /\ journal' = [a \in Adj |-> [t \in DOMAIN journal[a] \ records(a) |-> journal[a][t]]]
        /\ versions' = [k \in DOMAIN versions \ gone |->
                            IF k \in old THEN later(versions[k]) ELSE versions[k]]
        /\ txns' = Without({t \in OldAt(upto) : txns[t].fate # "committed"})

(***************************************************************************)
(* Collect                                                                 *)
(*   who      storage, and journals, which keep records for its sake       *)
(*   why      P22: who began before upto has exceeded the age limit, so    *)
(*            nobody needs what it could read                              *)
(*   when     no owner admits such a transaction any more (P15), and none  *)
(*            has decided one whose record is still under way              *)
(*   changes  journal, versions, base, and txns: such transactions end     *)
(***************************************************************************)
Collect(upto) ==
    /\ Before(base, upto)
    /\ \A a \in Adj : AtMost(upto, floor[a])
    /\ \A t \in OldAt(upto) : txns[t].fate # "decided"
    /\ Dropped(upto)
    /\ UNCHANGED <<now, granted, judged, appending>>

-----------------------------------------------------------------------------
Next ==
    \/ \E to \in Time : Tick(to)
    \/ \E txn \in Txn, start \in Time : Begin(txn, start)
    \/ \E txn \in Txn : FirstStatement(txn)
    \/ \E txn \in Txn, keys \in SUBSET Key :
           \E seen \in [keys -> Time \cup {Zero}] : Read(txn, seen)
    \/ \E txn \in Txn, changed, same \in SUBSET Key : Write(txn, changed, same)
    \/ \E txn \in Txn, leader \in Adj, slices \in Slicings : Ask(txn, leader, slices)
    \/ \E txn, again \in Txn, leader \in Adj, slices \in Slicings :
           AskAgain(txn, again, leader, slices)
    \/ \E txn \in Txn : CommitReadOnly(txn)
    \/ \E txn \in Txn : Acknowledge(txn)
    \/ \E txn \in Txn : Abort(txn)
    \/ \E txn \in Txn : Abandon(txn)
    \/ \E upto \in Time : Collect(upto)
    \/ \E txn \in Txn, by \in Adj, until \in Time : Vote(txn, by, until)
    \/ \E txn \in Txn, by \in Adj : Refuse(txn, by)
    \/ \E txn \in Txn, ts \in Time : Decide(txn, ts)
    \/ \E txn \in Txn, by \in Adj : Decline(txn, by)
    \/ \E txn \in Txn, by \in Adj : Durable(txn, by)
    \/ \E txn \in Txn, by \in Adj, ts \in Time \cup {Zero} : Resolve(txn, by, ts)
    \/ \E txn \in Txn, by \in Adj : Expire(txn, by)
    \/ \E by \in Adj, upto \in Time : Heartbeat(by, upto)
    \/ \E by \in Adj, until \in Time : Renew(by, until)
    \/ \E by \in Adj, at \in Time, kept \in SUBSET Txn : Takeover(by, at, kept)
    \/ \E by \in Adj, upto \in Time : Forget(by, upto)
    \/ \E by, to \in Adj, keys \in SUBSET Key, ts \in Time : Release(by, to, keys, ts)
    \/ \E by \in Adj, ts \in Time : Depart(by, ts)
    \/ \E by \in Adj, ts \in Time : Return(by, ts)
    \/ \E by, from \in Adj, ts \in Time, level \in Time \cup {Zero}, given \in Histories :
           Install(by, from, ts, level, given)

Spec == Init /\ [][Next]_vars
=============================================================================
