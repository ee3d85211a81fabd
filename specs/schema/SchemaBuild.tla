---------------------------- MODULE SchemaBuild -----------------------------
(***************************************************************************)
(* The catalog's changes, and the build of an index.  What a row's entries *)
(* are is said first, since writers and the build must agree on it.        *)
(***************************************************************************)
EXTENDS SchemaState

-----------------------------------------------------------------------------
(***************************************************************************)
(* Entries.  Row r changes from `old' to `new' in transaction t.           *)
(***************************************************************************)
\* The row that transaction t sees in the entry that row r has, or would have.
Holder(t, r, value) == Seen(t, EntryKey(Used(t).index, value, r))

\* The entry exists and is another row's.
Taken(t, r, value) == Holder(t, r, value) \notin {Absent, r}

\* An old entry is removed even where there is none yet: a batch that is about
\* to make it must meet this write.  For the same reason another row's entry is
\* written as it is.  So two that change the rows of one value always meet.
Removed(t, r, old) ==
    IF old = Absent THEN << >>
    ELSE EntryKey(Used(t).index, old, r) :> IF Taken(t, r, old) THEN Holder(t, r, old) ELSE Absent

Added(t, r, new) ==
    IF new = Absent THEN << >> ELSE EntryKey(Used(t).index, new, r) :> r

EntriesChanged(t, r, old, new) ==
    IF Used(t).index = 0 \/ old = new THEN << >>
    ELSE Added(t, r, new) @@ Removed(t, r, old)

\* Another row stands in the way of the change.
IsDuplicate(t, r, old, new) ==
    Used(t).index # 0 /\ new \notin {old, Absent} /\ Taken(t, r, new)

\* What a batch of rows writes, and whether two rows of it, or one of it and
\* one before it, have one value.
EntryOf(t, r) == EntryKey(Used(t).index, Seen(t, RowKey(r)), r)

Lacking(t, rows) ==
    {r \in rows : Seen(t, RowKey(r)) # Absent /\ Seen(t, EntryOf(t, r)) # r}

Batch(t, rows) ==
    LET made == {EntryOf(t, r) : r \in Lacking(t, rows)}
    IN  [k \in made |-> CHOOSE r \in Lacking(t, rows) : EntryOf(t, r) = k]

Clashes(t, rows) ==
    \E r \in Lacking(t, rows) :
        \/ Taken(t, r, Seen(t, RowKey(r)))
        \/ \E q \in Lacking(t, rows) \ {r} : EntryOf(t, q) = EntryOf(t, r)

\* The build when transaction t has ended well.
BuildAfter(t) ==
    IF active[t].fills # {} /\ Used(t).index = build.index
    THEN [build EXCEPT !.left = @ \ active[t].fills]
    ELSE build

-----------------------------------------------------------------------------
(***************************************************************************)
(* A DDL is a transaction with one statement, which writes the catalog and *)
(* nothing else (P21).                                                     *)
(***************************************************************************)
Define(txn, index, valid) ==
    /\ Running(txn)
    /\ Unwritten(txn)
    /\ LET new == [version |-> Used(txn).version + 1, index |-> index, valid |-> valid]
       IN  active' = [active EXCEPT ![txn].writes = Catalog :> new]
    /\ UNCHANGED <<versions, latest, base, build>>

(***************************************************************************)
(* Declare                                                                 *)
(*   who      a query processor, for CREATE INDEX ASYNC                    *)
(*   why      P21: whoever commits after it keeps the index's entries,     *)
(*            since whoever began before it fails with OC001               *)
(*   when     the table has no index                                       *)
(*   changes  active                                                       *)
(***************************************************************************)
Declare(txn) ==
    /\ Running(txn)
    /\ Used(txn).index = 0
    /\ Define(txn, Used(txn).version + 1, FALSE)

(***************************************************************************)
(* Drop                                                                    *)
(*   who      a query processor, for DROP INDEX                            *)
(*   why      the index is not wanted, or its build has failed             *)
(*   when     the table has an index, valid or not                         *)
(*   changes  active                                                       *)
(***************************************************************************)
Drop(txn) ==
    /\ Running(txn)
    /\ Used(txn).index # 0
    /\ Define(txn, 0, FALSE)

(***************************************************************************)
(* Alter                                                                   *)
(*   who      a query processor, for a DDL that has nothing to do with the *)
(*            table                                                        *)
(*   why      the catalog's version is one for all tables                  *)
(*   when     the transaction has written nothing                          *)
(*   changes  active                                                       *)
(***************************************************************************)
Alter(txn) == Running(txn) /\ Define(txn, Used(txn).index, Used(txn).valid)

-----------------------------------------------------------------------------
(***************************************************************************)
(* StartBuild                                                              *)
(*   who      the session that declared the index, when that has committed *)
(*   why      P21: rows that were there before have no entries             *)
(*   when     the catalog has an index that is not valid and whose build   *)
(*            has not begun                                                *)
(*   changes  build: every row is left to be done                          *)
(***************************************************************************)
StartBuild(index) ==
    /\ index # 0
    /\ index = Current.index
    /\ ~Current.valid
    /\ index # build.index
    /\ build' = [index |-> index, left |-> Row, failed |-> FALSE]
    /\ UNCHANGED <<versions, active, latest, base>>

\* A transaction of the build may do some rows: it began after the declaration
\* and has done nothing yet, and a batch is a transaction like others (P22).
MayFill(txn, rows) ==
    /\ Running(txn)
    /\ Unwritten(txn)
    /\ rows # {}
    /\ rows \subseteq build.left
    /\ ~build.failed
    /\ Used(txn).index = build.index
    /\ Cardinality(rows) <= Limit

(***************************************************************************)
(* Fill                                                                    *)
(*   who      the build, in a transaction of its own                       *)
(*   why      P21: to make the entries that old rows lack                  *)
(*   when     the rows are left to be done, the transaction began after    *)
(*            the declaration, and no two rows have one value              *)
(*   changes  active: writers of these rows meanwhile conflict with it at  *)
(*            the entries (P10)                                            *)
(***************************************************************************)
Fill(txn, rows) ==
    /\ MayFill(txn, rows)
    /\ ~Clashes(txn, rows)
    /\ active' = [active EXCEPT ![txn].writes = Batch(txn, rows), ![txn].fills = rows]
    /\ UNCHANGED <<versions, latest, base, build>>

(***************************************************************************)
(* FailBuild                                                               *)
(*   who      the build, in a transaction of its own                       *)
(*   why      P21: a unique index never becomes valid over a duplicate     *)
(*   when     a row has a value whose entry is another row's               *)
(*   changes  build, active; the index stays as it is until it is dropped  *)
(***************************************************************************)
FailBuild(txn, rows) ==
    /\ MayFill(txn, rows)
    /\ Clashes(txn, rows)
    /\ build' = [build EXCEPT !.failed = TRUE]
    /\ active' = Without(txn)
    /\ UNCHANGED <<versions, latest, base>>

(***************************************************************************)
(* Complete                                                                *)
(*   who      the build, by a DDL of its own                               *)
(*   why      P21: now every row has its entry, and readers may rely on it *)
(*   when     no row is left to be done, and the index is still the one    *)
(*            that the build was begun for                                 *)
(*   changes  active                                                       *)
(***************************************************************************)
Complete(txn) ==
    /\ Running(txn)
    /\ Used(txn).index = build.index
    /\ build.index # 0
    /\ ~Used(txn).valid
    /\ build.left = {}
    /\ Define(txn, build.index, TRUE)
=============================================================================
