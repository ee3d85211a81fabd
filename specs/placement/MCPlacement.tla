---------------------------- MODULE MCPlacement -----------------------------
(***************************************************************************)
(* The models of Placement: small worlds, each of which looks at one part  *)
(* of the rules closely, and what must be possible.                        *)
(***************************************************************************)
EXTENDS PlacementProps

CONSTANT Horizon    \* the greatest time

MCTime == 1 .. Horizon

(***************************************************************************)
(* Parts of the next-state relation.  Each judges and moves; what is left  *)
(* out of one is looked at in another.                                     *)
(***************************************************************************)
Beat == \E adj \in Adj, upto \in Time : HeartbeatNoted(adj, upto)

Extension == \E adj \in Adj, until \in Time : RenewNoted(adj, until)

MovesAndCuts == Judge \/ Move \/ Cut

MovesAndLosses == Judge \/ Move \/ Lose

MovesAndPromises == Judge \/ Move \/ Lose \/ Beat

MovesAndLeases == Judge \/ Move \/ Lose \/ Extension

MovesAndHolds == Judge \/ Move \/ Lose \/ Hold

(***************************************************************************)
(* Every action, with few times to choose among: whoever promises, extends *)
(* a lease, raises a floor or seals a journal does so up to the horizon.   *)
(***************************************************************************)
NextHasty ==
    \/ Judge \/ Hold \/ Move
    \/ \E adj \in Adj :
           \/ HeartbeatNoted(adj, Horizon) \/ RenewNoted(adj, Horizon)
           \/ SealNoted(adj, Horizon) \/ ForgetNoted(adj, Horizon)
           \/ \E key \in Key : SplitNoted(adj, key) \/ MergeNoted(adj, key)
           \/ \E txn \in Txn, start \in Time, keys \in KeysUsed :
                  DeclineNoted(adj, txn, start, keys, Horizon)

FairHasty ==
    InitNoted /\ [][NextHasty]_varsNoted /\ FairAnswers /\ FairJournals /\ FairInstalls

(***************************************************************************)
(* Every adjudicator has a long lease from the beginning.  Leases only     *)
(* narrow the choice of times, and what else they do is looked at from     *)
(* Init.                                                                   *)
(***************************************************************************)
InitLeased == InitWith([adj \in Adj |-> Horizon]) /\ InitNotes

\* From InitLeased: each step of each key is a step of rung 2, or none.
StepsRefine == [][StepsOfAdjudication]_varsNoted

(***************************************************************************)
(* Every transaction writes one key.  Classes decide only who is refused,  *)
(* and are looked at in a model of their own.                              *)
(***************************************************************************)
KeysWritten == {k :> "W" : k \in Key}

\* Writes, and validated reads, which conflict in one order only.
KeysReadOrWritten == {k :> class : k \in Key, class \in {"W", "R"}}

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must be possible.  Each is stated as its contrary; a model shows   *)
(* the contrary to be wrong.                                               *)
(***************************************************************************)

\* A transaction commits at the new owner, and began when the first owner still
\* committed on the range.
NeverCommittedAcross ==
    ~\E c, d \in commits :
         /\ c.by # First /\ d.by = First
         /\ Before(c.start, d.ts) /\ Before(d.ts, c.ts)

\* The new owner of a key meets a conflict that its old owner remembered.
NeverHandedConflict ==
    \A adj \in Adj : \A k \in DOMAIN last[adj] : \A c \in commits :
        (k \in Owned(adj) /\ k \in DOMAIN c.keys /\ c.by # adj) =>
            c.ts # LastOf(adj, k, c.keys[k])

\* Who was told `not mine' commits at another adjudicator.
NeverAskedAgain ==
    \A c \in commits : c.by # First => \A t \in turned : c.txn # t.txn

\* A crash loses a record, and what follows commits at the new owner.
NeverLostThenTaken ==
    ~\E c, d \in commits :
         /\ c.txn \in lost /\ d.txn \notin lost /\ c.by # d.by
         /\ DOMAIN c.keys \cap DOMAIN d.keys # {} /\ Before(c.ts, d.ts)

\* Two ranges that were one are merged while a record is under way.
NeverMergedUnderLoad ==
    [][\A adj \in Adj, at \in Key : Merge(adj, at) => appending[adj] = {}]_varsNoted

\* A range comes back to its first owner with what another remembered of it.
NeverThereAndBack ==
    \A k \in DOMAIN last[First] : \A c \in commits :
        (k \in DOMAIN c.keys /\ c.ts = LastOf(First, k, c.keys[k])) => c.by = First
=============================================================================
