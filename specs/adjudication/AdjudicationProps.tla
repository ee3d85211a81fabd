------------------------- MODULE AdjudicationProps -------------------------
(***************************************************************************)
(* What must be true of Adjudication.                                      *)
(*                                                                         *)
(* The adjudicator forgets; the properties must not.  So this module       *)
(* remembers what the spec does not: every commit ever decided, what       *)
(* readers were told, what a crash took away.  These variables watch: no   *)
(* step of the spec depends on them.  An action together with what is      *)
(* noted of it is called by the action's name and `Noted'.                 *)
(***************************************************************************)
EXTENDS Adjudication, Sequences

VARIABLES
    commits,    \* every commit decided, in the order of the decisions
    journal,    \* the records that are in the journal for good
    told,       \* the greatest promise that a reader has heard
    ended       \* the greatest lease that an adjudicator had when it crashed

notes == <<commits, journal, told, ended>>

varsNoted == <<vars, notes>>

InitNoted ==
    /\ Init
    /\ commits = << >>
    /\ journal = {}
    /\ told = Zero
    /\ ended = Zero

-----------------------------------------------------------------------------
(***************************************************************************)
(* Names only tell transactions apart.  So Txn is 1 .. n in every model,   *)
(* and names are given out in the order of the decisions, each once: that  *)
(* loses no behaviour but those which differ by a renaming.                *)
(***************************************************************************)
IsNextName(txn) == txn = Len(commits) + 1

CommitNoted(txn, start, keys, ts) ==
    /\ IsNextName(txn)
    /\ Commit(txn, start, keys, ts)
    /\ commits' = Append(commits, [start |-> start, keys |-> keys, ts |-> ts])
    /\ UNCHANGED <<journal, told, ended>>

RefuseNoted(txn, start, keys) ==
    /\ IsNextName(txn)
    /\ Refuse(txn, start, keys)
    /\ UNCHANGED notes

DeclineNoted(txn, start, ts) ==
    /\ IsNextName(txn)
    /\ Decline(txn, start, ts)
    /\ UNCHANGED notes

DurableNoted(txn, ts) ==
    /\ Durable(txn, ts)
    /\ journal' = journal \cup {[txn |-> txn, ts |-> ts]}
    /\ UNCHANGED <<commits, told, ended>>

HeartbeatNoted(upto) ==
    /\ Heartbeat(upto)
    /\ told' = Later(told, upto)
    /\ UNCHANGED <<commits, journal, ended>>

RenewNoted(until) == Renew(until) /\ UNCHANGED notes

ForgetNoted(upto) == Forget(upto) /\ UNCHANGED notes

\* What kept says of transactions that are not under way changes nothing, so
\* only the choice among those that are need be explored.
RecoverNoted(txns, at) ==
    LET found == {r \in appending : r.txn \in txns}
        kept  == [t \in txns |-> (CHOOSE r \in found : r.txn = t).ts]
    IN  /\ txns = {r.txn : r \in found}
        /\ Recover(kept, at)
        /\ journal' = journal \cup found
        /\ ended' = Later(ended, lease)
        /\ UNCHANGED <<commits, told>>

KeysUsed == UNION {[used -> Class] : used \in SUBSET Key \ {{}}}

Judge ==
    \/ \E txn \in Txn, start \in Time, keys \in KeysUsed, ts \in Time :
           CommitNoted(txn, start, keys, ts)
    \/ \E txn \in Txn, start \in Time, keys \in KeysUsed : RefuseNoted(txn, start, keys)
    \/ \E txn \in Txn, ts \in Time : DurableNoted(txn, ts)
    \/ \E upto \in Time : ForgetNoted(upto)

Promise ==
    \/ \E txn \in Txn, start \in Time, ts \in Time : DeclineNoted(txn, start, ts)
    \/ \E upto \in Time : HeartbeatNoted(upto)
    \/ \E until \in Time : RenewNoted(until)

Restart == \E txns \in SUBSET Txn, at \in Time : RecoverNoted(txns, at)

NextNoted == Judge \/ Promise \/ Restart

SpecNoted == InitNoted /\ [][NextNoted]_varsNoted

-----------------------------------------------------------------------------
(***************************************************************************)
(* The table of conflicts once more, pair by pair and not taken from the   *)
(* spec: an earlier access, and one that must not be concurrent with it.   *)
(***************************************************************************)
MustNotMeet ==
    {<<"W", "W">>, <<"W", "N">>, <<"W", "S">>, <<"W", "R">>,
     <<"N", "W">>, <<"N", "N">>,               <<"N", "R">>,
     <<"S", "W">>}

CommitNumbers == 1 .. Len(commits)

\* Commit c was decided without knowing what the access of class d to k needed.
Missed(c, k, d, start) ==
    /\ k \in DOMAIN c.keys
    /\ <<c.keys[k], d>> \in MustNotMeet
    /\ Before(start, c.ts)

\* INV: P10, P15.  Of two conflicting accesses the later began after the earlier
\* had committed, whatever has been forgotten or lost in between.
NoConflictMissed ==
    \A i, j \in CommitNumbers :
        i < j => \A k \in DOMAIN commits[j].keys :
                     ~Missed(commits[i], k, commits[j].keys[k], commits[j].start)

\* INV: P10.  Who is refused began below the floor or really met a conflict.
\* (Admissible asks for every key by itself, so one key is enough.)
RefusedWithReason ==
    \A start \in Time, k \in Key, c \in Class :
        (ENABLED Refuse(1, start, k :> c)) =>
            \/ Before(start, floor)
            \/ \E i \in CommitNumbers : Missed(commits[i], k, c, start)

\* INV: P6.  Promises are backed by the lease.
PromiseWithinLease == AtMost(promise, lease)

\* INV: P6.  A promise does not overtake a record on its way to the journal.
PromiseBelowRecords == \A r \in appending : Before(told, r.ts)

\* INV: P15.  Only what can still refuse somebody is remembered.
NothingStale ==
    \A i \in DOMAIN history : Before(floor, history[i].ts)

\* The commit that a step decides.
NewCommit == commits'[Len(commits')]

Committing == Len(commits') > Len(commits)

\* INV: P2.  Commit times increase, in one epoch and from one to the next, and
\* exceed the start.
TimesIncrease ==
    [][Committing =>
           /\ Before(NewCommit.start, NewCommit.ts)
           /\ \A i \in CommitNumbers : Before(commits[i].ts, NewCommit.ts)]_varsNoted

\* INV: P2.  Nothing commits beyond the lease.
LeaseKept == [][Committing => AtMost(NewCommit.ts, lease)]_varsNoted

\* INV: P2, P6.  Nothing commits at or below a promise that was ever made, not
\* even by an adjudicator that has started again and knows of no promise.
PromiseKept == [][Committing => Before(told, NewCommit.ts)]_varsNoted

\* INV: P19.  Nothing commits at or below the lease of one who crashed.
AboveOldLeases == [][Committing => Before(ended, NewCommit.ts)]_varsNoted

\* INV: P11.  Of the records under way the journal keeps a prefix.
JournalInOrder ==
    [][\A r \in appending : r \in journal' =>
           \A q \in appending : Before(q.ts, r.ts) => q \in journal']_varsNoted

-----------------------------------------------------------------------------
\* LIVENESS: P11, P13.  If the journal goes on, no record stays under way.
Settles ==
    \A txn \in Txn : (\E r \in appending : r.txn = txn) ~> (\A r \in appending : r.txn # txn)

FairSpec ==
    SpecNoted /\ WF_varsNoted(\E txn \in Txn, ts \in Time : DurableNoted(txn, ts))

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must be possible.  Each is stated as its contrary; a model shows   *)
(* the contrary to be wrong.                                               *)
(***************************************************************************)
Beside(c, d) ==
    \E i, j \in CommitNumbers :
        /\ i < j
        /\ Before(commits[j].start, commits[i].ts)
        /\ \E k \in DOMAIN commits[i].keys \cap DOMAIN commits[j].keys :
               commits[i].keys[k] = c /\ commits[j].keys[k] = d

\* An update of other columns beside FOR KEY SHARE, whichever is first.
NeverUpdateBesideKeyShare == ~Beside("N", "S")
NeverKeyShareBesideUpdate == ~Beside("S", "N")

\* A validated read does not disturb who writes after it.
NeverWriterAfterValidatedRead == ~Beside("R", "W")

\* A crash loses a record that was not durable, and what follows goes on.
NeverLost ==
    ~\E i \in CommitNumbers :
         /\ \A r \in journal \cup appending : r.txn # i
         /\ i < Len(commits)
=============================================================================
