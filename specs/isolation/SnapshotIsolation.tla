------------------------- MODULE SnapshotIsolation -------------------------
(***************************************************************************)
(* Rung 1.  What a client of the database can see.                         *)
(*                                                                         *)
(* There are no machines here: transactions begin, read, write and commit, *)
(* and a commit is one step.  The spec says strong snapshot isolation: all *)
(* reads of a transaction see one snapshot, of two concurrent writers of a *)
(* key the first to commit wins, and a transaction that begins after       *)
(* another was acknowledged sees it.  It does not say serialisability:     *)
(* write skew is allowed (and reachable, see the models).                  *)
(*                                                                         *)
(* A version is known by its commit time, and keeps the start of the       *)
(* transaction that made it.  Commits need not come in the order of their  *)
(* times: an earlier one, long in doubt, may come to light after a later   *)
(* one of the same key that began after it (P14).  What is older than      *)
(* `base' has been forgotten: reads of it are no longer told apart, and    *)
(* who began before it can no longer commit.                               *)
(***************************************************************************)
EXTENDS Times, FiniteSets, Sequences, TLC

CONSTANTS
    Txn,        \* names of transactions; a name is used once
    Key,        \* keys
    Time,       \* commit times and snapshot times
    Zero        \* a time before all of Time

VARIABLES
    versions,   \* key -> its versions after base, oldest first: [start, ts]
    active,     \* transaction -> what is known of it while it is under way
    acked,      \* the greatest commit time acknowledged to any client
    horizon,    \* the greatest snapshot time at which anyone has read
    base        \* versions at or below it have been forgotten

vars == <<versions, active, acked, horizon, base>>

(***************************************************************************)
(* A transaction is "running" until its commit, "committed" from there to  *)
(* its acknowledgement, and "abandoned" when its client stopped waiting    *)
(* for an answer: it may still commit, for nobody knows yet (P16).         *)
(***************************************************************************)
Phase == {"running", "committed", "abandoned"}

Transaction == [start : Time, writes : SUBSET Key, phase : Phase, ts : Time \cup {Zero}]

TypeOK ==
    /\ DOMAIN versions \subseteq Key
    /\ \A k \in DOMAIN versions : versions[k] \in Seq([start : Time, ts : Time])
    /\ DOMAIN active \subseteq Txn
    /\ \A t \in DOMAIN active : active[t] \in Transaction
    /\ acked \in Time \cup {Zero}
    /\ horizon \in Time \cup {Zero}
    /\ base \in Time \cup {Zero}

Init ==
    /\ versions = << >>
    /\ active = << >>
    /\ acked = Zero
    /\ horizon = Zero
    /\ base = Zero

-----------------------------------------------------------------------------
VersionsOf(k) == IF k \in DOMAIN versions THEN versions[k] ELSE << >>

\* The commit time of the last of the first n of `made', which ascend, that is at or
\* before start.  (It looks from the end: what is read most is what was written last.)
RECURSIVE NewestOf(_, _, _)
NewestOf(made, n, start) ==
    IF n = 0 THEN Zero
    ELSE IF AtMost(made[n].ts, start) THEN made[n].ts ELSE NewestOf(made, n - 1, start)

\* The version `seen' is the newest of key k at or before `start'.
IsNewest(k, seen, start) ==
    LET newest == NewestOf(VersionsOf(k), Len(VersionsOf(k)), start)
    IN  IF newest # Zero THEN seen = newest ELSE AtMost(seen, start) /\ AtMost(seen, base)

\* Of the first n of `made' none is concurrent with a writer from start to ts: each
\* was there at its start, or began when it had committed.  (From the end, again.)
RECURSIVE ApartFrom(_, _, _, _)
ApartFrom(made, n, start, ts) ==
    IF n = 0 THEN TRUE
    ELSE IF AtMost(made[n].ts, start) THEN TRUE
    ELSE AtMost(ts, made[n].start) /\ ApartFrom(made, n - 1, start, ts)

Apart(k, start, ts) == ApartFrom(VersionsOf(k), Len(VersionsOf(k)), start, ts)

\* The versions of `made' and v, which nearly always is the newest.
With(made, v) ==
    IF made = << >> \/ Before(made[Len(made)].ts, v.ts) THEN Append(made, v)
    ELSE SelectSeq(made, LAMBDA w : Before(w.ts, v.ts)) \o <<v>> \o
         SelectSeq(made, LAMBDA w : Before(v.ts, w.ts))

RECURSIVE WithAll(_, _)
WithAll(made, new) ==
    IF new = {} THEN made
    ELSE LET v == CHOOSE w \in new : TRUE IN With(WithAll(made, new \ {v}), v)

\* The versions when every transaction t of DOMAIN kept has committed at kept[t].
VersionsWith(kept) ==
    LET written == UNION {active[t].writes : t \in DOMAIN kept}
        new(k)  == {[start |-> active[t].start, ts |-> kept[t]] :
                        t \in {u \in DOMAIN kept : k \in active[u].writes}}
        longer  == [k \in written \cap DOMAIN versions |-> WithAll(versions[k], new(k))]
    IN  (longer @@ versions) @@ [k \in written \ DOMAIN versions |-> WithAll(<< >>, new(k))]

\* Transactions leave `active' when nothing more can happen to them.
Without(gone) == [t \in DOMAIN active \ gone |-> active[t]]

MayCommit(t, ts) ==
    /\ active[t].phase \in {"running", "abandoned"}
    /\ active[t].writes # {}
    /\ AtMost(base, active[t].start)
    /\ Before(Later(active[t].start, horizon), ts)
    /\ \A k \in active[t].writes : Apart(k, active[t].start, ts)

\* What is left of `active' when the transactions of kept have committed.
ActiveWith(kept) ==
    [t \in DOMAIN active \ {u \in DOMAIN kept : active[u].phase = "abandoned"} |->
        IF t \in DOMAIN kept
        THEN [active[t] EXCEPT !.phase = "committed", !.ts = kept[t]]
        ELSE active[t]]

\* Of two transactions that wrote one key the later began after the earlier.
InTurn(found) ==
    \A t, u \in DOMAIN found :
        (t # u /\ active[t].writes \cap active[u].writes # {}) =>
            \/ AtMost(found[u], active[t].start)
            \/ AtMost(found[t], active[u].start)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Begin                                                                   *)
(*   who      a query processor, at a transaction's first statement        *)
(*   why      to fix its snapshot; no message is sent for it (P1)          *)
(*   when     always, with a start no earlier than any acknowledged commit *)
(*   changes  active                                                       *)
(***************************************************************************)
Begin(txn, start) ==
    /\ txn \notin DOMAIN active
    /\ AtMost(acked, start)
    /\ active' = (txn :> [start |-> start, writes |-> {},
                          phase |-> "running", ts |-> Zero]) @@ active
    /\ UNCHANGED <<versions, acked, horizon, base>>

(***************************************************************************)
(* Read                                                                    *)
(*   who      a query processor, with what storage answered                *)
(*   why      P4: per key, the newest version at or before the snapshot    *)
(*   when     seen[k] is that version's commit time, for every key of seen *)
(*            (keys that the transaction wrote itself are not in seen)     *)
(*   changes  horizon: from here on nothing may commit into this snapshot  *)
(***************************************************************************)
Read(txn, seen) ==
    /\ txn \in DOMAIN active
    /\ active[txn].phase = "running"
    /\ \A k \in DOMAIN seen : IsNewest(k, seen[k], active[txn].start)
    /\ horizon' = Later(horizon, active[txn].start)
    /\ UNCHANGED <<versions, active, acked, base>>

(***************************************************************************)
(* Write                                                                   *)
(*   who      a query processor                                            *)
(*   why      P8: a write stays in the buffer of its transaction           *)
(*   when     the transaction is running                                   *)
(*   changes  active                                                       *)
(***************************************************************************)
Write(txn, keys) ==
    /\ txn \in DOMAIN active
    /\ active[txn].phase = "running"
    /\ active' = [active EXCEPT ![txn].writes = @ \cup keys]
    /\ UNCHANGED <<versions, acked, horizon, base>>

(***************************************************************************)
(* Commit                                                                  *)
(*   who      the adjudicator, when the transaction's record is durable    *)
(*   why      P13: that is the commit point, one for all its keys          *)
(*   when     no concurrent transaction committed one of its keys (first   *)
(*            committer wins), and nobody has read a snapshot that the     *)
(*            commit would change                                          *)
(*   changes  versions, active                                             *)
(***************************************************************************)
Commit(txn, ts) ==
    /\ txn \in DOMAIN active
    /\ MayCommit(txn, ts)
    /\ versions' = VersionsWith(txn :> ts)
    /\ active' = ActiveWith(txn :> ts)
    /\ UNCHANGED <<acked, horizon, base>>

(***************************************************************************)
(* Acknowledge                                                             *)
(*   who      a query processor, after the commit wait (P3)                *)
(*   why      to tell the client                                           *)
(*   when     the transaction has committed                                *)
(*   changes  acked: who begins from here on must see the commit           *)
(***************************************************************************)
Acknowledge(txn) ==
    /\ txn \in DOMAIN active
    /\ active[txn].phase = "committed"
    /\ acked' = Later(acked, active[txn].ts)
    /\ active' = Without({txn})
    /\ UNCHANGED <<versions, horizon, base>>

(***************************************************************************)
(* CommitReadOnly                                                          *)
(*   who      a query processor                                            *)
(*   why      P7: a transaction without writes commits where it is         *)
(*   when     it has written nothing; nothing can refuse it                *)
(*   changes  active                                                       *)
(***************************************************************************)
CommitReadOnly(txn) ==
    /\ txn \in DOMAIN active
    /\ active[txn].phase = "running"
    /\ active[txn].writes = {}
    /\ active' = Without({txn})
    /\ UNCHANGED <<versions, acked, horizon, base>>

(***************************************************************************)
(* Abort                                                                   *)
(*   who      a query processor                                            *)
(*   why      the client rolled back, a statement failed, or the           *)
(*            adjudicator refused                                          *)
(*   when     the transaction has not committed                            *)
(*   changes  active                                                       *)
(***************************************************************************)
Abort(txn) ==
    /\ txn \in DOMAIN active
    /\ active[txn].phase = "running"
    /\ active' = Without({txn})
    /\ UNCHANGED <<versions, acked, horizon, base>>

(***************************************************************************)
(* Abandon                                                                 *)
(*   who      a query processor that waits no longer for the adjudicator   *)
(*   why      P16: the outcome is unknown to the client, never to the      *)
(*            system                                                       *)
(*   when     the transaction is running or has committed meanwhile        *)
(*   changes  active                                                       *)
(***************************************************************************)
Abandon(txn) ==
    /\ txn \in DOMAIN active
    /\ active[txn].phase \in {"running", "committed"}
    /\ active' = IF active[txn].phase = "committed"
                 THEN Without({txn})
                 ELSE [active EXCEPT ![txn].phase = "abandoned"]
    /\ UNCHANGED <<versions, acked, horizon, base>>

(***************************************************************************)
(* Recover                                                                 *)
(*   who      an adjudicator that starts again after a crash               *)
(*   why      records whose durability nobody had confirmed are found in   *)
(*            the journal: they are committed, at the times they carry     *)
(*   when     kept[t] is the commit time found for t; of those, the ones   *)
(*            still under way commit now, each as by Commit                *)
(*   changes  versions, active                                             *)
(***************************************************************************)
Recover(kept) ==
    LET doubted == {t \in DOMAIN kept \cap DOMAIN active : active[t].phase # "committed"}
        found   == [t \in doubted |-> kept[t]]
    IN  /\ \A t \in DOMAIN kept \cap DOMAIN active :
               active[t].phase = "committed" => active[t].ts = kept[t]
        /\ \A t \in doubted : MayCommit(t, kept[t])
        /\ InTurn(found)
        /\ versions' = VersionsWith(found)
        /\ active' = ActiveWith(found)
        /\ UNCHANGED <<acked, horizon, base>>

(***************************************************************************)
(* Forget                                                                  *)
(*   who      a replica of storage, when it drops old versions             *)
(*   why      P22: no transaction is older than the age limit, so nobody   *)
(*            needs them                                                   *)
(*   when     always; the replicas forget each by itself, so one may have  *)
(*            less to forget than another did before: that changes nothing *)
(*   changes  versions, base, and active: what began before upto and has   *)
(*            not committed never will                                     *)
(***************************************************************************)
Forget(upto) ==
    /\ base' = Later(base, upto)
    /\ versions' = LET left(k) == SelectSeq(versions[k], LAMBDA v : Before(upto, v.ts))
                   IN  [k \in {j \in DOMAIN versions : left(j) # << >>} |-> left(k)]
    /\ active' = Without({t \in DOMAIN active :
                             /\ active[t].phase # "committed"
                             /\ Before(active[t].start, upto)})
    /\ UNCHANGED <<acked, horizon>>

-----------------------------------------------------------------------------
Next ==
    \/ \E txn \in Txn, start \in Time : Begin(txn, start)
    \/ \E txn \in Txn, keys \in SUBSET Key :
           \E seen \in [keys -> Time \cup {Zero}] : Read(txn, seen)
    \/ \E txn \in Txn, keys \in SUBSET Key : Write(txn, keys)
    \/ \E txn \in Txn, ts \in Time : Commit(txn, ts)
    \/ \E txn \in Txn : Acknowledge(txn)
    \/ \E txn \in Txn : CommitReadOnly(txn)
    \/ \E txn \in Txn : Abort(txn)
    \/ \E txn \in Txn : Abandon(txn)
    \/ \E txns \in SUBSET Txn : \E kept \in [txns -> Time] : Recover(kept)
    \/ \E upto \in Time : Forget(upto)

Spec == Init /\ [][Next]_vars
=============================================================================
