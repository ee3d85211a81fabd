------------------------------- MODULE Times -------------------------------
(***************************************************************************)
(* Time as the protocols see it: a totally ordered set and nothing more.   *)
(*                                                                         *)
(* A spec of Daybreak never adds to a time and never subtracts from one;   *)
(* it only compares.  So a model may use small naturals, and a recorded    *)
(* run may use microseconds since 1970, which do not fit TLC's 32-bit      *)
(* integers and are written <<seconds, microseconds>>: its configuration   *)
(* substitutes PairBefore for Before.                                      *)
(***************************************************************************)
EXTENDS Naturals

Before(a, b) == a < b

PairBefore(a, b) == \/ a[1] < b[1]
                    \/ a[1] = b[1] /\ a[2] < b[2]

AtMost(a, b) == ~Before(b, a)

Later(a, b) == IF Before(a, b) THEN b ELSE a
=============================================================================
