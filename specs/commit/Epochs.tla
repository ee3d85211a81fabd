------------------------------- MODULE Epochs -------------------------------
(***************************************************************************)
(* Rung 3, second part: what an adjudicator promises, and for how long.    *)
(*                                                                         *)
(* Readers need to know that no record is missing, so an adjudicator       *)
(* promises times away.  It may promise and give times only within its     *)
(* lease: that is all its successor needs to know of what it cannot find   *)
(* in the journal.  What makes it safe is that it begins above the lease;  *)
(* that it waits until the old lease has run out is the matter of rung 4,  *)
(* and costs nobody anything: who began earlier could not commit anyway.   *)
(***************************************************************************)
EXTENDS Owners

(***************************************************************************)
(* Heartbeat                                                               *)
(*   who      an adjudicator, when idle or asked by a waiting reader       *)
(*   why      P6: readers learn that nothing is missing up to upto, which  *)
(*            may lie ahead of every clock (P23)                           *)
(*   when     upto is within the lease and below every record under way,   *)
(*            be it a release of keys                                      *)
(*   changes  promise, if it says more than commit times have said         *)
(***************************************************************************)
Heartbeat(by, upto) ==
    /\ AtMost(upto, lease[by])
    /\ appending[by] # << >> => Before(upto, Head(appending[by]).ts)
    /\ NoneLeft(by, upto)
    /\ promise' = [promise EXCEPT ![by] = Later(@, upto)]
    /\ UNCHANGED <<now, txns, lease, floor, placed, judged, appending, stored>>

\* Nothing that `by' gave, promised, holds or remembers lies beyond until.
NothingBeyond(by, until) ==
    /\ AtMost(LatestOf(by), until)
    /\ \A t \in DOMAIN holds[by] : AtMost(holds[by][t].until, until)
    /\ \A k \in DOMAIN last[by] : \A c \in DOMAIN last[by][k] : AtMost(last[by][k][c], until)

(***************************************************************************)
(* Renew                                                                   *)
(*   who      an adjudicator                                               *)
(*   why      P19: to go on, bounded by what a successor will know; given  *)
(*            back early, the lease lets the next one start early          *)
(*   when     the lease grows; or nothing lies beyond the new one, for a   *)
(*            successor will admit who begins above it                     *)
(*   changes  lease                                                        *)
(***************************************************************************)
Renew(by, until) ==
    /\ AtMost(lease[by], until) \/ NothingBeyond(by, until)
    /\ lease' = [lease EXCEPT ![by] = until]
    /\ UNCHANGED <<now, txns, promise, floor, placed, judged, appending, stored>>

(***************************************************************************)
(* Takeover                                                                *)
(*   who      the successor of an adjudicator that crashed or was cut off  *)
(*   why      P19: all but the journal is lost, history and holds; P14:    *)
(*            what the old epoch was asked and did not write never commits *)
(*   when     at lies at or above the old lease; of the records under way  *)
(*            the journal keeps first ones, kept                           *)
(*   changes  all that is the adjudicator's but the keys that it owns,     *)
(*            which stand in the journal: it begins at `at'.  Of releases  *)
(*            under way the journal has the record, or not: then they      *)
(*            Return                                                       *)
(***************************************************************************)
Takeover(by, at, kept) ==
    LET found  == SelectSeq(appending[by], LAMBDA r : r.txn \in kept)
        lost   == SelectSeq(appending[by], LAMBDA r : r.txn \notin kept)
        sealed == {t \in DOMAIN txns : txns[t].leader = by /\ IsOpen(t)}
        begin(times) == [times EXCEPT ![by] = at]
        gone == {m \in leaving : m.from = by}
        names(records) == {records[i].txn : i \in DOMAIN records}
    IN  /\ AtMost(Later(lease[by], floor[by]), at)
        /\ found = SubSeq(appending[by], 1, Len(found))
        /\ appending' = [appending EXCEPT ![by] = << >>]
        /\ journal' = [journal EXCEPT ![by] =
               [t \in names(found) |->
                   found[CHOOSE i \in DOMAIN found : found[i].txn = t]] @@ @]
        /\ versions' = WithRecords(versions, found)
        /\ txns' = Settled(names(found), names(lost) \cup sealed)
        /\ lease' = begin(lease) /\ promise' = begin(promise) /\ floor' = begin(floor)
        /\ last' = [last EXCEPT ![by] = << >>]
        /\ holds' = [holds EXCEPT ![by] = << >>]
        /\ leaving' = leaving \ gone
        /\ moving' = moving \cup
               {[from |-> by, to |-> m.to, keys |-> m.keys, ts |-> m.ts, level |-> at,
                 known |-> << >>, sure |-> FALSE] : m \in gone}
        /\ UNCHANGED <<now, owned, since, base>>

\* Of what is remembered, what is later than upto.
LaterThan(upto, known) ==
    LET left(k) == {c \in DOMAIN known[k] : Before(upto, known[k][c])}
        old     == {k \in DOMAIN known : \E c \in DOMAIN known[k] : AtMost(known[k][c], upto)}
        gone    == {k \in old : left(k) = {}}
    IN  [k \in DOMAIN known \ gone |->
            IF k \in old THEN [c \in left(k) |-> known[k][c]] ELSE known[k]]

(***************************************************************************)
(* Forget                                                                  *)
(*   who      an adjudicator                                               *)
(*   why      P15: what it remembers must not grow for ever                *)
(*   when     always: the floor rises with what is forgotten               *)
(*   changes  last, floor                                                  *)
(***************************************************************************)
Forget(by, upto) ==
    /\ Before(floor[by], upto)
    /\ floor' = [floor EXCEPT ![by] = upto]
    /\ last' = [last EXCEPT ![by] = LaterThan(upto, @)]
    /\ UNCHANGED <<now, txns, lease, promise, placed, holds, appending, stored>>
=============================================================================
