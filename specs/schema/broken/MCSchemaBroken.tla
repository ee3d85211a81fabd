--------------------------- MODULE MCSchemaBroken ---------------------------
(***************************************************************************)
(* Schema with one rule dropped.  Each definition below replaces one of    *)
(* the spec in one model (a line such as `Stale <- StaleNever' in its      *)
(* configuration) and breaks one property; the manifest says which.  A     *)
(* property that no broken rule breaks would say nothing.                  *)
(***************************************************************************)
EXTENDS MCSchema

\* P21: a commit does not look at the catalog.
StaleNever(t) == FALSE

\* P21: OC001 without a change.
StaleAlways(t) == TRUE

\* P21: a DDL goes on whatever became of the catalog that it changes.
VerdictOfDdl(t) ==
    IF IsDdl(t) THEN "commit"
    ELSE IF Stale(t) THEN "OC001"
    ELSE IF Conflicting(t) = {} THEN "commit"
    ELSE IF \E k \in Conflicting(t) : LostRace(t, k) THEN RaceAnswer
    ELSE "OC000"

\* P10: entries are not looked at, only rows are.
ConflictingRows(t) ==
    {k \in DOMAIN active[t].writes : k[1] # "entry" /\ ~Unchanged(k, active[t].start)}

\* P10: nothing is looked at.
ConflictingNever(t) == {}

\* P10: a transaction conflicts with whoever has ended before it began.
ConflictingAll(t) == {k \in DOMAIN active[t].writes : k \in DOMAIN versions}

\* P10: the loser of a race is told of a duplicate that there is not.
LostRaceAlways(t, k) == TRUE

\* P21: any change of the catalog is let pass.
SameTableAlways(used, now) == TRUE

\* P10: an old entry that is not there yet is not removed, so the batch that is
\* about to make it meets no one.
RemovedIfThere(t, r, old) ==
    IF old = Absent \/ Holder(t, r, old) = Absent THEN << >>
    ELSE EntryKey(Used(t).index, old, r) :> IF Taken(t, r, old) THEN Holder(t, r, old) ELSE Absent

\* P21: old entries stay.
RemovedNever(t, r, old) == << >>

\* P10: another row's entry is left alone.
RemovedIfOwn(t, r, old) ==
    IF old = Absent \/ Taken(t, r, old) THEN << >>
    ELSE EntryKey(Used(t).index, old, r) :> Absent

\* P21: an old entry is removed, whosever it is.
RemovedAnyway(t, r, old) ==
    IF old = Absent THEN << >> ELSE EntryKey(Used(t).index, old, r) :> Absent

\* P21: a row gets its entry only once the index is valid.
AddedIfValid(t, r, new) ==
    IF new = Absent \/ ~Used(t).valid THEN << >> ELSE EntryKey(Used(t).index, new, r) :> r

\* P21: a value that another row has is admitted.
IsDuplicateNever(t, r, old, new) == FALSE

\* P21: a build that has failed blocks writers.
IsDuplicateIfFailed(t, r, old, new) ==
    /\ Used(t).index # 0
    /\ new \notin {old, Absent}
    /\ Taken(t, r, new) \/ build.failed

\* P21: a new index finds the entries of one that was dropped.
EntryKeyOfAll(index, value, row) ==
    IF Unique THEN <<"entry", 1, value>> ELSE <<"entry", 1, value, row>>

\* P21: a batch takes an entry from another row.
ClashesNever(t, rows) == FALSE

\* P21: a batch that began before the declaration counts.
MayFillEarly(txn, rows) ==
    /\ Running(txn)
    /\ Unwritten(txn)
    /\ rows # {}
    /\ rows \subseteq build.left
    /\ ~build.failed
    /\ Cardinality(rows) <= Limit

BuildAfterAny(t) == [build EXCEPT !.left = @ \ active[t].fills]

\* P22: a batch has as many rows as there are.
MayFillAll(txn, rows) ==
    /\ Running(txn)
    /\ Unwritten(txn)
    /\ rows # {}
    /\ rows \subseteq build.left
    /\ ~build.failed
    /\ Used(txn).index = build.index

\* P21: a batch is done before it has committed.
FillDone(txn, rows) ==
    /\ MayFill(txn, rows)
    /\ ~Clashes(txn, rows)
    /\ active' = [active EXCEPT ![txn].writes = Batch(txn, rows)]
    /\ build' = [build EXCEPT !.left = @ \ rows]
    /\ UNCHANGED <<versions, latest, base>>

\* P21: the index becomes valid before all rows are done.
CompleteEarly(txn) ==
    /\ Running(txn)
    /\ Used(txn).index = build.index
    /\ build.index # 0
    /\ ~Used(txn).valid
    /\ Define(txn, build.index, TRUE)

\* P21: the index that becomes valid is the one there is now, though the build
\* was begun for one that has been dropped since.
CompleteAnother(txn) ==
    /\ Running(txn)
    /\ Used(txn).index # 0
    /\ build.index # 0
    /\ ~Used(txn).valid
    /\ build.left = {}
    /\ Define(txn, Used(txn).index, TRUE)

\* P21: a reader uses an index that is not valid yet.
LookupEarly(txn, value, found) ==
    /\ Running(txn)
    /\ ReadsChecked => ~Stale(txn)
    /\ found = IF Used(txn).index # 0 THEN ThroughIndex(txn, value) ELSE ThroughTable(txn, value)
    /\ UNCHANGED vars

\* P21: a read does not look at the catalog.
LookupStale(txn, value, found) ==
    /\ Running(txn)
    /\ found = IF Used(txn).valid THEN ThroughIndex(txn, value) ELSE ThroughTable(txn, value)
    /\ UNCHANGED vars

\* P21: a transaction with DDL may have other statements.
UnwrittenAny(t) == TRUE

\* P22: versions are forgotten, and who reads them goes on.
ForgetSilently(upto) ==
    /\ Before(base, upto)
    /\ AtMost(upto, latest)
    /\ base' = upto
    /\ versions' = [k \in {j \in DOMAIN versions : ~IsGone(j, upto)} |-> Since(versions[k], upto)]
    /\ UNCHANGED <<active, latest, build>>

\* The types: an index that is no number.
StartBuildUnnamed(index) ==
    /\ build.index = 0
    /\ build' = [index |-> Absent, left |-> Row, failed |-> FALSE]
    /\ UNCHANGED <<versions, active, latest, base>>
=============================================================================
