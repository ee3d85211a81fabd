---------------------------- MODULE TakeoverProps ----------------------------
(***************************************************************************)
(* What must be true of Takeover.                                          *)
(*                                                                         *)
(* The spec keeps every log and all that was ever reported durable, so the *)
(* properties need no memory of their own.                                 *)
(***************************************************************************)
EXTENDS Takeover

\* The log up to position p has the first entries of epoch e, up to index.
Holds(p, e, index) ==
    index <= p.index /\ \A i \in 1 .. index : log[p.epoch][i] = log[e][i]

\* INV: P17, P18.  What was reported durable is in the log of every later leader.
AgreedPrefix ==
    \A e, f \in led :
        e < f => /\ durable[e] <= Len(log[f])
                 /\ \A i \in 1 .. durable[e] : log[f][i] = log[e][i]

\* INV: P17.  What was reported durable is on disk in all zones of a quorum, at
\* every moment: the loss of one zone of three does not touch it.
OnDiskOfQuorum ==
    \A e \in led : \E q \in Quorum : \A z \in q : Holds(held[z], e, durable[e])

\* INV: P17.  What a zone has on its disk is the first part of what it has written.
DiskWithinLog ==
    \A z \in Zone :
        /\ held[z].index <= written[z].index
        /\ \A i \in 1 .. held[z].index :
               log[held[z].epoch][i] = log[written[z].epoch][i]

\* INV: P18.  A leader seals its epoch before it does anything else.
SealedFirst ==
    \A e \in led : Own(e, Len(log[e]) - 1) => durable[e] > 0

\* INV: P18.  A leader counts on no entry before its seal.
CountsOwnOnly ==
    \A e \in led : durable[e] > 0 => Own(e, durable[e])

\* INV: P18.  A promise is never taken back, not even by a crash.
PromiseKept ==
    [][\A z \in Zone : promised[z] <= promised'[z]]_vars

\* What zone z writes is the log of the epoch that it has promised.
Follows(z) ==
    written'[z].index > written[z].index =>
        /\ written'[z].index <= Len(log'[promised'[z]])
        /\ \A i \in 1 .. written'[z].index :
               log'[written'[z].epoch][i] = log'[promised'[z]][i]

\* INV: P18.  A zone writes and acknowledges nothing of an epoch lower than it has
\* promised.
OneEpochAtATime ==
    [][\A z \in Zone :
           /\ Follows(z)
           /\ \A e \in Epoch : acked[e][z] < acked'[e][z] => promised[z] = e]_vars

\* INV: P18.  An epoch has one leader, and its log only grows.
LogsGrow ==
    [][\A e \in led : /\ Len(log[e]) <= Len(log'[e])
                      /\ \A i \in DOMAIN log[e] : log'[e][i] = log[e][i]]_vars

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must happen.  One quorum of zones goes on, whatever the others do, *)
(* and nobody asks for an epoch above the highest there is.                *)
(***************************************************************************)
Majority == CHOOSE q \in Quorum : TRUE

Last == CHOOSE e \in Epoch : \A f \in Epoch : f <= e

\* A disk that is lost power to again and again gets to sync some time.
FairSpec ==
    /\ Spec
    /\ WF_vars(Adopts(Last, Majority))
    /\ WF_vars(Counts(Last, Majority))
    /\ \A z \in Majority :
           /\ WF_vars(Promise(z, Last))
           /\ WF_vars(Writes(z, Last) \/ Cuts(z, Last))
           /\ WF_vars(Acknowledges(z, Last))
           /\ SF_vars(Syncs(z))

\* LIVENESS: P18, P20.  The leader of the highest epoch comes to lead.
Leads == <>(Last \in led)

\* LIVENESS: P17, P20.  What it appends becomes durable.
BecomesDurable ==
    \A n \in Nat : (Last \in led /\ Len(log[Last]) >= n) ~> (durable[Last] >= n)

-----------------------------------------------------------------------------
(***************************************************************************)
(* What must be possible.  Each is stated as its contrary; a model shows   *)
(* the contrary to be wrong.                                               *)
(***************************************************************************)

\* A leader makes an entry durable that an earlier one appended and lost sight of.
NeverRecovered ==
    \A e, f \in led : e < f =>
        ~\E i \in 1 .. durable[f] : durable[e] < i /\ log[f][i].epoch = e

\* A zone cuts from its disk what was passed over.
NeverCut == [][\A z \in Zone : held[z].index <= held'[z].index]_vars

\* A leader adopts when a higher epoch is already led.
NeverLate == [][\A e \in led' \ led, f \in led : f < e]_vars
=============================================================================
