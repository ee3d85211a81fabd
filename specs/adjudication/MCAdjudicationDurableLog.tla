---------------------- MODULE MCAdjudicationDurableLog ----------------------
(***************************************************************************)
(* What Adjudication says of its journal is DurableLog, and no more.  So   *)
(* whatever refines DurableLog, as CrossRegion does, may be its journal.   *)
(*                                                                         *)
(* An adjudicator that starts again knows of no promise, and takes all     *)
(* times up to its start for promised; a reader counts on what it was told *)
(* alone.                                                                  *)
(***************************************************************************)
EXTENDS MCAdjudication

Log ==
    INSTANCE DurableLog WITH
        latest  <- Later(latest, promise),
        promise <- told

\* REFINES: DurableLog.  The adjudicator asks no more of its journal than this.
RefinesDurableLog == Log!Spec
=============================================================================
