---------------------------- MODULE SchemaProps ----------------------------
(***************************************************************************)
(* What must be true of Schema.                                            *)
(*                                                                         *)
(* The variables of this module watch: no step of the spec depends on      *)
(* them.  An action together with what is noted of it is called by the     *)
(* action's name and `Noted'.                                              *)
(***************************************************************************)
EXTENDS Schema

CONSTANTS
    Builder,    \* names for the build alone; where it is empty, any will do
    Retrier     \* names of clients that begin again until they have committed

VARIABLES
    begun,      \* how many transactions of other names have begun
    acked,      \* the greatest commit time of which a client was told
    served,     \* the greatest start of a transaction that has read
    through     \* the retriers that have committed

notes == <<begun, acked, served, through>>

varsNoted == <<vars, notes>>

InitNoted ==
    /\ Init
    /\ begun = 0
    /\ acked = Zero
    /\ served = Zero
    /\ through = {}

Again == Builder \cup Retrier
Filler == IF Builder = {} THEN Txn ELSE Builder
Client == Txn \ Builder

-----------------------------------------------------------------------------
(***************************************************************************)
(* Names only tell transactions apart.  So the others are 1 .. n in every  *)
(* model, and are given out in the order of the beginnings, each once.     *)
(* Times are only compared.  So each is the least that will do: between    *)
(* two commits or snapshots no time is left out.  Both lose no behaviour   *)
(* but those which differ by a renaming.                                   *)
(*                                                                         *)
(* Nobody looks at who has committed, but for the acknowledgement.  So     *)
(* that comes at once: to put it off adds nothing to what can happen.      *)
(*                                                                         *)
(* A build begins a transaction when there is something to do, and ends it *)
(* for a reason; else it could begin and end for ever.  So does a retrier. *)
(***************************************************************************)
Quiet == \A t \in DOMAIN active : active[t].phase = "running"

Least(times, time) == \A t \in times : AtMost(time, t)

\* The index is being built.
Building ==
    /\ Current.index # 0
    /\ ~Current.valid
    /\ ~(build.index = Current.index /\ build.failed)

BeginNoted(txn, start) ==
    /\ Quiet
    /\ Least({t \in Time : AtMost(latest, t)}, start)
    /\ txn \in Builder => Building /\ build.index = Current.index
    /\ txn \notin through
    /\ txn \notin Again => txn = begun + 1
    /\ Begin(txn, start)
    /\ begun' = IF txn \in Again THEN begun ELSE txn
    /\ UNCHANGED <<acked, served, through>>

LookupNoted(txn, value, found) ==
    /\ Quiet
    /\ Lookup(txn, value, found)
    /\ served' = Later(served, active[txn].start)
    /\ UNCHANGED <<begun, acked, through>>

WriteNoted(txn, row, value) ==
    /\ Quiet
    /\ txn \in Retrier => Running(txn) /\ Unwritten(txn)
    /\ Write(txn, row, value)
    /\ UNCHANGED notes

RejectNoted(txn, row, value) == Quiet /\ Reject(txn, row, value) /\ UNCHANGED notes
DeclareNoted(txn) == Quiet /\ Declare(txn) /\ UNCHANGED notes
DropNoted(txn) == Quiet /\ Drop(txn) /\ UNCHANGED notes
AlterNoted(txn) == Quiet /\ Alter(txn) /\ UNCHANGED notes
StartBuildNoted(index) == Quiet /\ StartBuild(index) /\ UNCHANGED notes
FillNoted(txn, rows) == Quiet /\ Fill(txn, rows) /\ UNCHANGED notes
FailBuildNoted(txn, rows) == Quiet /\ FailBuild(txn, rows) /\ UNCHANGED notes
CompleteNoted(txn) == Quiet /\ Complete(txn) /\ UNCHANGED notes

CommitNoted(txn, ts) ==
    /\ Quiet
    /\ Least({t \in Time : Before(latest, t)}, ts)
    /\ Commit(txn, ts)
    /\ through' = through \cup ({txn} \cap Retrier)
    /\ UNCHANGED <<begun, acked, served>>

AcknowledgeNoted(txn) ==
    /\ Acknowledge(txn)
    /\ acked' = Later(acked, active[txn].ts)
    /\ UNCHANGED <<begun, served, through>>

CommitReadOnlyNoted(txn) ==
    /\ Quiet
    /\ txn \notin Retrier
    /\ CommitReadOnly(txn)
    /\ txn \in Builder => active[txn].fills # {} \/ Used(txn).index # build.index
    /\ UNCHANGED notes

RefuseNoted(txn, why) == Quiet /\ Refuse(txn, why) /\ UNCHANGED notes
AbortNoted(txn) == Quiet /\ txn \notin Again /\ Abort(txn) /\ UNCHANGED notes
ForgetNoted(upto) == Quiet /\ Forget(upto) /\ UNCHANGED notes

-----------------------------------------------------------------------------
Dml(txns) ==
    \/ \E txn \in txns, row \in Row, value \in Value \cup {Absent} : WriteNoted(txn, row, value)
    \/ \E txn \in txns, row \in Row, value \in Value : RejectNoted(txn, row, value)

Ddl == \E txn \in Client : DeclareNoted(txn) \/ DropNoted(txn) \/ AlterNoted(txn)

TheBuild ==
    \/ StartBuildNoted(Current.index)
    \/ \E txn \in Filler, rows \in SUBSET Row : FillNoted(txn, rows) \/ FailBuildNoted(txn, rows)
    \/ \E txn \in Filler : CompleteNoted(txn)

BeginOrCommit(txns) ==
    \/ \E txn \in txns, start \in Time : BeginNoted(txn, start)
    \/ \E txn \in txns, ts \in Time : CommitNoted(txn, ts)
    \/ \E txn \in txns : CommitReadOnlyNoted(txn)

Refusals(txns) ==
    \E txn \in txns, why \in {"OC000", "OC001", "23505"} : RefuseNoted(txn, why)

NextNoted ==
    \/ BeginOrCommit(Txn)
    \/ \E txn \in Txn : AcknowledgeNoted(txn) \/ AbortNoted(txn)
    \/ Dml(Client)
    \/ Ddl
    \/ TheBuild
    \/ \E txn \in Client, value \in Value, found \in SUBSET Row : LookupNoted(txn, value, found)
    \/ Refusals(Txn)
    \/ \E upto \in Time : ForgetNoted(upto)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Commits are entered in the order of their times, so every time was the  *)
(* latest once: what holds at `latest' in every state holds at every time. *)
(***************************************************************************)
Now(k) == ValueAt(k, latest)

RunningOnes == {t \in DOMAIN active : Running(t)}

\* INV: P21.  While an index is valid its entries are those of the table's rows.
IndexAgrees ==
    Current.valid =>
        \A r \in Row, v \in Value :
            (Now(EntryKey(Current.index, v, r)) = r) = (Now(RowKey(r)) = v)

\* INV: P21.  While a unique index is valid no two rows have one value.
UniqueHolds ==
    (Unique /\ Current.valid) =>
        \A r, q \in Row : (r # q /\ Now(RowKey(r)) # Absent) => Now(RowKey(r)) # Now(RowKey(q))

ChangedSince(k, start) == \E i \in DOMAIN VersionsOf(k) : Before(start, VersionsOf(k)[i].ts)

\* The rows that got their value after the declaration, as far as is remembered.
GivenSince ==
    LET made == VersionsOf(Catalog)
        declared == {i \in DOMAIN made : made[i].value.version = Current.index}
        given(mine, i) ==
            /\ \A d \in declared : Before(made[d].ts, mine[i].ts)
            /\ Before(base, mine[i].ts)
            /\ i = 1 \/ mine[i].value # mine[i - 1].value
            /\ \A j \in i .. Len(mine) : mine[j].value = mine[i].value
    IN  {r \in Row : \E i \in DOMAIN VersionsOf(RowKey(r)) : given(VersionsOf(RowKey(r)), i)}

\* INV: P21.  From its declaration on, a unique index admits no second row of a
\* value, whatever becomes of its build: only old rows can be duplicates.
NoNewDuplicate ==
    (Unique /\ Current.index # 0) =>
        \A r, q \in GivenSince :
            (r # q /\ Now(RowKey(r)) # Absent) => Now(RowKey(r)) # Now(RowKey(q))

\* The definition says of the table what the catalog that t uses says of it.
AsItWas(t, definition) ==
    <<definition.index, definition.valid>> = <<Used(t).index, Used(t).valid>>

\* INV: P21.  Nothing commits on a catalog that has changed since its start,
\* unless the table is as it was and such changes are let pass.
CatalogKept ==
    \A t \in DOMAIN active : active[t].phase = "committed" =>
        LET made == VersionsOf(Catalog)
            between == {i \in DOMAIN made : Before(active[t].start, made[i].ts)
                                            /\ Before(made[i].ts, active[t].ts)}
            last == CHOOSE i \in between : \A j \in between : j <= i
        IN  between # {} => Rebases /\ ~IsDdl(t) /\ AsItWas(t, made[last].value)

\* INV: P21.  DDL is one transaction with one statement.
OneStatement ==
    \A t \in DOMAIN active : IsDdl(t) =>
        /\ DOMAIN active[t].writes = {Catalog}
        /\ active[t].fills = {}
        /\ active[t].writes[Catalog].version = Used(t).version + 1

\* INV: P21.  Each change of the catalog began after the one before it had
\* committed: of two concurrent DDLs one fails.
DdlsInTurn ==
    \A i \in 2 .. Len(VersionsOf(Catalog)) :
        LET old == VersionsOf(Catalog)[i - 1]
            new == VersionsOf(Catalog)[i]
        IN  AtMost(old.ts, new.start) /\ new.value.version = old.value.version + 1

\* INV: P10, P21.  Who is refused is told the truth: OC001 only if the catalog
\* has changed, OC000 only if a key has, 23505 only if another one inserted it.
RefusedWithReason ==
    \A t \in RunningOnes :
        LET start == active[t].start
        IN  /\ (ENABLED Refuse(t, "OC001")) =>
                   ChangedSince(Catalog, start) /\ (Rebases => IsDdl(t) \/ ~AsItWas(t, Current))
            /\ (ENABLED Refuse(t, "OC000")) =>
                   \E k \in DOMAIN active[t].writes : ChangedSince(k, start)
            /\ (ENABLED Refuse(t, "23505")) =>
                   \E k \in DOMAIN active[t].writes :
                       ChangedSince(k, start) /\ ValueAt(k, start) = Absent /\ Now(k) # Absent

\* INV: P21.  A statement fails with 23505, and a build fails, only if two rows
\* would have one value: an index that failed or was dropped is in nobody's way.
RejectedWithReason ==
    \A t \in RunningOnes, r \in Row, v \in Value :
        /\ (ENABLED Reject(t, r, v)) => \E q \in Row \ {r} : Seen(t, RowKey(q)) = v
        /\ (ENABLED FailBuild(t, {r}) /\ Seen(t, RowKey(r)) = v) =>
               \E q \in Row \ {r} : Seen(t, RowKey(q)) = v

\* INV: P4, P21.  Whatever a lookup goes through, it finds what the table holds.
LookupsAgree ==
    \A t \in RunningOnes, v \in Value, found \in SUBSET Row :
        (ENABLED Lookup(t, v, found)) => found = {r \in Row : Seen(t, RowKey(r)) = v}

\* INV: P21.  Where reads are checked, nobody reads once its catalog has changed.
NoStaleLookup ==
    \A t \in RunningOnes, v \in Value, found \in SUBSET Row :
        (ReadsChecked /\ ENABLED Lookup(t, v, found)) =>
            \/ ~ChangedSince(Catalog, active[t].start)
            \/ Rebases /\ AsItWas(t, Current)

\* INV: P22.  No transaction, not even one of a build, takes on too many rows.
WithinLimit == \A t \in DOMAIN active : Cardinality(RowsOf(t)) <= Limit

\* INV: P4, P22.  A snapshot stays as it is, whatever is committed or forgotten.
SnapshotsKept ==
    [][\A t \in RunningOnes \cap DOMAIN active', r \in Row :
           ValueAt(RowKey(r), active[t].start)' = ValueAt(RowKey(r), active[t].start)]_varsNoted

-----------------------------------------------------------------------------
(***************************************************************************)
(* Rung 1.  Its keys are all of ours.  Each step is named as the action of *)
(* rung 1 that it is, with its arguments, so that the checker need not     *)
(* search: whatever is one of these is a step of rung 1's Next.            *)
(***************************************************************************)
Kept(k) == SelectSeq(versions[k], LAMBDA v : Before(base, v.ts))

Below == INSTANCE SnapshotIsolation WITH
    versions <- [k \in {j \in DOMAIN versions : Kept(j) # << >>} |->
                    [i \in DOMAIN Kept(k) |-> [start |-> Kept(k)[i].start, ts |-> Kept(k)[i].ts]]],
    active <- [t \in DOMAIN active |->
                  [start |-> active[t].start, writes |-> DOMAIN active[t].writes,
                   phase |-> active[t].phase, ts |-> active[t].ts]],
    horizon <- served

\* What transaction t reads, by commit time: at most all that there is.
ReadBy(t) ==
    LET start == active[t].start
        keys == ({Catalog} \cup DOMAIN versions) \ DOMAIN active[t].writes
        times(k) == {VersionsOf(k)[i].ts : i \in DOMAIN VersionsOf(k)} \cup {Zero}
        newest(k) == {v \in times(k) : AtMost(v, start)}
    IN  [k \in keys |-> CHOOSE seen \in newest(k) : \A u \in newest(k) : AtMost(u, seen)]

StepBelow ==
    \/ \E txn \in Txn, start \in Time : Below!Begin(txn, start)
    \/ \E txn \in Txn, ts \in Time : Below!Commit(txn, ts)
    \/ \E txn \in DOMAIN active \cap DOMAIN active' : Below!Write(txn, DOMAIN active'[txn].writes)
    \/ \E txn \in DOMAIN active : Below!Read(txn, ReadBy(txn))
    \/ \E txn \in Txn : Below!Acknowledge(txn) \/ Below!CommitReadOnly(txn) \/ Below!Abort(txn)
    \/ \E upto \in Time : Below!Forget(upto)

\* REFINES: SnapshotIsolation.  Rows, entries and catalog are keys of rung 1.
RefinesSnapshotIsolation == Below!Init /\ [][StepBelow]_(Below!vars)

-----------------------------------------------------------------------------
\* LIVENESS: P21.  A build ends: it completes, or fails, or its index is dropped.
BuildEnds == Building ~> ~Building
\* LIVENESS: P21.  Who is refused and begins again gets through in the end,
\* since the changes of the catalog come to an end.
RetriersCommit == \A t \in Retrier : (t \in DOMAIN active) ~> (t \in through)

Fairness ==
    /\ WF_varsNoted(\E txn \in Txn : AcknowledgeNoted(txn))
    /\ WF_varsNoted(TheBuild \/ BeginOrCommit(Builder) \/ Refusals(Builder))
    /\ \A t \in Retrier : WF_varsNoted(BeginOrCommit({t}) \/ Dml({t}) \/ Refusals({t}))
=============================================================================
