---------------------- MODULE MCTakeoverInductiveBroken ----------------------
(***************************************************************************)
(* The invariant with one conjunct less, which then does not imply what it *)
(* should.  (That each of them is needed is shown by the proof, which      *)
(* fails without it; here it is shown that this model notices.)            *)
(***************************************************************************)
EXTENDS MCTakeoverInductive

Dropped == TRUE
=============================================================================
