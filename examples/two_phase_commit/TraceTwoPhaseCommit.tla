------------------------ MODULE TraceTwoPhaseCommit ------------------------
(***************************************************************************)
(* TwoPhaseCommit as it is compared with recorded runs: a participant may  *)
(* have any name.                                                          *)
(***************************************************************************)
EXTENDS TwoPhaseCommit

AnyName == STRING
=============================================================================
