------------------------------ MODULE MCSchema ------------------------------
(***************************************************************************)
(* The models of Schema: small worlds, each of which looks closely at one  *)
(* part of the rules.                                                      *)
(***************************************************************************)
EXTENDS SchemaProps

CONSTANT Horizon    \* the greatest time

MCTime == 1 .. Horizon

\* Rows are alike and values are alike, and no property names one: to rename
\* them turns a behaviour into a behaviour.
Names == Permutations(Row) \cup Permutations(Value)

(***************************************************************************)
(* A table with old rows: what a first transaction that wrote them all     *)
(* leaves behind.  Every such state is reachable from Init.                *)
(***************************************************************************)
InitRows ==
    /\ \E old \in [Row -> Value \cup {Absent}] :
           versions = [k \in {RowKey(r) : r \in Row} |->
                           <<[ts |-> 2, start |-> 1, value |-> old[k[2]]]>>]
    /\ active = << >>
    /\ latest = 2
    /\ base = Zero
    /\ build = [index |-> 0, left |-> {}, failed |-> FALSE]
    /\ begun = 0
    /\ acked = 2
    /\ served = Zero
    /\ through = {}

(***************************************************************************)
(* In the midst of a build: of two old rows with one value, one is done.   *)
(***************************************************************************)
InitHalfway ==
    LET declared == [version |-> 1, index |-> 1, valid |-> FALSE]
        value == CHOOSE v \in Value : TRUE
        first == CHOOSE r \in Row : TRUE
    IN  /\ versions = [k \in {RowKey(r) : r \in Row} |->
                           <<[ts |-> 2, start |-> 1, value |-> value]>>]
                      @@ (Catalog :> <<[ts |-> 3, start |-> 2, value |-> declared]>>)
                      @@ (EntryKey(1, value, first) :> <<[ts |-> 4, start |-> 3, value |-> first]>>)
        /\ active = << >>
        /\ latest = 4
        /\ base = Zero
        /\ build = [index |-> 1, left |-> Row \ {first}, failed |-> FALSE]
        /\ begun = 0
        /\ acked = 4
        /\ served = Zero
        /\ through = {}

(***************************************************************************)
(* Writers beside a build.  Each transaction of a client is one statement, *)
(* which changes something.  Nobody gives up or is refused but the build:  *)
(* that is like never going on.  A DDL that leaves the table as it was,    *)
(* and forgetting, have models of their own.                               *)
(***************************************************************************)
OneWrite(txn, row, value) ==
    /\ Running(txn)
    /\ Unwritten(txn)
    /\ value # Seen(txn, RowKey(row))
    /\ WriteNoted(txn, row, value)

NextBeside ==
    \/ \E txn \in Txn, start \in Time : BeginNoted(txn, start)
    \/ \E txn \in Txn, ts \in Time : CommitNoted(txn, ts)
    \/ \E txn \in Txn : AcknowledgeNoted(txn)
    \/ \E txn \in Client, row \in Row, value \in Value \cup {Absent} : OneWrite(txn, row, value)
    \/ \E txn \in Client : DeclareNoted(txn) \/ DropNoted(txn)
    \/ TheBuild
    \/ \E txn \in Filler : CommitReadOnlyNoted(txn)
    \/ Refusals(Builder)

\* Less of it, where something is to be found and not to be excluded: what goes
\* wrong in fewer states goes wrong.
Serial == Cardinality(DOMAIN active) <= 1

Pairs == Cardinality(DOMAIN active) <= 2

(***************************************************************************)
(* What is to come depends only on what each snapshot holds, on what has   *)
(* changed since, and on what there is now: not on the times themselves,   *)
(* not on versions that nobody can see, not on the names.  The property    *)
(* NoNewDuplicate looks back as far as GivenSince.  So states that agree   *)
(* in all this may be taken for one, provided that time does not run out:  *)
(* Horizon is greater than what all transactions can use up.               *)
(***************************************************************************)
AsSeen(t) ==
    LET own == active[t]
    IN  [own EXCEPT !.start = [k \in DOMAIN versions |-> ValueAt(k, own.start)],
                    !.ts = {k \in DOMAIN versions : Unchanged(k, own.start)}]
        @@ [builds |-> t \in Builder]

Relative ==
    LET seen == {AsSeen(t) : t \in DOMAIN active}
    IN  << [k \in DOMAIN versions |-> Now(k)], GivenSince, build, begun,
           [s \in seen |-> Cardinality({t \in DOMAIN active : AsSeen(t) = s})] >>

\* Only the refinement looks at acked and served.
Unwatched == <<vars, begun, through>>

(***************************************************************************)
(* For liveness.  The writers are those who try again, and the others      *)
(* change the catalog; reads, forgetting and who gives up hold nobody up.  *)
(***************************************************************************)
NextLive ==
    \/ BeginOrCommit(Txn)
    \/ \E txn \in Txn : AcknowledgeNoted(txn)
    \/ Dml(Retrier)
    \/ Ddl
    \/ TheBuild
    \/ Refusals(Txn)

SpecLive == InitNoted /\ [][NextLive]_varsNoted

FairSpec == SpecLive /\ Fairness

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must be possible.  Each is stated as its contrary; a model shows   *)
(* the contrary to be wrong.                                               *)
(***************************************************************************)
\* A transaction meets a catalog that has changed since it began.
NeverCatalogChanged == \A t \in RunningOnes : active[t].writes = << >> \/ Verdict(t) # "OC001"

\* The catalog has changed under a transaction, which commits all the same,
\* since the change left the table as it was.
NeverRebased ==
    \A t \in DOMAIN active : (active[t].phase = "committed" /\ ~IsDdl(t)) =>
        ~\E i \in DOMAIN VersionsOf(Catalog) :
             /\ Before(active[t].start, VersionsOf(Catalog)[i].ts)
             /\ Before(VersionsOf(Catalog)[i].ts, active[t].ts)

\* A row is written during a build that is under way, and has its entry before
\* the build comes to it.
NeverWriteBesideBuild ==
    ~(/\ Building
      /\ \E t \in DOMAIN active, r \in build.left, v \in Value :
             /\ active[t].phase = "committed"
             /\ Now(RowKey(r)) = v
             /\ Now(EntryKey(Current.index, v, r)) = r)

\* A build meets a duplicate.
NeverBuildFails == ~build.failed

\* A build completes beside a writer, who began before the index was valid and
\* is refused for it.
NeverCompletesBesideWriter ==
    ~(/\ Current.valid
      /\ \E t \in RunningOnes :
             /\ ~IsDdl(t)
             /\ active[t].writes # << >>
             /\ Used(t).index = Current.index
             /\ ~Used(t).valid)

\* Two insert one value into different rows; the second is told why it lost.
NeverLosesRace ==
    ~\E t \in RunningOnes :
         /\ Verdict(t) = RaceAnswer
         /\ \E k \in Conflicting(t) : k[1] = "entry" /\ LostRace(t, k)

\* Two write a row as it was, and the second is refused for that.
NeverRefusedForNothing ==
    ~\E t \in RunningOnes :
         /\ Verdict(t) = "OC000"
         /\ \A k \in DOMAIN active[t].writes : active[t].writes[k] = ValueAt(k, active[t].start)
=============================================================================
