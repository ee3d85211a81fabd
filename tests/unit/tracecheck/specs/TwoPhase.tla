------------------------------ MODULE TwoPhase ------------------------------
(***************************************************************************)
(* Two-phase commit, small: participants vote, the coordinator counts the  *)
(* votes, decides, and each participant carries the decision out.          *)
(***************************************************************************)
CONSTANT Participant

VARIABLES
    phase,      \* participant -> "working", "prepared", "committed", "aborted"
    counted,    \* the participants whose votes the coordinator has counted
    decision    \* "none", "commit", "abort"

Init ==
    /\ phase = [p \in Participant |-> "working"]
    /\ counted = {}
    /\ decision = "none"

Vote(p) ==
    /\ phase[p] = "working"
    /\ phase' = [phase EXCEPT ![p] = "prepared"]
    /\ UNCHANGED <<counted, decision>>

Count(p) ==
    /\ decision = "none"
    /\ phase[p] = "prepared"
    /\ p \notin counted
    /\ counted' = counted \cup {p}
    /\ UNCHANGED <<phase, decision>>

Commit ==
    /\ decision = "none"
    /\ counted = Participant
    /\ decision' = "commit"
    /\ UNCHANGED <<phase, counted>>

Abort ==
    /\ decision = "none"
    /\ decision' = "abort"
    /\ UNCHANGED <<phase, counted>>

Finish(p) ==
    /\ decision = "commit"
    /\ phase[p] = "prepared"
    /\ phase' = [phase EXCEPT ![p] = "committed"]
    /\ UNCHANGED <<counted, decision>>

Next ==
    \/ \E p \in Participant : Vote(p) \/ Count(p) \/ Finish(p)
    \/ Commit
    \/ Abort

Agreement == decision = "abort" => \A p \in Participant : phase[p] # "committed"
=============================================================================
