-------------------------- MODULE TakeoverInductive --------------------------
(***************************************************************************)
(* Why Takeover keeps what was durable: an invariant that every step keeps *)
(* in every state that satisfies it, reachable or not, and that implies    *)
(* AgreedPrefix.                                                           *)
(*                                                                         *)
(* The thought that carries it (Settled): when the leader of f is passed   *)
(* over by a higher epoch e, then of every entry of f one thing is already *)
(* certain.  Either the leader of e has adopted it, or a quorum of zones   *)
(* follows a higher epoch and has not acknowledged it; so it can never     *)
(* become durable any more.                                                *)
(***************************************************************************)
EXTENDS TakeoverProps

ASSUME ThreeZones ==
    /\ Zone = {"z1", "z2", "z3"}
    /\ Quorum = {{"z1", "z2"}, {"z1", "z3"}, {"z2", "z3"}}

\* The entry at index of the log of epoch e can not become durable any more: all
\* zones of a quorum have not acknowledged it and never will.
Lost(e, index) ==
    \E q \in Quorum : \A z \in q : e < promised[z] /\ acked[e][z] < index

\* The log up to position p has the entry that epoch e has at index.
Has(p, e, index) ==
    index <= p.index /\ log[p.epoch][index].epoch = log[e][index].epoch

\* A position is that of an entry, known by the epoch of the entry.
Real(p) == p = Nowhere \/ (p.epoch \in led /\ Own(p.epoch, p.index))

-----------------------------------------------------------------------------
\* Epochs do not fall along a log, and none exceeds that of its leader.
LogsAscend ==
    \A e \in led : \A j \in DOMAIN log[e] :
        /\ log[e][j].epoch <= e
        /\ \A i \in DOMAIN log[e] : i < j => log[e][i].epoch <= log[e][j].epoch

\* An entry of a log is one of the leader whose epoch it has.
LogsKnown ==
    \A e \in led : \A i \in DOMAIN log[e] :
        log[e][i].epoch \in led /\ Own(log[e][i].epoch, i)

\* Two logs that have an entry of the same epoch at the same index agree up to there.
LogsMatch ==
    \A e, f \in led : \A i \in DOMAIN log[e] :
        i \in DOMAIN log[f] /\ log[e][i].epoch = log[f][i].epoch =>
            \A j \in 1 .. i : log[e][j] = log[f][j]

\* What is said to be on disk, or written, or told, is part of a log.
WrittenReal == \A z \in Zone : Real(written[z])
HeldReal == \A z \in Zone : Real(held[z])
RepliesReal == \A r \in replies : Real(r.held)

\* The disk has the first part of what is written.
HeldWithinWritten ==
    \A z \in Zone :
        /\ held[z].index <= written[z].index
        /\ held[z].index = 0 \/ log[written[z].epoch][held[z].index].epoch = held[z].epoch

\* Nothing is written of an epoch that is not promised.
WrittenPromised == \A z \in Zone : written[z].epoch <= promised[z]

\* Who replied has promised.
RepliesPromised == \A r \in replies : r.epoch <= promised[r.zone]

\* Who replied had nothing of a higher epoch.
RepliesBelow == \A r \in replies : r.held.epoch <= r.epoch

\* Of a leader that has not adopted nothing is acknowledged or durable.
NoneAckedBefore == \A e \in Epoch \ led : \A z \in Zone : acked[e][z] = 0
NoneDurableBefore == \A e \in Epoch \ led : durable[e] = 0

\* No more is acknowledged than there is.
AckedWithinLog == \A e \in led, z \in Zone : acked[e][z] <= Len(log[e])

\* A leader has the promise of a quorum.
LedPromised ==
    \A e \in led : \E q \in Quorum : \A z \in q : e <= promised[z]

\* What a leader passes over is lost.
Settled ==
    \A e, f \in led : f < e => \A i \in DOMAIN log[f] :
        Own(f, i) =>
            \/ i \in DOMAIN log[e] /\ log[e][i].epoch = f
            \/ Lost(f, i)

\* What a zone has acknowledged is still on its disk, or does not matter any more.
AckedHeld ==
    \A e \in led, z \in Zone : \A i \in 1 .. acked[e][z] :
        Own(e, i) => Has(held[z], e, i) \/ Lost(e, i)

\* What a zone had acknowledged when it replied is in its reply, likewise.
AckedTold ==
    \A r \in replies, e \in led : \A i \in 1 .. acked[e][r.zone] :
        e < r.epoch /\ Own(e, i) => Has(r.held, e, i) \/ Lost(e, i)

\* What is durable was acknowledged by a quorum, and is of the leader's own epoch.
DurableAcked ==
    \A e \in led : durable[e] > 0 =>
        /\ Own(e, durable[e])
        /\ \E q \in Quorum : \A z \in q : durable[e] <= acked[e][z]

Inductive ==
    /\ LogsAscend
    /\ LogsKnown
    /\ LogsMatch
    /\ WrittenReal
    /\ HeldReal
    /\ RepliesReal
    /\ HeldWithinWritten
    /\ WrittenPromised
    /\ RepliesPromised
    /\ RepliesBelow
    /\ NoneAckedBefore
    /\ NoneDurableBefore
    /\ AckedWithinLog
    /\ LedPromised
    /\ Settled
    /\ AckedHeld
    /\ AckedTold
    /\ DurableAcked

Types == TypeOK

Implied ==
    /\ AgreedPrefix
    /\ OnDiskOfQuorum
    /\ DiskWithinLog
    /\ CountsOwnOnly
    /\ PromiseKept
    /\ OneEpochAtATime
    /\ LogsGrow
=============================================================================
