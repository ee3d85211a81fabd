------------------------- MODULE TraceAdjudication -------------------------
(***************************************************************************)
(* Adjudication as it is compared with recorded runs: names are strings,   *)
(* times are microseconds since 1970 written as <<seconds, microseconds>>. *)
(***************************************************************************)
EXTENDS Adjudication

TraceTxn  == STRING
TraceKey  == STRING
TraceTime == Nat \X Nat
TraceZero == <<0, 0>>
=============================================================================
