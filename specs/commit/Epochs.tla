------------------------------- MODULE Epochs -------------------------------
(***************************************************************************)
(* Rung 3, second part: what an adjudicator promises, and for how long.    *)
(*                                                                         *)
(* Readers need to know that no record is missing, so an adjudicator       *)
(* promises times away.  It may promise and give times only within its     *)
(* lease: that is all its successor needs to know of what it cannot find   *)
(* in the journal.  That the successor waits until the old lease has run   *)
(* out costs nobody anything, since it could not commit for those who      *)
(* begin earlier; what makes it safe is that it begins above the lease.    *)
(***************************************************************************)
EXTENDS Owners

(***************************************************************************)
(* Heartbeat                                                               *)
(*   who      an adjudicator, when idle or asked by a waiting reader       *)
(*   why      P6: readers learn that nothing is missing up to upto, which  *)
(*            may lie ahead of every clock (P23)                           *)
(*   when     upto is within the lease and below every record under way    *)
(*   changes  promise                                                      *)
(***************************************************************************)
Heartbeat(by, upto) ==
    /\ Before(promise[by], upto)
    /\ AtMost(upto, lease[by])
    /\ \A r \in appending[by] : Before(upto, r.ts)
    /\ promise' = [promise EXCEPT ![by] = upto]
    /\ UNCHANGED <<now, txns, lease, floor, judged, appending, stored>>

(***************************************************************************)
(* Renew                                                                   *)
(*   who      an adjudicator                                               *)
(*   why      P19: to go on, bounded by what a successor will know         *)
(*   when     the lease grows                                              *)
(*   changes  lease                                                        *)
(***************************************************************************)
Renew(by, until) ==
    /\ Before(lease[by], until)
    /\ lease' = [lease EXCEPT ![by] = until]
    /\ UNCHANGED <<now, txns, promise, floor, judged, appending, stored>>

(***************************************************************************)
(* Takeover                                                                *)
(*   who      the successor of an adjudicator that crashed or was cut off  *)
(*   why      P19: all but the journal is lost, history and holds; P14:    *)
(*            what the old epoch was asked and did not write never commits *)
(*   when     the old lease has run out, and at lies at or above it; of    *)
(*            the records under way the journal keeps first ones, kept     *)
(*   changes  all that is the adjudicator's: it begins at `at'             *)
(***************************************************************************)
Takeover(by, at, kept) ==
    LET found  == {r \in appending[by] : r.txn \in kept}
        lost   == appending[by] \ found
        sealed == {t \in DOMAIN txns : txns[t].leader = by /\ IsOpen(t)}
        begin(times) == [times EXCEPT ![by] = at]
    IN  /\ MayShowPassed(now, lease[by])
        /\ AtMost(Later(lease[by], floor[by]), at)
        /\ \A r \in found, q \in lost : Before(r.ts, q.ts)
        /\ appending' = [appending EXCEPT ![by] = {}]
        /\ journal' = [journal EXCEPT ![by] = @ \cup found]
        /\ txns' = Settled({r.txn : r \in found}, {r.txn : r \in lost} \cup sealed)
        /\ lease' = begin(lease) /\ promise' = begin(promise) /\ floor' = begin(floor)
        /\ last' = [k \in {j \in DOMAIN last : Owner[j] # by} |-> last[k]]
        /\ holds' = {h \in holds : h.by # by}
        /\ UNCHANGED <<now, base>>

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
    /\ last' = [k \in {j \in DOMAIN last : Owner[j] = by => Before(upto, last[j])} |-> last[k]]
    /\ UNCHANGED <<now, txns, lease, promise, holds, appending, stored>>
=============================================================================
