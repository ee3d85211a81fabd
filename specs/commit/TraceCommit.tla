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

\* What slices look like, the types of the mapping say.
TraceSlicings == Any

\* A transaction is limited by the bytes and rows that it writes, not by their keys.
TraceMaxWrites == 1000000

\* Those that are there: who has never had a lease has never done anything.
Known == {a \in Adj : lease[a] # Zero}

CompleteToKnown(time) == \A a \in Known : AtMost(time, promise[a])

(***************************************************************************)
(* Which key ranges there are is not logged: keys are strings, and have    *)
(* owners one after the other when ranges move.  What must be so is that   *)
(* of any key only one adjudicator is asked while it, or another one,      *)
(* remembers or holds anything of the key.                                 *)
(***************************************************************************)
Involved(a, k) ==
    \/ k \in DOMAIN last[a]
    \/ \E t \in DOMAIN holds[a] : k \in DOMAIN holds[a][t].keys

OwnedAsFarAsKnown(k, by) == \A a \in Adj : a = by \/ ~Involved(a, k)

(***************************************************************************)
(* Storage and adjudicators each forget by themselves what has reached the *)
(* age limit.  When storage is first, it is taken to forget as far as the  *)
(* floors are by then: that is what Collect allows, and it leaves          *)
(* memory bounded.  When nothing can be forgotten, nothing is.             *)
(***************************************************************************)
LeastWith(upto) ==
    LET times == {upto} \cup {floor[a] : a \in Known}
    IN  CHOOSE t \in times : \A u \in times : AtMost(t, u)

CollectToFloors(upto) ==
    LET least == LeastWith(upto)
        drops == Before(base, least) /\ \A t \in OldAt(least) : txns[t].fate # "decided"
    IN  IF drops THEN Dropped(least) /\ UNCHANGED <<now, granted, judged, appending>>
        ELSE UNCHANGED vars
=============================================================================
