-------------------------------- MODULE Moves -------------------------------
(***************************************************************************)
(* Rung 3, third part: keys come to have another owner while transactions  *)
(* of several owners are under way.  Rung 6 says how ranges are cut and    *)
(* moved; here is what the commit protocol needs of it.                    *)
(*                                                                         *)
(* Keys are given away by a record in their owner's journal, and taken by  *)
(* one in the journal of the next.  From the first record on the old owner *)
(* judges nothing on them; the new one does not before the second is       *)
(* durable: who only waits for that takes no step, so Install is one step. *)
(*                                                                         *)
(* Who asks has looked the owners up in a map that may be old.  An owner   *)
(* that is asked for what it does not own declines, and the transaction is *)
(* asked again under another name (AskAgain, in Commit).                   *)
(***************************************************************************)
EXTENDS Epochs

\* What an owner may remember of some keys: key -> class -> time.
Histories ==
    UNION {[keys -> UNION {[some -> Time] : some \in SUBSET Class}] : keys \in SUBSET Key}

\* What `by' remembers of some keys.
Known(by, keys) == [k \in keys \cap DOMAIN last[by] |-> last[by][k]]

\* The given history has all of `known' that is later than level.
HasAllAbove(level, known, given) ==
    \A k \in DOMAIN known : \A c \in DOMAIN known[k] :
        Before(level, known[k][c]) =>
            IF k \in DOMAIN given THEN c \in DOMAIN given[k] /\ given[k][c] = known[k][c] ELSE FALSE

\* None of the keys is held by `by' for a transaction whose outcome it does not know.
NoneHeld(by, keys) == \A t \in DOMAIN holds[by] : DOMAIN holds[by][t].keys \cap keys = {}

\* What owners remember, but for `by' and these keys.
Forgotten(by, keys) == [last EXCEPT ![by] = [k \in DOMAIN @ \ keys |-> @[k]]]

\* Nobody has `keys' when `by' has given them away.
Fewer(by, keys) == [owned EXCEPT ![by] = @ \ keys]

\* `by' has `keys', too.
More(by, keys) == [owned EXCEPT ![by] = @ \cup keys]

(***************************************************************************)
(* Release                                                                 *)
(*   who      the owner of some keys                                       *)
(*   why      P9: from ts on they have another owner; P10: who gets what   *)
(*            this one remembers of them                                   *)
(*   when     they are its own, and none of them is held (P12); ts is a    *)
(*            time for a record (P2)                                       *)
(*   changes  owned, last; leaving: the record is on its way into the      *)
(*            journal                                                      *)
(***************************************************************************)
Release(by, to, keys, ts) ==
    /\ to # by
    /\ \A k \in keys : OwnedBy(k, by)
    /\ NoneHeld(by, keys)
    /\ Before(LatestOf(by), ts) /\ AtMost(ts, lease[by])
    /\ owned' = Fewer(by, keys)
    /\ last' = Forgotten(by, keys)
    /\ leaving' = leaving \cup
           {[from |-> by, to |-> to, keys |-> keys, ts |-> ts, level |-> floor[by],
             known |-> Known(by, keys)]}
    /\ UNCHANGED <<now, txns, lease, promise, floor, moving, since, holds, appending, stored>>

(***************************************************************************)
(* Depart                                                                  *)
(*   who      the old owner, told by its journal                           *)
(*   why      P11: what was committed on the keys has settled              *)
(*   when     the record is durable, and all earlier ones (P11)            *)
(*   changes  leaving, moving; and promise, as with any record (P6)        *)
(***************************************************************************)
Depart(by, ts) ==
    /\ \E m \in leaving : m.from = by /\ m.ts = ts
    /\ \A i \in DOMAIN appending[by] : Before(ts, appending[by][i].ts)
    /\ \E m \in leaving :
           /\ m.from = by /\ m.ts = ts
           /\ leaving' = leaving \ {m}
           /\ moving' = moving \cup
                  {[from |-> by, to |-> m.to, keys |-> m.keys, ts |-> ts, level |-> m.level,
                    known |-> m.known, sure |-> TRUE]}
    /\ promise' = [promise EXCEPT ![by] = ts]
    /\ UNCHANGED <<now, txns, lease, floor, owned, since, judged, appending, stored>>

IsGiven(m, by, from, ts) == m.from = from /\ m.to = by /\ m.ts = ts

(***************************************************************************)
(* Install                                                                 *)
(*   who      the new owner, when its record of this is durable            *)
(*   why      P9: now it judges; P10: with what the old one remembered     *)
(*   when     the keys were given to it at ts; its lease reaches there     *)
(*            (P19); and what it is given has all that is later than       *)
(*            level, below which it admits no start (P15).  When the old   *)
(*            owner was lost there is nothing to give, and level is where  *)
(*            its successor began                                          *)
(*   changes  owned, last, moving; since: it commits only above ts, for    *)
(*            what others relied on (P2)                                   *)
(***************************************************************************)
Install(by, from, ts, level, given) ==
    /\ \E m \in moving : IsGiven(m, by, from, ts)
    /\ AtMost(ts, lease[by])
    /\ AtMost(level, floor[by])
    /\ \A m \in moving :
           IsGiven(m, by, from, ts) => AtMost(m.level, level) /\ HasAllAbove(level, m.known, given)
    /\ \E m \in moving :
           /\ IsGiven(m, by, from, ts)
           /\ owned' = More(by, m.keys)
           /\ moving' = moving \ {m}
    /\ last' = [last EXCEPT ![by] = LaterThan(floor[by], given) @@ @]
    /\ since' = [since EXCEPT ![by] = Later(@, ts)]
    /\ UNCHANGED <<now, txns, lease, promise, floor, leaving, holds, appending, stored>>

(***************************************************************************)
(* Return                                                                  *)
(*   who      the successor of an owner that was lost                      *)
(*   why      P18: its journal does not have the release                   *)
(*   when     nobody was ever told that it is durable                      *)
(*   changes  owned, moving: the keys never left                           *)
(***************************************************************************)
Return(by, ts) ==
    \E m \in moving :
        /\ m.from = by /\ m.ts = ts /\ ~m.sure
        /\ owned' = More(by, m.keys)
        /\ moving' = moving \ {m}
        /\ UNCHANGED <<now, txns, lease, promise, floor, leaving, since, judged, appending, stored>>
=============================================================================
