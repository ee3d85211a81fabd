----------------------------- MODULE Placement ------------------------------
(***************************************************************************)
(* Rung 6.  Key ranges are split, merged and moved between adjudicators    *)
(* while transactions commit, and at each time every key has exactly one   *)
(* owner (P9).                                                             *)
(*                                                                         *)
(* A range is given away by a record in the owner's journal, which has a   *)
(* time like any other record.  It lies above everything the owner ever    *)
(* committed or promised on the range, and whoever has the range next      *)
(* commits on it only above that time.  So the commit times of a key are   *)
(* divided among its owners, one after the other, and readers, who merge   *)
(* the journals by time, meet the commits of a key in their order.         *)
(*                                                                         *)
(* The old owner judges nothing on the range from the moment it appends    *)
(* the record; the new one judges nothing before the record is durable,    *)
(* when all earlier records are: nothing of the range is under way then,   *)
(* and no crash gives the range back to the old owner.  The record carries *)
(* history and floor, so the new owner misses no conflict.                 *)
(*                                                                         *)
(* An owner that crashes or is cut off cannot give anything away.  Its     *)
(* journal is sealed when its lease has run out (how, is rung 4), and its  *)
(* ranges are handed out without their history: their floors rise (P19).   *)
(*                                                                         *)
(* Rung 4 says how a journal fences those who have lost it, rung 3 how     *)
(* several owners decide together.                                         *)
(***************************************************************************)
EXTENDS KeyRanges

-----------------------------------------------------------------------------
\* A range is called by its first key.
Begins(r, low) == low \in r.keys /\ \A k \in r.keys : ~(k < low)

\* A range that remembers nothing at or below upto.
Trimmed(r, upto) ==
    [r EXCEPT !.floor = upto, !.history = {a \in @ : Before(upto, a.ts)}]

\* A part of a range.
Part(r, keys) ==
    [r EXCEPT !.keys = keys, !.history = {a \in @ : a.key \in keys}]

\* A range made of two.  A start below either floor cannot be judged any more.
Joined(low, high) ==
    LET both == [keys    |-> low.keys \cup high.keys,
                 floor   |-> Zero,
                 history |-> low.history \cup high.history]
    IN  Trimmed(both, Later(low.floor, high.floor))

\* What a sealed journal leaves of a range.
Bare(r, at) == [keys |-> r.keys, floor |-> at, history |-> {}]

-----------------------------------------------------------------------------
(***************************************************************************)
(* Forget                                                                  *)
(*   who      an adjudicator                                               *)
(*   why      P15: the history must not grow for ever                      *)
(*   when     it owns the range: the floor rises with what is forgotten    *)
(*   changes  ranges                                                       *)
(***************************************************************************)
Forget(adj, low, upto) ==
    \E r \in ranges[adj] :
        /\ Begins(r, low)
        /\ Before(r.floor, upto)
        /\ ranges' = [ranges EXCEPT ![adj] = (@ \ {r}) \cup {Trimmed(r, upto)}]
        /\ UNCHANGED <<latest, promise, lease, appending, holds, leaving, moving>>

(***************************************************************************)
(* Split                                                                   *)
(*   who      an adjudicator, told by the control plane                    *)
(*   why      P9: a part of a busy range can then be moved                 *)
(*   when     `at' is a key of a range that it owns, but not the first     *)
(*   changes  ranges: each part keeps the floor and its part of history    *)
(***************************************************************************)
Split(adj, at) ==
    \E r \in ranges[adj] :
        LET low == {k \in r.keys : k < at}
        IN  /\ at \in r.keys
            /\ low # {}
            /\ ranges' = [ranges EXCEPT ![adj] =
                   (@ \ {r}) \cup {Part(r, low), Part(r, r.keys \ low)}]
            /\ UNCHANGED <<latest, promise, lease, appending, holds, leaving, moving>>

(***************************************************************************)
(* Merge                                                                   *)
(*   who      an adjudicator, told by the control plane                    *)
(*   why      P15: an idle range shall cost nothing                        *)
(*   when     it owns two ranges that are neighbours; `at' begins the      *)
(*            second one                                                   *)
(*   changes  ranges: the floor is the greater of the two                  *)
(***************************************************************************)
Merge(adj, at) ==
    \E low, high \in ranges[adj] :
        /\ Begins(high, at)
        /\ \A k \in low.keys : k < at
        /\ Contiguous(low.keys \cup high.keys)
        /\ ranges' = [ranges EXCEPT ![adj] = (@ \ {low, high}) \cup {Joined(low, high)}]
        /\ UNCHANGED <<latest, promise, lease, appending, holds, leaving, moving>>

(***************************************************************************)
(* Release                                                                 *)
(*   who      the owner of a range, told by the control plane              *)
(*   why      P9: from ts on the range has another owner                   *)
(*   when     it owns the range and holds none of its keys for an          *)
(*            undecided transaction (P12); ts is a time for a record       *)
(*   changes  ranges, latest; the record goes to the journal               *)
(***************************************************************************)
Release(adj, low, to, ts) ==
    \E r \in ranges[adj] :
        /\ Begins(r, low)
        /\ to # adj
        /\ \A h \in holds[adj] : DOMAIN h.keys \cap r.keys = {}
        /\ Free(adj, ts)
        /\ AtMost(ts, lease[adj])
        /\ ranges' = [ranges EXCEPT ![adj] = @ \ {r}]
        /\ latest' = [latest EXCEPT ![adj] = ts]
        /\ leaving' = [leaving EXCEPT ![adj] = @ \cup {[ts |-> ts, to |-> to, range |-> r]}]
        /\ UNCHANGED <<promise, lease, appending, holds, moving>>

(***************************************************************************)
(* Depart                                                                  *)
(*   who      the old owner, told by its journal                           *)
(*   why      P11: what was committed on the range has settled             *)
(*   when     the range is being released, and every earlier record of the *)
(*            journal is durable                                           *)
(*   changes  leaving, moving                                              *)
(***************************************************************************)
Depart(adj, low) ==
    \E m \in leaving[adj] :
        /\ Begins(m.range, low)
        /\ Reached(adj, m.ts)
        /\ leaving' = [leaving EXCEPT ![adj] = @ \ {m}]
        /\ moving' = moving \cup {m}
        /\ UNCHANGED <<ranges, latest, promise, lease, appending, holds>>

(***************************************************************************)
(* Install                                                                 *)
(*   who      the new owner, when its record of this is durable            *)
(*   why      P9: now it judges; P2: above the time of the release, which  *)
(*            is above all that was committed or promised before           *)
(*   when     the release is durable and names it; its lease reaches there *)
(*   changes  ranges, moving; latest: its journal goes on above that time  *)
(***************************************************************************)
Install(adj, low) ==
    \E m \in moving :
        /\ Begins(m.range, low)
        /\ m.to = adj
        /\ AtMost(m.ts, lease[adj])
        /\ ranges' = [ranges EXCEPT ![adj] = @ \cup {m.range}]
        /\ latest' = [latest EXCEPT ![adj] = Later(@, m.ts)]
        /\ moving' = moving \ {m}
        /\ UNCHANGED <<promise, lease, appending, holds, leaving>>

(***************************************************************************)
(* Seal                                                                    *)
(*   who      who continues the journal of an adjudicator that is lost     *)
(*   why      P18, P19: all but the journal is lost                        *)
(*   when     `at' lies at or above the old lease and the ranges' floors   *)
(*   changes  everything of adj: what is not durable is lost, a release    *)
(*            too; its ranges go to `to' (adj itself, if it only started   *)
(*            again), without history and so with the floor at `at'        *)
(***************************************************************************)
Seal(adj, to, at) ==
    LET found == ranges[adj] \cup {m.range : m \in leaving[adj]}
    IN  /\ AtMost(lease[adj], at)
        /\ \A r \in found : AtMost(r.floor, at)
        /\ ranges' = [ranges EXCEPT ![adj] = {}]
        /\ promise' = [promise EXCEPT ![adj] = at]
        /\ lease' = [lease EXCEPT ![adj] = at]
        /\ appending' = [appending EXCEPT ![adj] = {}]
        /\ holds' = [holds EXCEPT ![adj] = {}]
        /\ leaving' = [leaving EXCEPT ![adj] = {}]
        /\ moving' = moving \cup
               {[ts |-> at, to |-> to, range |-> Bare(r, at)] : r \in found}
        /\ UNCHANGED latest

-----------------------------------------------------------------------------
KeysUsed == UNION {[used -> Class] : used \in SUBSET Key \ {{}}}

Next ==
    \E adj \in Adj :
        \/ \E txn \in Txn, start \in Time, keys \in KeysUsed :
               \/ Refuse(adj, txn, start, keys)
               \/ Redirect(adj, txn, start, keys)
               \/ \E ts \in Time :
                      \/ Commit(adj, txn, start, keys, ts)
                      \/ Decline(adj, txn, start, keys, ts)
                      \/ Vote(adj, txn, start, keys, ts)
        \/ \E txn \in Txn :
               \/ Drop(adj, txn)
               \/ \E ts \in Time : Learn(adj, txn, ts) \/ Durable(adj, txn, ts)
        \/ \E time \in Time : Heartbeat(adj, time) \/ Renew(adj, time)
        \/ \E low \in Key :
               \/ \E upto \in Time : Forget(adj, low, upto)
               \/ \E to \in Adj, ts \in Time : Release(adj, low, to, ts)
               \/ Split(adj, low) \/ Merge(adj, low)
               \/ Depart(adj, low) \/ Install(adj, low)
        \/ \E to \in Adj, at \in Time : Seal(adj, to, at)

Spec == Init /\ [][Next]_vars
=============================================================================
