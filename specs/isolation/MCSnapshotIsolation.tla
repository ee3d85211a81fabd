------------------------ MODULE MCSnapshotIsolation ------------------------
(***************************************************************************)
(* The models of SnapshotIsolation: what the configurations share.         *)
(***************************************************************************)
EXTENDS SnapshotIsolationProps

CONSTANT Horizon    \* the greatest time

MCTime == 1 .. Horizon

\* Keys are alike, and no property names one: a renaming of keys turns a
\* behaviour into a behaviour, so one of them stands for all.
Keys == Permutations(Key)

(***************************************************************************)
(* Writers alone, so that there can be three.  A read only forbids some    *)
(* later commits, and who gives up is like one who never goes on; so no    *)
(* meeting of writers is lost without them.                                *)
(***************************************************************************)
NextWriters ==
    \/ \E txn \in Txn, start \in Time : BeginNoted(txn, start)
    \/ \E txn \in Txn, keys \in SUBSET Key \ {{}} : WriteNoted(txn, keys)
    \/ \E txn \in Txn, ts \in Time : CommitNoted(txn, ts)
    \/ \E txn \in Txn : AcknowledgeNoted(txn)
    \/ \E txns \in SUBSET Txn : \E kept \in [txns -> Time] : RecoverNoted(kept)
    \/ \E upto \in Time : ForgetNoted(upto)
=============================================================================
