----------------------------- MODULE DamageProps -----------------------------
(***************************************************************************)
(* What must be true of Damage.                                            *)
(***************************************************************************)
EXTENDS Damage

\* The log up to position p has the first entries of epoch e, up to index.
Holds(p, e, index) ==
    index <= p.index /\ \A i \in 1 .. index : log[p.epoch][i] = log[e][i]

\* INV: P17, P18.  What was reported durable is in the log of every later leader,
\* whatever a disk has spoilt.
AgreedPrefix ==
    \A e, f \in led :
        e < f => /\ durable[e] <= Len(log[f])
                 /\ \A i \in 1 .. durable[e] : log[f][i] = log[e][i]

\* INV: P17.  What was reported durable is on disk in all zones of a quorum, but for
\* those in doubt, who say so.
OnDiskOfWhole ==
    \A e \in led : \E q \in Quorum : \A z \in q \ doubtful : Holds(held[z], e, durable[e])

-----------------------------------------------------------------------------
\* No zone that was in doubt is whole again.
NeverMended == [][doubtful \subseteq doubtful']_vars
=============================================================================
