------------------------------- MODULE Clock -------------------------------
(***************************************************************************)
(* Clocks that know their error.                                           *)
(*                                                                         *)
(* No node knows the true time.  Its clock shows an interval, earliest and *)
(* latest, and true time lies within it: that is the bound on its error.   *)
(* So nothing is said of clocks but which ends they may show; a node that  *)
(* looks twice may see the interval wider or narrower.                     *)
(*                                                                         *)
(* A model of a clock outside its bound substitutes one of these.          *)
(***************************************************************************)
EXTENDS Times

\* A clock may show t as its earliest end when the true time is now.
MayShowEarliest(now, t) == AtMost(t, now)

\* A clock may show t as its latest end when the true time is now.
MayShowLatest(now, t) == AtMost(now, t)

\* A clock may show an earliest end after t: it knows that t has passed.
MayShowPassed(now, t) == Before(t, now)
=============================================================================
