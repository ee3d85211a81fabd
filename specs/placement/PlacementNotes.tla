--------------------------- MODULE PlacementNotes ---------------------------
(***************************************************************************)
(* What is remembered of a behaviour of Placement, and each key seen by    *)
(* itself.                                                                 *)
(*                                                                         *)
(* The variables below only watch: they remember every commit, what        *)
(* readers were told of each journal and each key, and what crashes took   *)
(* away.  No step of the spec depends on them.                             *)
(*                                                                         *)
(* A promise that an adjudicator makes covers the keys that it owns then,  *)
(* and those that it gives away by a record which is still under way.      *)
(***************************************************************************)
EXTENDS Placement

CONSTANT
    Patient     \* transactions that ask again when they are told `not mine'

VARIABLES
    commits,    \* [txn, by, voted, start, keys, ts, until]: ts = until but for votes
    told,       \* by journal: the greatest promise that a reader has heard
    said,       \* by key: the greatest promise that covered it
    granted,    \* by key that is moving: the lease which it had, else Zero
    ended,      \* by key: the greatest lease that it had when its owner was lost
    lost,       \* transactions that a crash took away
    turned      \* patient transactions that were told `not mine'

notes == <<commits, told, said, granted, ended, lost, turned>>

varsNoted == <<vars, notes>>

InitNotes ==
    /\ commits = {}
    /\ told = [adj \in Adj |-> Zero]
    /\ said = [k \in Key |-> Zero]
    /\ granted = [k \in Key |-> Zero]
    /\ ended = [k \in Key |-> Zero]
    /\ lost = {}
    /\ turned = {}

-----------------------------------------------------------------------------
AllMoves == moving \cup UNION {leaving[adj] : adj \in Adj}

AllRanges == UNION {ranges[adj] : adj \in Adj} \cup {m.range : m \in AllMoves}

Moving == UNION {m.range.keys : m \in moving}

\* The keys whose next commits are in the hands of adj.
KeysOf(adj) == Owned(adj) \cup UNION {m.range.keys : m \in leaving[adj]}

-----------------------------------------------------------------------------
(***************************************************************************)
(* One key k, seen as rung 2 sees it: one adjudicator whose only key is k. *)
(* Its history goes where k goes; its promise is what was ever said of k;  *)
(* its lease is the owner's, so an Install is a Renew; a Seal is a         *)
(* Recover, and a Merge that raises a floor a Forget.  What a voter has    *)
(* learnt entered another journal, of which rung 2 does not know.          *)
(***************************************************************************)
Own(k) == {c \in commits : ~c.voted /\ k \in DOMAIN c.keys}

RangeOf(k) == CHOOSE r \in AllRanges : k \in r.keys

HistoryOf(k) ==
    LET known  == {a \in RangeOf(k).history : a.key = k /\ \E c \in Own(k) : c.txn = a.txn}
        Nth(n) == CHOOSE a \in known : Cardinality({b \in known : AtMost(b.ts, a.ts)}) = n
    IN  [n \in 1 .. Cardinality(known) |-> [ts |-> Nth(n).ts, keys |-> k :> Nth(n).class]]

LatestOf(k) ==
    IF Own(k) = {} THEN Zero
    ELSE (CHOOSE c \in Own(k) : \A d \in Own(k) : AtMost(d.ts, c.ts)).ts

LeaseOf(k) ==
    IF \E adj \in Adj : k \in KeysOf(adj)
    THEN lease[CHOOSE adj \in Adj : k \in KeysOf(adj)] ELSE granted[k]

UnderWay(k) ==
    {r \in UNION {appending[adj] : adj \in Adj} : \E c \in Own(k) : c.txn = r.txn}

OneKey(k) == INSTANCE Adjudication
    WITH Key <- {k}, history <- HistoryOf(k), floor <- RangeOf(k).floor,
         latest <- LatestOf(k), promise <- said[k], lease <- LeaseOf(k),
         appending <- UnderWay(k)
=============================================================================
