--------------------------- MODULE TwoPhaseCommit ---------------------------
(***************************************************************************)
(* One transaction, committed by all of its members or by none.            *)
(*                                                                         *)
(* The coordinator asks every member for its vote.  A member that votes    *)
(* yes has promised to do whatever the coordinator decides, and may not    *)
(* change its mind; one that votes no is done.  The coordinator may commit *)
(* once it has heard a yes from every member, and may abort at any time    *)
(* before.                                                                 *)
(*                                                                         *)
(* Messages are not variables here.  A vote and a decision never change    *)
(* once made, so a message is no more than the sender's variable, read     *)
(* later.  What the variables hold is what is on disk: a node that         *)
(* restarts is in the same state as before.                                *)
(***************************************************************************)
CONSTANT Participants   \* names of all that could be a member

VARIABLES
    members,    \* who takes part; nobody until the coordinator has begun
    vote,       \* vote[p]: what p has answered
    heard,      \* heard[p]: the answer of p that has reached the coordinator
    decision,   \* what the coordinator has decided
    outcome     \* outcome[p]: what p has done

vars == <<members, vote, heard, decision, outcome>>

Votes    == {"yes", "no"}
Outcomes == {"commit", "abort"}
Open     == "open"      \* not answered, not decided, not done

Init ==
    /\ members  = {}
    /\ vote     = [p \in {} |-> Open]
    /\ heard    = [p \in {} |-> Open]
    /\ decision = Open
    /\ outcome  = [p \in {} |-> Open]

(***************************************************************************)
(* The coordinator                                                         *)
(***************************************************************************)
Begin(all) ==
    /\ members = {}
    /\ all # {}
    /\ members' = all
    /\ vote'    = [p \in all |-> Open]
    /\ heard'   = [p \in all |-> Open]
    /\ outcome' = [p \in all |-> Open]
    /\ UNCHANGED decision

Hear(p, v) ==
    /\ heard[p] = Open
    /\ vote[p] = v
    /\ heard' = [heard EXCEPT ![p] = v]
    /\ UNCHANGED <<members, vote, decision, outcome>>

Decide(d) ==
    /\ members # {}
    /\ decision = Open
    /\ d = "commit" => \A p \in members : heard[p] = "yes"
    /\ decision' = d
    /\ UNCHANGED <<members, vote, heard, outcome>>

(***************************************************************************)
(* A member                                                                *)
(***************************************************************************)
Vote(p, v) ==
    /\ vote[p] = Open
    /\ outcome[p] = Open
    /\ vote' = [vote EXCEPT ![p] = v]
    /\ outcome' = [outcome EXCEPT ![p] = IF v = "no" THEN "abort" ELSE Open]
    /\ UNCHANGED <<members, heard, decision>>

Finish(p, d) ==
    /\ outcome[p] = Open
    /\ decision = d
    /\ outcome' = [outcome EXCEPT ![p] = d]
    /\ UNCHANGED <<members, vote, heard, decision>>

(***************************************************************************)
Next ==
    \/ \E all \in SUBSET Participants : Begin(all)
    \/ \E p \in members : \E v \in Votes : Vote(p, v)
    \/ \E p \in members : \E v \in Votes : Hear(p, v)
    \/ \E d \in Outcomes : Decide(d)
    \/ \E p \in members : \E d \in Outcomes : Finish(p, d)

Spec == Init /\ [][Next]_vars

(***************************************************************************)
(* What must always be true                                                *)
(***************************************************************************)
TypeOK ==
    /\ members \subseteq Participants
    /\ vote     \in [members -> Votes \cup {Open}]
    /\ heard    \in [members -> Votes \cup {Open}]
    /\ decision \in Outcomes \cup {Open}
    /\ outcome  \in [members -> Outcomes \cup {Open}]

\* No member commits what another aborts.
Agreement ==
    \A p, q \in members : ~(outcome[p] = "commit" /\ outcome[q] = "abort")

\* What is committed, everybody has agreed to.
Unanimity ==
    (\E p \in members : outcome[p] = "commit") => \A p \in members : vote[p] = "yes"
=============================================================================
