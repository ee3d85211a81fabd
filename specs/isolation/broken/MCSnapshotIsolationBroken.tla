--------------------- MODULE MCSnapshotIsolationBroken ---------------------
(***************************************************************************)
(* SnapshotIsolation with one rule dropped.  Each definition below         *)
(* replaces one of the spec in one model (a line such as                   *)
(* `Apart <- ApartAlways' in its configuration) and breaks one     *)
(* property; the manifest says which.  A property that no broken rule      *)
(* breaks would say nothing.                                               *)
(***************************************************************************)
EXTENDS MCSnapshotIsolation

\* P10: no conflict check.
ApartAlways(k, start, ts) == TRUE

\* P4: commits into a snapshot that has been read.
MayCommitNoHorizon(t, ts) ==
    /\ active[t].phase \in {"running", "abandoned"}
    /\ active[t].writes # {}
    /\ AtMost(base, active[t].start)
    /\ Before(active[t].start, ts)
    /\ \A k \in active[t].writes : Apart(k, active[t].start, ts)

\* P15: who began before what was forgotten may still commit.
MayCommitNoBase(t, ts) ==
    /\ active[t].phase \in {"running", "abandoned"}
    /\ active[t].writes # {}
    /\ Before(active[t].start, ts)
    /\ Before(horizon, ts)
    /\ \A k \in active[t].writes : Apart(k, active[t].start, ts)

\* P2: a commit at its own start.
MayCommitAtStart(t, ts) ==
    /\ active[t].phase \in {"running", "abandoned"}
    /\ active[t].writes # {}
    /\ AtMost(base, active[t].start)
    /\ AtMost(active[t].start, ts)
    /\ Before(horizon, ts)
    /\ \A k \in active[t].writes : Apart(k, active[t].start, ts)

\* P4: a version that comes to light late is taken for the newest.
WithLast(made, v) == Append(made, v)

\* P4: any version before the snapshot will do.
IsNewestAny(k, seen, start) ==
    /\ AtMost(seen, start)
    /\ \/ AtMost(seen, base)
       \/ \E i \in DOMAIN VersionsOf(k) : seen = VersionsOf(k)[i].ts

\* P1, P3: no commit wait, so a snapshot may lie before an acknowledged commit.
BeginNoWait(txn, start) ==
    /\ txn \notin DOMAIN active
    /\ active' = (txn :> [start |-> start, writes |-> {},
                          phase |-> "running", ts |-> Zero]) @@ active
    /\ UNCHANGED <<versions, acked, horizon, base>>

\* P3, P13: acknowledged before it is durable.
AcknowledgeEarly(txn) ==
    /\ txn \in DOMAIN active
    /\ active[txn].phase \in {"running", "committed"}
    /\ acked' = Later(acked, active[txn].ts)
    /\ active' = Without({txn})
    /\ UNCHANGED <<versions, horizon, base>>

\* P7: a read-only transaction is checked like a writer.
CommitReadOnlyChecked(txn) ==
    /\ txn \in DOMAIN active
    /\ active[txn].phase = "running"
    /\ active[txn].writes = {}
    /\ \A k \in Key, ts \in Time : Apart(k, active[txn].start, ts)
    /\ active' = Without({txn})
    /\ UNCHANGED <<versions, acked, horizon, base>>

\* P13: after a crash only what was in doubt is there.
RecoverLoses(kept) ==
    LET doubted == {t \in DOMAIN kept \cap DOMAIN active : active[t].phase # "committed"}
        found   == [t \in doubted |-> kept[t]]
    IN  /\ \A t \in DOMAIN kept \cap DOMAIN active :
               active[t].phase = "committed" => active[t].ts = kept[t]
        /\ \A t \in doubted : MayCommit(t, kept[t])
        /\ InTurn(found)
        /\ versions' = [k \in UNION {active[t].writes : t \in doubted} |->
                            WithAll(<< >>, {[start |-> active[t].start, ts |-> kept[t]] :
                                t \in {u \in doubted : k \in active[u].writes}})]
        /\ active' = ActiveWith(found)
        /\ UNCHANGED <<acked, horizon, base>>

\* P10: records found after a crash are not looked at side by side.
InTurnNever(found) == TRUE

\* P22: versions are dropped, and who reads them is not told.
ForgetTooMuch(upto) ==
    /\ versions' = LET left(k) == SelectSeq(versions[k], LAMBDA v : Before(upto, v.ts))
                   IN  [k \in {j \in DOMAIN versions : left(j) # << >>} |-> left(k)]
    /\ active' = Without({t \in DOMAIN active :
                             /\ active[t].phase # "committed"
                             /\ Before(active[t].start, upto)})
    /\ UNCHANGED <<acked, horizon, base>>

\* The types: who waits no longer is in a phase of its own.
AbandonUnknown(txn) ==
    /\ txn \in DOMAIN active
    /\ active[txn].phase = "running"
    /\ active' = [active EXCEPT ![txn].phase = "unknown"]
    /\ UNCHANGED <<versions, acked, horizon, base>>
=============================================================================
