----------------------- MODULE TraceSnapshotIsolation -----------------------
(***************************************************************************)
(* SnapshotIsolation as it is compared with recorded runs: names are       *)
(* strings, times are microseconds since 1970 written as                   *)
(* <<seconds, microseconds>>.                                              *)
(***************************************************************************)
EXTENDS SnapshotIsolation

TraceTxn  == STRING
TraceKey  == STRING
TraceTime == Nat \X Nat
TraceZero == <<0, 0>>
=============================================================================
