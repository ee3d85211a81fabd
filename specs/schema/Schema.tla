------------------------------- MODULE Schema -------------------------------
(***************************************************************************)
(* Rung 5.  The catalog, and an index that is built beside writers.        *)
(*                                                                         *)
(* There is one table with a few rows, and it can have one index.  The     *)
(* catalog is data (P21): one key, with versions and commit times like any *)
(* other, that says whether there is an index and whether it is valid.     *)
(* The entries of the index are keys too.  A transaction uses the catalog  *)
(* as of its start, and fails with OC001 if the catalog has changed when   *)
(* it commits.  That one check is what an index build stands on:           *)
(*                                                                         *)
(*   a DDL declares the index: whoever commits from here on keeps entries  *)
(*   batches of old rows get their entries, each batch a transaction that  *)
(*       meets concurrent writers at the entries (P10)                     *)
(*   a DDL makes the index valid: only from here on do readers use it      *)
(*                                                                         *)
(* A unique index is enforced from its declaration on, as far as it has    *)
(* entries.  A batch that finds two rows of one value fails the build; the *)
(* index then stays as it is, enforced but not valid, until it is dropped. *)
(*                                                                         *)
(* Transactions are those of rung 1, and a commit is one step.  Commits    *)
(* are entered in the order of their times: what else may happen is told   *)
(* by rungs 1 and 3.                                                       *)
(***************************************************************************)
EXTENDS SchemaBuild

-----------------------------------------------------------------------------
(***************************************************************************)
(* What becomes of a transaction.  The catalog is looked at first, since   *)
(* OC001 tells the client more than OC000.                                 *)
(***************************************************************************)
SameTable(used, now) == used.index = now.index /\ used.valid = now.valid

\* The catalog that transaction t used has changed, and it may not go on.
Stale(t) ==
    /\ ~Unchanged(Catalog, active[t].start)
    /\ Rebases => IsDdl(t) \/ ~SameTable(Used(t), Current)

Conflicting(t) == {k \in DOMAIN active[t].writes : ~Unchanged(k, active[t].start)}

\* Two have inserted the key k, and transaction t is the second.
LostRace(t, k) ==
    /\ ValueAt(k, active[t].start) = Absent
    /\ active[t].writes[k] # Absent
    /\ ValueAt(k, latest) # Absent

Verdict(t) ==
    IF Stale(t) THEN "OC001"
    ELSE IF Conflicting(t) = {} THEN "commit"
    ELSE IF \E k \in Conflicting(t) : LostRace(t, k) THEN RaceAnswer
    ELSE "OC000"

-----------------------------------------------------------------------------
(***************************************************************************)
(* Begin                                                                   *)
(*   who      a query processor, at a transaction's first statement        *)
(*   why      P1, P21: the start fixes the snapshot and with it the        *)
(*            catalog that the transaction uses                            *)
(*   when     start is no earlier than what has been committed             *)
(*   changes  active, latest                                               *)
(***************************************************************************)
Begin(txn, start) ==
    /\ txn \notin DOMAIN active
    /\ AtMost(latest, start)
    /\ active' = (txn :> [start |-> start, writes |-> << >>, fills |-> {},
                          phase |-> "running", ts |-> Zero]) @@ active
    /\ latest' = start
    /\ UNCHANGED <<versions, base, build>>

\* The rows that have a value: as the table says, and as the index says.
ThroughTable(t, value) == {r \in Row : Seen(t, RowKey(r)) = value}

ThroughIndex(t, value) ==
    IF Unique THEN {Seen(t, <<"entry", Used(t).index, value>>)} \ {Absent}
    ELSE {r \in Row : Holder(t, r, value) = r}

(***************************************************************************)
(* Lookup                                                                  *)
(*   who      a query processor, for a statement that asks for a value     *)
(*   why      P4, P21: a valid index answers for the table, no other does  *)
(*   when     found holds the rows of that value, as the index or else the *)
(*            table has them; the catalog has not changed, where reads are *)
(*            checked                                                      *)
(*   changes  nothing                                                      *)
(***************************************************************************)
Lookup(txn, value, found) ==
    /\ Running(txn)
    /\ ReadsChecked => ~Stale(txn)
    /\ found = IF Used(txn).valid THEN ThroughIndex(txn, value) ELSE ThroughTable(txn, value)
    /\ UNCHANGED vars

(***************************************************************************)
(* Write                                                                   *)
(*   who      a query processor, for an insert, update or delete           *)
(*   why      P8: writes stay in the buffer.  P21: the row's entries are   *)
(*            written with it, be the index valid or not                   *)
(*   when     no other row has the value in a unique index, the            *)
(*            transaction has no DDL (P21), and the limit is kept (P22)    *)
(*   changes  active                                                       *)
(***************************************************************************)
Write(txn, row, value) ==
    LET old == Seen(txn, RowKey(row))
    IN  /\ Running(txn)
        /\ ~IsDdl(txn)
        /\ active[txn].fills = {}
        /\ ~IsDuplicate(txn, row, old, value)
        /\ Cardinality(RowsOf(txn) \cup {row}) <= Limit
        /\ active' = IF value = old /\ ~SameIsWrite THEN active
                     ELSE [active EXCEPT ![txn].writes =
                               (RowKey(row) :> value) @@ EntriesChanged(txn, row, old, value) @@ @]
        /\ UNCHANGED <<versions, latest, base, build>>

(***************************************************************************)
(* Reject                                                                  *)
(*   who      a query processor                                            *)
(*   why      a unique index, valid or not, admits no second row: 23505    *)
(*   when     the statement would give a value that another row has        *)
(*   changes  active: a failed statement ends its transaction              *)
(***************************************************************************)
Reject(txn, row, value) ==
    /\ Running(txn)
    /\ ~IsDdl(txn)
    /\ active[txn].fills = {}
    /\ IsDuplicate(txn, row, Seen(txn, RowKey(row)), value)
    /\ active' = Without(txn)
    /\ UNCHANGED <<versions, latest, base, build>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* Commit                                                                  *)
(*   who      the adjudicator                                              *)
(*   why      P10, P13, P21: first committer wins, on the catalog too      *)
(*   when     neither the catalog that it used nor a key that it writes    *)
(*            has changed since its start                                  *)
(*   changes  versions, active, latest, and build if it was a batch        *)
(***************************************************************************)
Commit(txn, ts) ==
    /\ Running(txn)
    /\ active[txn].writes # << >>
    /\ Before(latest, ts)
    /\ Verdict(txn) = "commit"
    /\ LET made(k) == [ts |-> ts, start |-> active[txn].start, value |-> active[txn].writes[k]]
       IN  versions' = [k \in DOMAIN active[txn].writes |-> Append(VersionsOf(k), made(k))]
                       @@ versions
    /\ active' = [active EXCEPT ![txn].phase = "committed", ![txn].ts = ts]
    /\ latest' = ts
    /\ build' = BuildAfter(txn)
    /\ UNCHANGED base

(***************************************************************************)
(* Acknowledge                                                             *)
(*   who      a query processor                                            *)
(*   why      to tell the client, or the build                             *)
(*   when     the transaction has committed                                *)
(*   changes  active                                                       *)
(***************************************************************************)
Acknowledge(txn) ==
    /\ txn \in DOMAIN active
    /\ active[txn].phase = "committed"
    /\ active' = Without(txn)
    /\ UNCHANGED <<versions, latest, base, build>>

(***************************************************************************)
(* CommitReadOnly                                                          *)
(*   who      a query processor                                            *)
(*   why      P7: what has written nothing commits where it is; a batch    *)
(*            whose rows lack nothing is done, too                         *)
(*   when     nothing was written                                          *)
(*   changes  active, and build if it was a batch                          *)
(***************************************************************************)
CommitReadOnly(txn) ==
    /\ Running(txn)
    /\ active[txn].writes = << >>
    /\ active' = Without(txn)
    /\ build' = BuildAfter(txn)
    /\ UNCHANGED <<versions, latest, base>>

(***************************************************************************)
(* Refuse                                                                  *)
(*   who      the adjudicator at COMMIT; a query processor that learns of  *)
(*            the change earlier, at a statement                           *)
(*   why      P10: another was first (OC000, 23505); P21: the catalog has  *)
(*            changed (OC001)                                              *)
(*   when     why is what Verdict says; who has written nothing is refused *)
(*            only where reads are checked                                 *)
(*   changes  active                                                       *)
(***************************************************************************)
Refuse(txn, why) ==
    /\ Running(txn)
    /\ why # "commit"
    /\ why = Verdict(txn)
    /\ active[txn].writes # << >> \/ ReadsChecked
    /\ active' = Without(txn)
    /\ UNCHANGED <<versions, latest, base, build>>

(***************************************************************************)
(* Abort                                                                   *)
(*   who      a query processor                                            *)
(*   why      the client rolled back, or was lost                          *)
(*   when     the transaction has not committed                            *)
(*   changes  active                                                       *)
(***************************************************************************)
Abort(txn) ==
    /\ Running(txn)
    /\ active' = Without(txn)
    /\ UNCHANGED <<versions, latest, base, build>>

\* Nothing is left to be seen of key k from a time on: there is nothing there, or
\* it is an entry of an index that had been dropped.
IsGone(k, time) ==
    LET then == ValueAt(Catalog, time)
    IN  IF k[1] = "entry" /\ k[2] # then.index /\ k[2] <= then.version THEN TRUE
        ELSE k # Catalog /\ Unchanged(k, time) /\ ValueAt(k, time) = Absent

\* Of the versions of a key, those that are not replaced by then.
Since(made, time) ==
    LET replaced == {i \in 1 .. Len(made) - 1 : AtMost(made[i + 1].ts, time)}
    IN  SubSeq(made, Cardinality(replaced) + 1, Len(made))

(***************************************************************************)
(* Forget                                                                  *)
(*   who      storage, when it drops old versions                          *)
(*   why      P22: no transaction is older than the age limit              *)
(*   when     upto has passed                                              *)
(*   changes  versions: of each key what was replaced by then goes, and    *)
(*            all of it if there is nothing left, or its index has been    *)
(*            dropped; base; and active: who began before upto has ended   *)
(***************************************************************************)
Forget(upto) ==
    /\ Before(base, upto)
    /\ AtMost(upto, latest)
    /\ base' = upto
    /\ versions' = [k \in {j \in DOMAIN versions : ~IsGone(j, upto)} |-> Since(versions[k], upto)]
    /\ active' = LET left == {t \in DOMAIN active : Running(t) => AtMost(upto, active[t].start)}
                 IN  [t \in left |-> active[t]]
    /\ UNCHANGED <<latest, build>>

-----------------------------------------------------------------------------
Next ==
    \/ \E txn \in Txn, start \in Time : Begin(txn, start)
    \/ \E txn \in Txn, value \in Value, found \in SUBSET Row : Lookup(txn, value, found)
    \/ \E txn \in Txn, row \in Row, value \in Value \cup {Absent} : Write(txn, row, value)
    \/ \E txn \in Txn, row \in Row, value \in Value : Reject(txn, row, value)
    \/ \E txn \in Txn : Declare(txn)
    \/ \E txn \in Txn : Drop(txn)
    \/ \E txn \in Txn : Alter(txn)
    \/ \E index \in Nat : StartBuild(index)
    \/ \E txn \in Txn, rows \in SUBSET Row : Fill(txn, rows)
    \/ \E txn \in Txn, rows \in SUBSET Row : FailBuild(txn, rows)
    \/ \E txn \in Txn : Complete(txn)
    \/ \E txn \in Txn, ts \in Time : Commit(txn, ts)
    \/ \E txn \in Txn : Acknowledge(txn)
    \/ \E txn \in Txn : CommitReadOnly(txn)
    \/ \E txn \in Txn, why \in {"OC000", "OC001", "23505"} : Refuse(txn, why)
    \/ \E txn \in Txn : Abort(txn)
    \/ \E upto \in Time : Forget(upto)

Spec == Init /\ [][Next]_vars
=============================================================================
