---------------------------- MODULE SchemaState -----------------------------
(***************************************************************************)
(* What the schema rung speaks of: the catalog, the rows of one table, the *)
(* entries of its index, the transactions under way, and what each of them *)
(* sees.  The steps are in SchemaBuild and in Schema.                      *)
(***************************************************************************)
EXTENDS Times, FiniteSets, Sequences, TLC

CONSTANTS
    Txn,            \* names of transactions
    Row,            \* primary keys of the table's rows
    Value,          \* what a row can hold in the indexed column
    Absent,         \* the value of a row that is not there; not in Value
    Time,           \* commit times and snapshot times
    Zero,           \* a time before all of Time
    Limit,          \* how many rows a transaction may modify (P22)
    Unique,         \* whether the index is unique
    ReadsChecked,   \* whether a statement that only reads can meet OC001
    Rebases,        \* whether a change of the catalog that leaves the table
                    \* as it was is let pass (open question 2)
    RaceAnswer,     \* what the loser of two inserts sees at COMMIT: "OC000"
                    \* or "23505" (open question 1)
    SameIsWrite     \* whether writing a row as it was is a write (open
                    \* question 7)

VARIABLES
    versions,   \* key -> its versions, oldest first: [ts, start, value]
    active,     \* transaction -> what is known of it while it is under way
    latest,     \* the greatest time that any commit or snapshot has had
    base,       \* what was replaced at or before it has been forgotten
    build       \* the last build that was begun: [index, left, failed]

vars == <<versions, active, latest, base, build>>

(***************************************************************************)
(* Keys are those of rows, of entries, and the one of the catalog.  An     *)
(* index is named by the version of the catalog that declared it, so no    *)
(* two indexes ever share a key.  An entry of a unique index is found by   *)
(* the value alone; that of another index names its row as well.           *)
(***************************************************************************)
Catalog == <<"catalog">>

RowKey(row) == <<"row", row>>

EntryKey(index, value, row) ==
    IF Unique THEN <<"entry", index, value>> ELSE <<"entry", index, value, row>>

Key ==
    {Catalog} \cup ({"row"} \X Row)
    \cup (IF Unique THEN {"entry"} \X Nat \X Value ELSE {"entry"} \X Nat \X Value \X Row)

\* No index has the number 0, which therefore says that there is none.
Definition == [version : Nat, index : Nat, valid : BOOLEAN]

NoIndex == [version |-> 0, index |-> 0, valid |-> FALSE]

\* Rows hold values, entries name rows, the catalog's key holds a definition.
Content(k) ==
    IF k = Catalog THEN Definition
    ELSE IF k[1] = "row" THEN Value \cup {Absent}
    ELSE Row \cup {Absent}

(***************************************************************************)
(* A transaction is "running" until it commits and "committed" from there  *)
(* until its client has been told.  Its fills are the rows that it brings  *)
(* into an index for a build.                                              *)
(***************************************************************************)
IsTransaction(t) ==
    /\ t.start \in Time
    /\ \A k \in DOMAIN t.writes : k \in Key /\ t.writes[k] \in Content(k)
    /\ t.fills \subseteq Row
    /\ t.phase \in {"running", "committed"}
    /\ t.ts \in Time \cup {Zero}

TypeOK ==
    /\ \A k \in DOMAIN versions :
           /\ k \in Key
           /\ \A i \in DOMAIN versions[k] :
                  /\ versions[k][i].ts \in Time
                  /\ versions[k][i].start \in Time
                  /\ versions[k][i].value \in Content(k)
    /\ DOMAIN active \subseteq Txn
    /\ \A t \in DOMAIN active : IsTransaction(active[t])
    /\ latest \in Time \cup {Zero}
    /\ base \in Time \cup {Zero}
    /\ build \in [index : Nat, left : SUBSET Row, failed : BOOLEAN]

Init ==
    /\ versions = << >>
    /\ active = << >>
    /\ latest = Zero
    /\ base = Zero
    /\ build = [index |-> 0, left |-> {}, failed |-> FALSE]

-----------------------------------------------------------------------------
(***************************************************************************)
(* What a snapshot holds.                                                  *)
(***************************************************************************)
VersionsOf(k) == IF k \in DOMAIN versions THEN versions[k] ELSE << >>

\* The value of key k in the first n of `made', its versions, at a time.
RECURSIVE ValueIn(_, _, _, _)
ValueIn(k, made, n, time) ==
    IF n = 0 THEN (IF k = Catalog THEN NoIndex ELSE Absent)
    ELSE IF AtMost(made[n].ts, time) THEN made[n].value
    ELSE ValueIn(k, made, n - 1, time)

ValueAt(k, time) == ValueIn(k, VersionsOf(k), Len(VersionsOf(k)), time)

\* No version of key k was committed after `start'.
Unchanged(k, start) ==
    LET made == VersionsOf(k)
    IN  IF made = << >> THEN TRUE ELSE AtMost(made[Len(made)].ts, start)

\* P4: a transaction sees its snapshot and its own writes.
Seen(t, k) ==
    IF k \in DOMAIN active[t].writes THEN active[t].writes[k]
    ELSE ValueAt(k, active[t].start)

\* The catalog that a transaction uses, and the one that there is now.
Used(t) == ValueAt(Catalog, active[t].start)

Current == ValueAt(Catalog, latest)

Running(t) == t \in DOMAIN active /\ active[t].phase = "running"

IsDdl(t) == Catalog \in DOMAIN active[t].writes

\* Nothing has been written in transaction t, and it does nothing for a build.
Unwritten(t) == active[t].writes = << >> /\ active[t].fills = {}

\* The rows that count towards the limit of a transaction.
RowsOf(t) == {r \in Row : RowKey(r) \in DOMAIN active[t].writes} \cup active[t].fills

Without(t) == [u \in DOMAIN active \ {t} |-> active[u]]
=============================================================================
