----------------------- MODULE SnapshotIsolationProps -----------------------
(***************************************************************************)
(* What must be true of SnapshotIsolation.                                 *)
(*                                                                         *)
(* The spec forgets; the properties must not.  So this module remembers    *)
(* what the spec does not: every commit ever made, what clients were told, *)
(* and a few reads.  These variables watch: no step of the spec depends on *)
(* them.  An action together with what is noted of it is called by the     *)
(* action's name and `Noted'.                                              *)
(***************************************************************************)
EXTENDS SnapshotIsolation

CONSTANT
    Watch       \* how many reads are remembered at most

VARIABLES
    begun,      \* how many transactions have begun
    commits,    \* every commit made: [txn, start, keys, ts]
    answered,   \* the transactions whose clients were told of their commit
    watched     \* some reads: [txn, key, start, seen, base]

notes == <<begun, commits, answered, watched>>

varsNoted == <<vars, notes>>

InitNoted ==
    /\ Init
    /\ begun = 0
    /\ commits = {}
    /\ answered = {}
    /\ watched = {}

CommitOf(txn, ts) ==
    [txn |-> txn, start |-> active[txn].start, keys |-> active[txn].writes, ts |-> ts]

-----------------------------------------------------------------------------
(***************************************************************************)
(* Names only tell transactions apart.  So Txn is 1 .. n in every model,   *)
(* and names are given out in the order of the beginnings, each once: that *)
(* loses no behaviour but those which differ by a renaming.                *)
(***************************************************************************)
BeginNoted(txn, start) ==
    /\ txn = begun + 1
    /\ Begin(txn, start)
    /\ begun' = txn
    /\ UNCHANGED <<commits, answered, watched>>

\* Every property of reads speaks of one read or of two.  So it is enough to
\* remember that many, if they may be any: the choice is left open.
ReadNoted(txn, keys) ==
    \E seen \in [keys -> Time \cup {Zero}] :
        /\ Read(txn, seen)
        /\ \/ watched' = watched
           \/ /\ Cardinality(watched) < Watch
              /\ \E k \in keys :
                     watched' = watched \cup
                         {[txn |-> txn, key |-> k, start |-> active[txn].start,
                           seen |-> seen[k], base |-> base]}
        /\ UNCHANGED <<begun, commits, answered>>

WriteNoted(txn, keys) == Write(txn, keys) /\ UNCHANGED notes

CommitNoted(txn, ts) ==
    /\ Commit(txn, ts)
    /\ commits' = commits \cup {CommitOf(txn, ts)}
    /\ UNCHANGED <<begun, answered, watched>>

AcknowledgeNoted(txn) ==
    /\ Acknowledge(txn)
    /\ answered' = answered \cup {txn}
    /\ UNCHANGED <<begun, commits, watched>>

CommitReadOnlyNoted(txn) == CommitReadOnly(txn) /\ UNCHANGED notes

AbortNoted(txn) == Abort(txn) /\ UNCHANGED notes

AbandonNoted(txn) == Abandon(txn) /\ UNCHANGED notes

RecoverNoted(kept) ==
    /\ Recover(kept)
    /\ commits' = commits \cup
           {CommitOf(t, kept[t]) :
                t \in {u \in DOMAIN kept \cap DOMAIN active : active[u].phase # "committed"}}
    /\ UNCHANGED <<begun, answered, watched>>

ForgetNoted(upto) == Forget(upto) /\ UNCHANGED notes

NextNoted ==
    \/ \E txn \in Txn, start \in Time : BeginNoted(txn, start)
    \/ \E txn \in Txn, keys \in SUBSET Key \ {{}} : ReadNoted(txn, keys)
    \/ \E txn \in Txn, keys \in SUBSET Key \ {{}} : WriteNoted(txn, keys)
    \/ \E txn \in Txn, ts \in Time : CommitNoted(txn, ts)
    \/ \E txn \in Txn : AcknowledgeNoted(txn)
    \/ \E txn \in Txn : CommitReadOnlyNoted(txn)
    \/ \E txn \in Txn : AbortNoted(txn)
    \/ \E txn \in Txn : AbandonNoted(txn)
    \/ \E txns \in SUBSET Txn : \E kept \in [txns -> Time] : RecoverNoted(kept)
    \/ \E upto \in Time : ForgetNoted(upto)

SpecNoted == InitNoted /\ [][NextNoted]_varsNoted

-----------------------------------------------------------------------------
Concurrent(c, d) == Before(c.start, d.ts) /\ Before(d.start, c.ts)

\* INV: P10.  Of two concurrent writers of a key only the first to commit wins.
FirstCommitterWins ==
    \A c, d \in commits :
        (c.txn # d.txn /\ c.keys \cap d.keys # {}) => ~Concurrent(c, d)

\* INV: P2.  A commit lies after its snapshot.
CommitsAfterStart == \A c \in commits : Before(c.start, c.ts)

\* The commits that a read of key k at start must take into account.
Visible(k, start) == {c \in commits : k \in c.keys /\ AtMost(c.ts, start)}

\* `seen' is what a snapshot at start holds of key k, of all commits ever made.
Truth(k, start, seen) ==
    /\ seen = Zero \/ \E c \in Visible(k, start) : c.ts = seen
    /\ \A c \in Visible(k, start) : AtMost(c.ts, seen)

\* INV: P4.  A read returned what its snapshot holds, and would do so again at
\* any later time.  Only what had been forgotten before it was read is not told
\* apart: then answer and truth both lie at or below the base of that time.
ReadsOneSnapshot ==
    \A r \in watched :
        \/ Truth(r.key, r.start, r.seen)
        \/ /\ AtMost(r.seen, r.base)
           /\ \A c \in Visible(r.key, r.start) : AtMost(c.ts, r.base)

\* INV: P13.  A version exists exactly if a commit made it and it has not been
\* forgotten: no commit is ever lost, none appears from nowhere, and each is
\* there with all of its keys.
CommitsStay ==
    \A k \in Key :
        LET made == VersionsOf(k)
            kept == {d \in commits : k \in d.keys /\ Before(base, d.ts)}
        IN  {made[i] : i \in DOMAIN made} = {[start |-> c.start, ts |-> c.ts] : c \in kept}

\* INV: P13, P16.  Who was told that it committed has committed, once, and so has
\* everyone whom the spec calls committed.
AnsweredHaveCommitted ==
    /\ answered \subseteq {c.txn : c \in commits}
    /\ \A t \in DOMAIN active :
           (active[t].phase = "committed") =
               (\E c \in commits : c.txn = t /\ c.ts = active[t].ts)
    /\ \A c, d \in commits : c.txn = d.txn => c = d

\* INV: P7.  Nothing refuses a transaction that has written nothing, and each of
\* its reads has an answer.
ReadOnlyNeverFails ==
    \A t \in DOMAIN active :
        (active[t].phase = "running" /\ active[t].writes = {}) =>
            /\ ENABLED CommitReadOnly(t)
            /\ \A k \in Key : \E seen \in Time \cup {Zero} : ENABLED Read(t, k :> seen)

\* INV: P3, P1.  Who begins after an acknowledgement sees what was acknowledged.
RealTimeOrder ==
    [][\A t \in DOMAIN active' \ DOMAIN active :
           \A c \in commits :
               c.txn \in answered => AtMost(c.ts, active'[t].start)]_varsNoted

-----------------------------------------------------------------------------
\* LIVENESS: P16.  Who has committed is told, unless it stopped waiting.
AnswersCome ==
    \A t \in Txn :
        (t \in DOMAIN active /\ active[t].phase = "committed") ~> (t \notin DOMAIN active)

FairSpec == SpecNoted /\ \A t \in Txn : WF_varsNoted(AcknowledgeNoted(t))

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must be possible.  Each is stated as its contrary; a model shows   *)
(* the contrary to be wrong.                                               *)
(***************************************************************************)
\* Each of two concurrent transactions reads what the other one writes.
NeverWriteSkew ==
    ~\E c, d \in commits, r, q \in watched :
         /\ c.keys \cap d.keys = {}
         /\ r.txn = c.txn /\ r.key \in d.keys /\ Before(r.start, d.ts)
         /\ q.txn = d.txn /\ q.key \in c.keys /\ Before(q.start, c.ts)

\* A client that stopped waiting has committed all the same.
NeverCommittedUnheard ==
    ~\E c \in commits : c.txn \notin answered /\ c.txn \notin DOMAIN active

\* A reader keeps its snapshot while others commit after it.
NeverReadOfThePast ==
    ~\E r \in watched, c \in commits :
         /\ r.txn \in DOMAIN active
         /\ c.txn \in answered
         /\ r.key \in c.keys
         /\ Before(r.start, c.ts)
=============================================================================
