------------------- MODULE MCAdjudicationDurableLogBroken -------------------
(***************************************************************************)
(* Adjudication with one rule dropped: its journal is no durable log.      *)
(***************************************************************************)
EXTENDS MCAdjudicationDurableLog

\* P19: who starts again begins below the old lease.
RecoverEarly(kept, at) ==
    /\ AtMost(floor, at)
    /\ KeepsPrefix(kept)
    /\ \A t \in DOMAIN kept : AtMost(kept[t], at)
    /\ history' = << >>
    /\ floor' = at
    /\ promise' = at
    /\ lease' = at
    /\ appending' = {}
    /\ UNCHANGED latest
=============================================================================
