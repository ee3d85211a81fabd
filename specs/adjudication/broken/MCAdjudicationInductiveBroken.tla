-------------------- MODULE MCAdjudicationInductiveBroken --------------------
(***************************************************************************)
(* The invariant with one conjunct less, which is then not inductive any   *)
(* more.  (That each of them is needed is shown by the proof, which fails  *)
(* without it; here it is shown that this model notices.)                  *)
(***************************************************************************)
EXTENDS MCAdjudicationInductive

Dropped == TRUE

\* A world without records under way is enough here.
NoRecords == {}
=============================================================================
