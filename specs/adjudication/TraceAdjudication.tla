------------------------- MODULE TraceAdjudication -------------------------
(***************************************************************************)
(* Adjudication as it is compared with recorded runs: names are strings,   *)
(* times are microseconds since 1970 written as <<seconds, microseconds>>. *)
(*                                                                         *)
(* The history of a real adjudicator is long, and few commits in it are    *)
(* later than a start.  It is in order of time; so here it is searched     *)
(* from its end, and only as far as the start.                             *)
(***************************************************************************)
EXTENDS Adjudication

TraceTxn  == STRING
TraceKey  == STRING
TraceTime == Nat \X Nat
TraceZero == <<0, 0>>

RECURSIVE ClashInFirst(_, _, _)
ClashInFirst(n, start, keys) ==
    IF n = 0 THEN FALSE
    ELSE IF AtMost(history[n].ts, start) THEN FALSE
    ELSE IF Clash(history[n].keys, keys) THEN TRUE
    ELSE ClashInFirst(n - 1, start, keys)

ClashFromTheEnd(start, keys) == ClashInFirst(Len(history), start, keys)
=============================================================================
