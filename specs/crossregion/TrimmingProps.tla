---------------------------- MODULE TrimmingProps ----------------------------
(***************************************************************************)
(* What must be true of Trimming.                                          *)
(***************************************************************************)
EXTENDS Trimming

\* INV: P17.  What is durable is on disk: in the journals of a quorum, or in the
\* checkpoints of a replica of storage, even if its last one cannot be read.
NothingLost ==
    \A i \in 1 .. durable :
        \/ \E q \in Quorum : \A z \in q : base[z] < i /\ i <= held[z]
        \/ \E s \in Storage : i <= Oldest(s)

\* INV: P17.  A replica that did not lose its disk goes on from it and the journal of
\* any zone, even if it cannot read its last checkpoint.
GoesOnAlone ==
    \A s \in Storage \ lost, z \in Zone : base[z] <= Oldest(s)

Greatest(numbers) == CHOOSE n \in numbers : \A m \in numbers : m <= n

\* INV: P18, P19.  Who takes the journal over with any quorum finds in the longest
\* log the last entry that one of them knows to be durable, or else one after it: so
\* it finds the lease.
LeaseIsFound ==
    \A q \in Quorum :
        LET end    == Greatest({held[z] : z \in q})
            anchor == Greatest({known[z] : z \in q})
        IN  \A z \in q : 0 < end /\ held[z] = end =>
                base[z] < anchor \/ (base[z] = anchor /\ anchor < end)

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must happen.  Nothing fails any more.                              *)
(***************************************************************************)
FairSpec ==
    /\ Spec
    /\ \A s \in Storage :
           /\ WF_vars(Stream(s))
           /\ WF_vars(Commit(s))
           /\ WF_vars(Synced(s))
           /\ WF_vars(\E sibling \in Storage : Bootstrap(s, sibling))

\* LIVENESS: P6.  A replica that has lost its disk comes to have everything.  (A model
\* bounds how much is appended.)
ComesToHaveAll == \A s \in Storage : []<>(applied[s] = durable)

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must be possible.  Each is stated as its contrary; a model shows   *)
(* the contrary to be wrong.                                               *)
(***************************************************************************)

\* A replica that lost its disk when the journal began later has again what it said.
NeverMadeUp ==
    [][\A s \in lost : s \notin lost' => \A z \in Zone : base[z] = 0]_vars

\* A zone goes on where another's log begins.
NeverBegunAfter == [][\A z \in Zone : base[z] < base'[z] => held[z] = held'[z]]_vars
=============================================================================
