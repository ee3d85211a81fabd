---------------------------- MODULE TraceCommit ----------------------------
(***************************************************************************)
(* Commit as it is compared with recorded runs: names are strings, times   *)
(* are microseconds since 1970 written as <<seconds, microseconds>>.       *)
(*                                                                         *)
(* True time is not logged.  A clock that shows an earliest end knows that *)
(* true time has reached it; so where it matters that time has passed, a   *)
(* tick to the event's own earliest end comes before the step, and `now'   *)
(* is the least true time that the events so far allow.  No greater one    *)
(* would allow more: each step asks either that time has come so far, by   *)
(* its own clock, or that it has not come further (Begin).                 *)
(***************************************************************************)
EXTENDS Commit

TraceTxn  == STRING
TraceKey  == STRING
TraceTime == Nat \X Nat
TraceZero == <<0, 0>>

\* As many as a recorded cluster may have.
TraceAdj == {"adj-0", "adj-1", "adj-2", "adj-3", "adj-4", "adj-5", "adj-6", "adj-7",
             "adj-8", "adj-9", "adj-10", "adj-11", "adj-12", "adj-13", "adj-14", "adj-15"}

\* What slices and histories look like, the types of the mapping say.
TraceSlicings == Any
TraceHistories == Any

\* A transaction is limited by the bytes and rows that it writes, not by their keys.
TraceMaxWrites == 1000000

\* Those that are there: who has never had a lease has never done anything.
WithLease == {a \in Adj : lease[a] # Zero}

CompleteToKnown(time) == \A a \in WithLease : AtMost(time, promise[a])

(***************************************************************************)
(* Here keys are strings, which do not compare: what is in a range is the  *)
(* matter of rung 6.  What must be so is that of any key only one          *)
(* adjudicator judges while another one holds it, or remembers of it what  *)
(* the first would not refuse anyway.                                      *)
(***************************************************************************)
Involved(a, k, by) ==
    \/ IF k \in DOMAIN last[a] THEN \E c \in DOMAIN last[a][k] : Before(floor[by], last[a][k][c])
       ELSE FALSE
    \/ \E t \in DOMAIN holds[a] : k \in DOMAIN holds[a][t].keys

\* An implication: of a disjunction TLC follows each side that is true, for each
\* key anew, so that of twenty keys there are a million ways to one next state.
OwnedAsFarAsKnown(k, by) == \A a \in WithLease : a # by => ~Involved(a, k, by)

OwnedNone(a) == {}

(***************************************************************************)
(* A release does not name its keys, so those that are remembered move     *)
(* when the new owner says what it was given.  It must have been given all *)
(* that is remembered of them.                                             *)
(***************************************************************************)
InstallLogged(by, from, ts, level, given) ==
    /\ \E m \in moving : IsGiven(m, by, from, ts)
    /\ AtMost(ts, lease[by])
    /\ AtMost(level, floor[by])
    /\ \A m \in moving : IsGiven(m, by, from, ts) => AtMost(m.level, level)
    /\ HasAllAbove(level, Known(from, DOMAIN given), given)
    /\ NoneHeld(from, DOMAIN given)
    /\ last' = [last EXCEPT ![by] = LaterThan(floor[by], given) @@ @,
                           ![from] = [k \in DOMAIN @ \ DOMAIN given |-> @[k]]]
    /\ since' = [since EXCEPT ![by] = Later(@, ts)]
    /\ moving' = {m \in moving : ~IsGiven(m, by, from, ts)}
    /\ UNCHANGED <<now, txns, lease, promise, floor, owned, leaving, holds, appending, stored>>

(***************************************************************************)
(* Storage and adjudicators each forget by themselves what has reached the *)
(* age limit.  When storage is first, it is taken to forget as far as the  *)
(* floors are by then: that is what Collect allows, and it leaves          *)
(* memory bounded.  When nothing can be forgotten, nothing is.             *)
(***************************************************************************)
LeastWith(upto) ==
    LET times == {upto} \cup {floor[a] : a \in WithLease}
    IN  CHOOSE t \in times : \A u \in times : AtMost(t, u)

CollectToFloors(upto) ==
    LET least == LeastWith(upto)
        drops == Before(base, least) /\ \A t \in OldAt(least) : txns[t].fate # "decided"
    IN  IF drops THEN Dropped(least) /\ UNCHANGED <<now, granted, judged, appending>>
        ELSE UNCHANGED vars
=============================================================================
